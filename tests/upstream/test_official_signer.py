"""The control plane's client sends what the official Python SDK's signer signs."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from volcenginesdkcore.signv4 import SignerV4

from app.upstream.credentials import OpenApiAccount
from app.upstream.openapi import OpenApiClient
from tests.upstream.conftest import Bench
from tests.upstream.servers import SECRET_ACCESS_KEY, SESSION_TOKEN, always

ENVELOPE = {"ResponseMetadata": {"RequestId": "2026-up-1"}, "Result": {}}


def authorization_of_the_sdk(request: bytes, account: OpenApiAccount) -> tuple[str, str]:
    """Returns the time and the signature that the official signer gives a request, of which it sees all but those."""
    head, _, body = request.partition(b"\r\n\r\n")
    request_line, *lines = head.decode().split("\r\n")
    sent = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    path, _, query = request_line.split(" ")[1].partition("?")
    headers = {"Content-Type": sent["content-type"], "Host": sent["host"]}
    SignerV4.sign(
        path,
        "POST",
        headers,
        body.decode(),
        None,
        dict(parse_qsl(query, keep_blank_values=True)),
        account.access_key_id,
        account.secret_access_key,
        account.region,
        "ark",
        account.session_token,
    )
    return headers["X-Date"], headers["Authorization"]


def told(request: bytes) -> tuple[str, str]:
    """Returns the time and the signature of a request."""
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    sent = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return sent["x-date"], sent["authorization"]


@pytest.mark.parametrize(
    ("action", "body", "changes", "version"),
    [
        ("CreateAssetGroup", {"Name": "我的 素材 🎬", "GroupType": "AIGC"}, {}, "2024-01-01"),
        (
            "CreateAsset",
            {"GroupId": "group-1", "URL": "https://a.test/é?x=1&y=%20", "AssetType": "Image"},
            {},
            "2024-01-01",
        ),
        ("ListAssets", {"Filter": {"GroupIds": ["a", "b"]}, "PageNumber": 1}, {"session_token": None}, "2024-01-01"),
        ("GetAsset", {"Id": "asset-1"}, {"region": "ap-southeast-1"}, "2024-01-01"),
        ("DeleteAsset", {}, {"path": "/open/api"}, "2024-01-01"),
        ("DeleteAsset", {}, {"path": "/open/"}, "2024-01-01"),
        ("Odd Action/é+&=~", {}, {}, "2024 01*01"),
    ],
)
async def test_every_request_is_signed_as_the_official_sdk_signs_it(
    bench: Bench, action: str, body: dict[str, Any], changes: dict[str, Any], version: str
) -> None:
    server = await bench.serve(always(200, ENVELOPE))
    options = {"session_token": SESSION_TOKEN, "region": "cn-beijing", "path": "", **changes}
    account = OpenApiAccount(server.origin + options.pop("path"), "AKLTEST", SECRET_ACCESS_KEY, **options)
    # The signer asks for the time itself; over the end of a second the request and it might have two.
    for _ in range(5):
        client = OpenApiClient(await bench.http(), lambda: datetime.now(UTC))
        await client.call(account, action, body, version=version)
        ours, theirs = told(server.requests[-1]), authorization_of_the_sdk(server.requests[-1], account)
        if ours[0] == theirs[0]:
            break
    assert ours == theirs
