"""The native entry for clients that sign: a key pair opens it, with every SDK's way of signing."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.sandbox.config import SandboxConfig
from app.tenants.signing_key import make_signing_key
from tests.http.wires import connected
from tests.support.answers import check_error
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.driving import count_received, new_group
from tests.support.gateway import TASKS, Gateway, Tenant, open_gateway
from tests.support.logs import written
from tests.support.signing import GO, JAVA, QUERY, Signing, signed_headers

BODY = {"Filter": {"GroupType": "AIGC"}}
CREATE = "/?Action=CreateAssetGroup&Version=2024-01-01"
LIST = "/?Action=ListAssetGroups&Version=2024-01-01"
NODE = ("host", "x-content-sha256", "x-date")
OLD_NODE = ("x-content-sha256", "x-date")
ENTRIES = ["/api/v3/open/ListAssetGroups", "/api/v3/assets?Action=ListAssetGroups", LIST]

Pair = dict[str, Any]


@pytest_asyncio.fixture(scope="module")
async def tenant(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


@pytest_asyncio.fixture(scope="module")
async def pair(gateway: Gateway, tenant: Tenant) -> Pair:
    return await new_pair(gateway, tenant)


async def new_pair(gateway: Gateway, tenant: Tenant) -> Pair:
    made = await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")
    assert made.status_code == 201, made.text
    issued: Pair = made.json()
    return issued


async def send(gateway: Gateway, pair: Pair, path: str = LIST, body: Any = None, **options: Any) -> httpx.Response:
    return await gateway.anonymous.post(path, json=BODY if body is None else body, auth=Signing(pair, **options))


def head_of(gateway: Gateway, pair: Pair, body: bytes, **options: Any) -> dict[str, str]:
    host = gateway.base_url.removeprefix("http://")
    return signed_headers(pair, body, host=host, at=datetime.now(UTC), **options)


@pytest.mark.parametrize("names", [GO, NODE, OLD_NODE, JAVA], ids=["python and go", "node", "old node", "java"])
async def test_each_sdks_way_of_signing_is_let_in(
    gateway: Gateway, tenant: Tenant, pair: Pair, names: tuple[str, ...]
) -> None:
    group_id = await new_group(tenant)

    answer = await send(gateway, pair, "/?Action=GetAssetGroup&Version=2024-01-01", {"Id": group_id}, names=names)

    assert answer.status_code == 200, answer.text
    assert answer.json()["Result"]["Id"] == group_id
    assert answer.json()["ResponseMetadata"]["Action"] == "GetAssetGroup"


async def test_the_same_signature_holds_again_since_an_sdk_retries_with_it(gateway: Gateway, pair: Pair) -> None:
    body = json.dumps(BODY).encode()
    headers = head_of(gateway, pair, body)
    answers = [await gateway.anonymous.post(LIST, content=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize("path", ["/?", "//?"])
@pytest.mark.parametrize("names", [GO, JAVA])
async def test_a_slash_more_means_nothing(gateway: Gateway, pair: Pair, path: str, names: tuple[str, ...]) -> None:
    body = json.dumps(BODY).encode()
    headers = head_of(gateway, pair, body, names=names)
    answer = await gateway.anonymous.post(gateway.base_url + path + LIST[2:], content=body, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_a_chunked_body_is_judged_by_the_bytes_that_it_holds(gateway: Gateway, pair: Pair) -> None:
    body = json.dumps(BODY).encode()

    async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    for names in (GO, JAVA):
        headers = head_of(gateway, pair, body, names=names)
        right = await gateway.anonymous.post(LIST, content=chunks(body[:5], body[5:]), headers=headers)
        wrong = await gateway.anonymous.post(LIST, content=chunks(body[:5], b" ", body[5:]), headers=headers)
        assert right.status_code == 200, right.text
        check_error(wrong, 401, "SignatureDoesNotMatch")


async def test_an_empty_body_is_signed_too(gateway: Gateway, pair: Pair) -> None:
    answer = await gateway.anonymous.post(LIST, content=b"", headers=head_of(gateway, pair, b""))
    check_error(answer, 400, "MissingParameter.Filter", "Filter")


OTHER_SECRET = {"secret_access_key": "SGSKother"}
Case = tuple[Pair, dict[str, Any], int, str, str]
WRONG: list[Case] = [
    (OTHER_SECRET, {}, 401, "SignatureDoesNotMatch", "secret access key"),
    (OTHER_SECRET, {"names": JAVA}, 401, "SignatureDoesNotMatch", "secret access key"),
    ({"access_key_id": make_signing_key().access_key_id}, {}, 401, "AuthenticationError", "missing or invalid"),
    ({"access_key_id": "SGAK" + "x" * 21}, {}, 401, "AuthenticationError", "missing or invalid"),
    ({}, {"region": "ap-southeast-1"}, 400, "InvalidCredential", "set the region of the SDK to cn-beijing"),
    ({}, {"service": "iam"}, 400, "InvalidCredential", "its service to ark"),
    ({}, {"apart": timedelta(minutes=-16)}, 403, "InvalidTimestamp", "behind our clock"),
    ({}, {"apart": timedelta(minutes=16)}, 403, "InvalidTimestamp", "ahead of our clock"),
    ({}, {"names": ("host", "x-date", "x-more")}, 401, "SignatureDoesNotMatch", "x-more"),
]


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_is_reported_in_the_platforms_own_codes(gateway: Gateway, pair: Pair, case: Case) -> None:
    change, options, status, code, message = case

    answer = await gateway.anonymous.post(LIST, json=BODY, auth=Signing({**pair, **change}, **options))

    error = check_error(answer, status, code)
    assert message in error["message"]
    assert pair["secret_access_key"] not in answer.text


async def test_the_region_is_the_gateways_own(database_url: str) -> None:
    region = "ap-southeast-1"
    config = SandboxConfig(limits=None, region=region)
    async with (
        own_database(database_url) as url,
        open_gateway(url, sandbox_config=config, clock=MovableClock(), region=region) as elsewhere,
    ):
        pair = await new_pair(elsewhere, await elsewhere.tenant())
        right = await send(elsewhere, pair, CREATE, {"Name": "a", "GroupType": "AIGC"}, region=region)
        wrong = await send(elsewhere, pair)
    assert right.status_code == 200, right.text
    assert region in check_error(wrong, 400, "InvalidCredential")["message"]


async def test_a_header_that_cannot_be_parsed_is_reported(gateway: Gateway, pair: Pair) -> None:
    headers = {"Authorization": f"HMAC-SHA256 Credential={pair['access_key_id']}/20260102/cn-beijing/ark/request"}
    answer = await gateway.anonymous.post(LIST, json=BODY, headers=headers)
    error = check_error(answer, 400, "InvalidAuthorization")
    assert "SignedHeaders" in error["message"]


@pytest.mark.parametrize("names", [GO, JAVA])
async def test_a_body_that_was_exchanged_on_the_way_does_nothing(
    gateway: Gateway, pair: Pair, names: tuple[str, ...]
) -> None:
    query = {**QUERY, "Action": "CreateAssetGroup"}
    headers = head_of(gateway, pair, b'{"Name": "mine", "GroupType": "AIGC"}', names=names, query=query)
    before = count_received(gateway, "CreateAssetGroup")

    answer = await gateway.anonymous.post(CREATE, content=b'{"Name": "evil", "GroupType": "AIGC"}', headers=headers)

    check_error(answer, 401, "SignatureDoesNotMatch")
    assert count_received(gateway, "CreateAssetGroup") == before


async def test_another_action_than_the_signed_one_does_nothing(gateway: Gateway, pair: Pair) -> None:
    body = b'{"Name": "mine", "GroupType": "AIGC"}'
    before = count_received(gateway, "CreateAssetGroup")
    answer = await gateway.anonymous.post(CREATE, content=body, headers=head_of(gateway, pair, body))
    check_error(answer, 401, "SignatureDoesNotMatch")
    assert count_received(gateway, "CreateAssetGroup") == before


async def test_what_the_head_gives_away_is_refused_before_the_body_is_asked_for(gateway: Gateway, pair: Pair) -> None:
    body = json.dumps(BODY).encode()
    wrong = {**pair, "secret_access_key": "SGSKother"}
    for headers, is_heard in (
        (head_of(gateway, wrong, body), False),
        (head_of(gateway, pair, body, region="elsewhere"), False),
        (head_of(gateway, {**pair, "access_key_id": make_signing_key().access_key_id}, body), False),
        (head_of(gateway, wrong, body, names=JAVA, region="elsewhere"), False),
        (head_of(gateway, pair, body), True),
        # Without the hash of the body the signature can only be verified with the body.
        (head_of(gateway, wrong, body, names=JAVA), True),
    ):
        lines = [f"{name}: {value}" for name, value in headers.items() if name != "host"]
        async with connected(gateway.base_url) as wire:
            length = f"Content-Length: {len(body)}"
            await wire.send_head(LIST, *lines, length, "Expect: 100-continue", host=headers["host"])
            status, _ = await wire.read_head()
        assert (status == 100) is is_heard, headers


async def test_a_body_past_the_limit_is_refused_to_those_who_signed_and_unheard_from_others(
    gateway: Gateway, pair: Pair
) -> None:
    limit_bytes = gateway.settings.max_body_bytes
    for secret, status, code in (
        (pair["secret_access_key"], 413, "RequestTooLarge"),
        ("SGSKother", 401, "SignatureDoesNotMatch"),
    ):
        headers = head_of(gateway, {**pair, "secret_access_key": secret}, b"")
        lines = [f"{name}: {value}" for name, value in headers.items() if name != "host"]
        async with connected(gateway.base_url) as wire:
            length = f"Content-Length: {limit_bytes + 1}"
            await wire.send_head(LIST, *lines, length, "Expect: 100-continue", host=headers["host"])
            check_error(await wire.read_answer(), status, code)


async def test_the_key_itself_stays_valid_beside_its_pair(gateway: Gateway, tenant: Tenant, pair: Pair) -> None:
    as_access_key_id = Signing({"access_key_id": tenant.key, "secret_access_key": "unused"})
    for path in ENTRIES:
        answers = [
            await tenant.http.post(path, json=BODY),
            await gateway.anonymous.post(path, json=BODY, headers={"X-Api-Key": tenant.key}),
            await gateway.anonymous.post(path, json=BODY, auth=as_access_key_id),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (await send(gateway, pair)).status_code == 200


async def test_an_x_api_key_beside_a_signature_decides(gateway: Gateway, tenant: Tenant, pair: Pair) -> None:
    wrong = Signing({**pair, "secret_access_key": "SGSKother"})
    right = await gateway.anonymous.post(LIST, json=BODY, headers={"X-Api-Key": tenant.key}, auth=wrong)
    refused = await gateway.anonymous.post(LIST, json=BODY, headers={"X-Api-Key": "sg-no"}, auth=Signing(pair))
    assert right.status_code == 200
    check_error(refused, 401, "AuthenticationError")


async def test_a_tenant_may_be_kept_from_using_its_keys_as_access_key_ids(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.admin.patch(f"/tenants/{tenant.id}", json={"allow_key_as_access_key_id": False})
    pair = await new_pair(gateway, tenant)
    as_access_key_id = Signing({"access_key_id": tenant.key, "secret_access_key": "unused"})
    mistyped = Signing({"access_key_id": tenant.key[:-1] + "!", "secret_access_key": "unused"})

    for path in [*ENTRIES, TASKS]:
        refused = check_error(
            await gateway.anonymous.post(path, json=BODY, auth=as_access_key_id), 401, "AuthenticationError"
        )
        assert "does not allow API keys of this tenant to be used as AccessKeyId" in refused["message"]
        wrong = check_error(await gateway.anonymous.post(path, json=BODY, auth=mistyped), 401, "AuthenticationError")
        assert "does not allow" not in wrong["message"]
    for path in ENTRIES:
        assert (await tenant.http.post(path, json=BODY)).status_code == 200
        headers = {"X-Api-Key": tenant.key}
        assert (
            await gateway.anonymous.post(path, json=BODY, headers=headers, auth=as_access_key_id)
        ).status_code == 200
    assert (await send(gateway, pair)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v3/assets/", "/api/v3/open/GetAssetGroup"])
async def test_the_error_for_the_specifications_go_program_says_what_to_change(gateway: Gateway, path: str) -> None:
    """As measured: its Bearer header is gone when the request leaves, and this one is there."""
    headers = {
        "User-Agent": "volcengine-go-sdk/1.2.49/(go1.27.3; linux; amd64)",
        "Accept": "application/json",
        "Authorization": "HMAC-SHA256 Credential=unused/20261122/cn-beijing/ark/request, "
        "SignedHeaders=content-type;host;x-content-sha256;x-date, Signature=ce6b6001",
        "Content-Type": "application/json; charset=utf-8",
        "X-Content-Sha256": "ca73764fb86c23c7c0743296fa0fe95f6911de011e3e4dc086625d752536677e",
        "X-Date": "20261122T162258Z",
    }
    url = f"{path}?Action=GetAssetGroup&Version=2024-01-01"
    answer = await gateway.anonymous.post(url, content=b'{"Id":"group-20260331145705-x"}', headers=headers)
    error = check_error(answer, 401, "AuthenticationError")
    for message in ("WithExtendHttpRequest", "overwritten", "AccessKeyId", "`X-Api-Key: <key>`", "AddInterceptor"):
        assert message in error["message"]


async def test_the_line_of_a_signed_request_tells_whose_it_was_and_no_secret(
    gateway: Gateway, tenant: Tenant, pair: Pair
) -> None:
    with written() as log:
        await send(gateway, pair)
        await send(gateway, {**pair, "secret_access_key": "SGSKother"})
        await gateway.admin.post(f"/keys/{(await gateway.tenant()).key_id}/signing-key")
    signed, refused, *_ = log.requests()
    assert (signed["status"], signed["tenant"], signed["key"]) == (200, tenant.id, tenant.key.split("-")[1])
    assert (refused["status"], refused["code"]) == (401, "SignatureDoesNotMatch")
    message = log.stream.getvalue()
    assert pair["secret_access_key"] not in message
    assert re.search(r"SGSK\w{40}", message) is None
    assert "Signature=" not in message
