"""The control plane: signatures, envelope, rate limits."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from app.sandbox.config import SandboxConfig
from app.sandbox.rate_limits import Limits
from app.sandbox.server import SandboxServer
from app.upstream.signature import (
    sign,
)
from tests.sandbox.clients import Caller, error_of

BODY = b'{"Name": "group"}'
QUERY = {"Action": "CreateAssetGroup", "Version": "2024-01-01"}


def _headers(caller: Caller, **changes: Any) -> dict[str, str]:
    options: dict[str, Any] = {
        "method": "POST",
        "host": caller.server.origin.removeprefix("http://"),
        "path": "/",
        "query_pairs": QUERY.items(),
        "headers": {"Content-Type": "application/json"},
        "body": BODY,
        "access_key_id": caller.account.access_key_id,
        "secret_access_key": caller.account.secret_access_key,
        "session_token": caller.account.session_token,
        "region": "cn-beijing",
        "service": "ark",
        "at": caller.now(),
    }
    return sign(**{**options, **changes})


async def _post(caller: Caller, headers: Mapping[str, str], body: bytes = BODY) -> httpx.Response:
    return await caller.http.post("/", params=QUERY, content=body, headers=headers)


async def test_a_valid_signature_is_accepted_and_answered_in_the_envelope(caller: Caller) -> None:
    response = await _post(caller, _headers(caller))
    assert response.status_code == 200
    metadata = response.json()["ResponseMetadata"]
    assert metadata == {
        "RequestId": response.headers["X-Request-Id"],
        "Action": "CreateAssetGroup",
        "Version": "2024-01-01",
        "Service": "ark",
        "Region": "cn-beijing",
    }
    assert set(response.json()["Result"]) == {"Id"}


async def test_temporary_credentials_need_their_token(stranger: Caller) -> None:
    assert (await _post(stranger, _headers(stranger))).status_code == 200
    refused = await _post(stranger, _headers(stranger, session_token=None))
    assert error_of(refused)[:2] == (401, "InvalidSecretToken")
    assert refused.json()["ResponseMetadata"]["Error"]["CodeN"] == 100026


Change = Callable[[Caller], dict[str, str]]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda caller: _headers(caller, secret_access_key="wrong"), 401, "SignatureDoesNotMatch"),
        (lambda caller: _headers(caller, body=b"{}"), 401, "SignatureDoesNotMatch"),
        (lambda caller: _headers(caller, access_key_id="AKUNKNOWN"), 401, "InvalidAccessKey"),
        (lambda caller: _headers(caller, region="cn-shanghai"), 400, "InvalidCredential"),
        (lambda caller: _headers(caller, at=caller.now() - timedelta(minutes=16)), 403, "InvalidTimestamp"),
        (lambda _: {"Content-Type": "application/json"}, 401, "MissingAuthenticationToken"),
        (lambda caller: {"Authorization": f"Bearer {caller.account.api_key}"}, 400, "InvalidAuthorization"),
    ],
)
async def test_invalid_signatures_are_refused(caller: Caller, change: Change, status: int, code: str) -> None:
    headers = {**change(caller), "Host": caller.server.origin.removeprefix("http://")}
    response = await _post(caller, headers)
    assert error_of(response)[:2] == (status, code)
    assert "Result" not in response.json()


async def test_advancing_the_clock_keeps_signatures_valid_and_skew_does_not(caller: Caller) -> None:
    caller.advance(86_400)
    assert (await _post(caller, _headers(caller))).status_code == 200
    await caller.control("POST", "/clock", skew_seconds=1000)
    assert error_of(await _post(caller, _headers(caller)))[1] == "InvalidTimestamp"


async def test_the_date_header_contains_the_skew(caller: Caller) -> None:
    await caller.control("POST", "/clock", skew_seconds=86_400 * 3)
    shown = parsedate_to_datetime((await caller.ask("GET", "")).headers["Date"])
    assert shown - caller.now() > timedelta(days=2)


@pytest.mark.parametrize(
    "query", [{"Action": "Nope", "Version": "2024-01-01"}, {"Action": "GetAsset", "Version": "2023-01-01"}, {}]
)
async def test_unknown_actions_and_versions_are_404(caller: Caller, query: dict[str, str]) -> None:
    response = await caller.http.post("/", params=query, content=b"{}")
    assert error_of(response)[:2] == (404, "InvalidActionOrVersion")
    assert response.json()["ResponseMetadata"]["Error"]["CodeN"] == 100008


async def test_other_paths_are_a_bare_404(caller: Caller) -> None:
    response = await caller.http.post("/api/v3/assets", params=QUERY, content=BODY)
    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"'])
async def test_a_body_that_is_no_object_is_400(caller: Caller, body: bytes) -> None:
    response = await _post(caller, _headers(caller, body=body), body)
    assert error_of(response)[:2] == (400, "InvalidParameter")


async def test_an_empty_body_is_an_object_without_fields(caller: Caller) -> None:
    response = await _post(caller, _headers(caller, body=b""), b"")
    assert error_of(response)[:2] == (400, "MissingParameter.Name")


async def test_rate_limits_are_per_action() -> None:
    seconds = [50.0]
    config = SandboxConfig(monotonic=lambda: seconds[0], limits=Limits(create_asset_per_minute=2))
    async with SandboxServer(config) as server:
        caller = Caller(server)
        group_id = await caller.group()
        asset = {"GroupId": group_id, "URL": "https://example.com/a.png", "AssetType": "Image"}
        for _ in range(2):
            assert (await caller.act("CreateAsset", **asset)).status_code == 200
        assert error_of(await caller.act("CreateAsset", **asset))[:2] == (429, "QuotaWriteQPMExceeded")
        for _ in range(3):
            session = await caller.act("CreateVisualValidateSession", CallbackURL="https://example.com/")
            assert session.status_code == 200
        refused = await caller.act("CreateVisualValidateSession", CallbackURL="https://example.com/")
        assert error_of(refused)[:2] == (429, "AccountFlowLimitExceeded")
        assert refused.json()["ResponseMetadata"]["Error"]["CodeN"] == 100027
        seconds[0] += 60
        assert (await caller.act("CreateAsset", **asset)).status_code == 200
        await caller.http.aclose()
