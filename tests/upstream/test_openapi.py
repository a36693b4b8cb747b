"""The control plane's client, against a real socket."""

from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

from app.upstream import signature
from app.upstream.credentials import OpenApiAccount
from app.upstream.errors import (
    AccountFaultError,
    ForeignResponseError,
    NotSentError,
    OutcomeUnknownError,
    UnservedError,
    UpstreamError,
    UpstreamRejectedError,
)
from tests.upstream.conftest import Bench
from tests.upstream.servers import SECRET_ACCESS_KEY, SESSION_TOKEN, always, unused_port


def enveloped(result: object = None, **error: object) -> dict[str, Any]:
    metadata: dict[str, Any] = {"RequestId": "2026-up-1", "Action": "GetAsset", "Service": "ark"}
    if error:
        metadata["Error"] = error
        return {"ResponseMetadata": metadata}
    return {"ResponseMetadata": metadata, "Result": result}


async def refused(bench: Bench, status: int, body: object, *headers: str) -> UpstreamError:
    """Returns the error of an action that the upstream answers with this."""
    server = await bench.serve(always(status, body, *headers))
    with pytest.raises(UpstreamError) as caught:
        await (await bench.control()).call(server.openapi_account, "GetAsset", {"Id": "asset-1"})
    return caught.value


def check_signature(request: bytes) -> None:
    """Verifies a request as the upstream does, from its bytes and the secret alone.

    ``test_signature.py`` compares the functions that it uses with the official signer.
    """
    head, _, body = request.partition(b"\r\n\r\n")
    request_line, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    method, target, _ = request_line.split(" ")
    path, _, query = target.partition("?")
    given = signature.parse_authorization(headers["authorization"])
    assert (given.access_key_id, given.scope) == ("AKLTEST", "20260102/cn-beijing/ark/request")
    assert headers["x-content-sha256"] == signature.hash_body(body)
    canonical = signature.canonical_request(
        method, path, parse_qsl(query), headers, given.signed_headers, headers["x-content-sha256"]
    )
    key = signature.signing_key(SECRET_ACCESS_KEY, given.date, given.region, given.service)
    text = signature.string_to_sign(headers["x-date"], given.scope, canonical)
    assert given.signature == signature.signature(key, text)


@pytest.mark.parametrize("path", ["", "/", "/open/api", "/open/"])
async def test_an_action_signs_what_it_sends(bench: Bench, path: str) -> None:
    server = await bench.serve(always(200, enveloped({"Id": "group-1"})))
    account = OpenApiAccount(server.origin + path, "AKLTEST", SECRET_ACCESS_KEY, SESSION_TOKEN, "cn-beijing")
    body = {"Name": "我的 素材", "GroupType": "AIGC"}
    called = await (await bench.control()).call(account, "CreateAssetGroup", body)
    assert called == {"Id": "group-1"}
    request = server.requests[0]
    check_signature(request)
    start = f"POST {path or '/'}?Action=CreateAssetGroup&Version=2024-01-01 HTTP/1.1\r\n"
    assert request.startswith(start.encode())
    assert request.lower().count(b"\r\nhost: 127.0.0.1:%d\r\n" % server.port) == 1
    assert b"\r\nX-Date: 20260102T030405Z\r\n" in request
    assert b"\r\nX-Security-Token: STS.token/of+a-test==\r\n" in request
    assert b"x-security-token, Signature=" in request
    assert orjson.loads(request.partition(b"\r\n\r\n")[2]) == body


async def test_an_account_without_a_session_token_sends_none(bench: Bench) -> None:
    server = await bench.serve(always(200, enveloped({})))
    account = OpenApiAccount(server.origin, "AKLTEST", SECRET_ACCESS_KEY)
    await (await bench.control()).call(account, "ListAssets", {}, version="2024-02-02")
    assert b"security-token" not in server.requests[0].lower()
    assert b"Version=2024-02-02" in server.requests[0]
    check_signature(server.requests[0])


async def test_names_are_escaped_as_they_are_signed(bench: Bench) -> None:
    server = await bench.serve(always(200, enveloped({})))
    await (await bench.control()).call(server.openapi_account, "Odd Action/é+&=~", {}, version="2024 01*01")
    assert server.requests[0].startswith(
        b"POST /?Action=Odd%20Action%2F%C3%A9%2B%26%3D~&Version=2024%2001%2A01 HTTP/1.1\r\n"
    )
    check_signature(server.requests[0])


@pytest.mark.parametrize("body", [enveloped(None), {"ResponseMetadata": {"RequestId": "2026-up-1"}}, enveloped({})])
async def test_an_absent_result_is_empty(bench: Bench, body: object) -> None:
    server = await bench.serve(always(200, body))
    called = await (await bench.control()).call(server.openapi_account, "DeleteAsset", {"Id": "a"})
    assert called == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        [],
        {},
        {"Id": "flat"},
        {"total": 0, "data": []},
        enveloped([]),
        enveloped("text"),
        {"ResponseMetadata": "x"},
    ],
)
async def test_a_success_without_the_envelope_does_nothing_and_tells_nothing(bench: Bench, body: object) -> None:
    is_of_another_make = isinstance(body, dict) and "ResponseMetadata" not in body
    assert type(await refused(bench, 200, body)) is (
        ForeignResponseError if is_of_another_make else OutcomeUnknownError
    )
    server = await bench.serve(always(200, body))
    for action in ("CreateAsset", "DeleteAsset"):
        with pytest.raises(OutcomeUnknownError):
            await (await bench.control()).call(server.openapi_account, action, {})


@pytest.mark.parametrize(
    ("status", "code", "shown"),
    [
        (404, "NotFound.asset_id", 404),
        (200, "NotFound.asset_id", 404),
        (400, "NotFound.BytedToken", 400),
        (200, "InvalidParameter.Name", 400),
        (200, "SomethingNew", 400),
    ],
)
async def test_the_clients_mistakes_are_rejections_at_any_status(
    bench: Bench, status: int, code: str, shown: int
) -> None:
    error = await refused(bench, status, enveloped(Code=code, Message="The words."))
    assert type(error) is UpstreamRejectedError
    assert (error.status, error.code, error.message) == (shown, code, "The words.")
    assert error.is_not_found == code.startswith("NotFound.")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, enveloped(Code="InternalError", Message="oops")),
        (502, enveloped(Code="FailToConnect", Message="oops")),
        (504, enveloped(Code="InternalServiceTimeout", Message="oops")),
        (503, b"<html>"),
        (200, enveloped(Code="InternalServiceError", Message="oops")),
        (200, enveloped(Code="InternalServiceTimeout", Message="oops")),
        (408, b""),
    ],
)
async def test_the_upstreams_own_failures_are_unknown(bench: Bench, status: int, body: object) -> None:
    error = await refused(bench, status, body)
    assert type(error) is OutcomeUnknownError
    assert error.status == status


NO_ROUTE = [
    {"error": {"code": "NotFound", "message": "no route", "type": "NotFound"}},
    # Both halves of the body with which another gateway of this kind answers.
    {"error": {"code": "NotFound", "message": "no route"}, **enveloped(Code="NotFound", Message="no route")},
    {"error": {"code": "InvalidParameter", "message": "no", "param": "Name"}},
    {"code": "NotFound.asset_id", "message": "The specified asset asset-1 is not found."},
]


@pytest.mark.parametrize(
    "body", [b"", b"<html>404</html>", {"message": "no route"}, enveloped(Code=404, Message="x"), *NO_ROUTE]
)
async def test_a_4xx_that_the_api_did_not_word_is_the_channels_fault(bench: Bench, body: object) -> None:
    for status in (400, 401, 403, 404, 405, 413):
        assert type(await refused(bench, status, body)) is ForeignResponseError


@pytest.mark.parametrize("status", [200, 302, 308])
async def test_a_web_page_is_no_answer_to_a_read_and_proves_nothing_about_a_change(bench: Bench, status: int) -> None:
    server = await bench.serve(always(status, b" <html>Welcome"))
    control = await bench.control()
    with pytest.raises(ForeignResponseError):
        await control.call(server.openapi_account, "ListAssets", {})
    with pytest.raises(OutcomeUnknownError):
        await control.call(server.openapi_account, "CreateAsset", {})


async def test_an_action_that_the_account_does_not_offer_is_unserved_by_the_channel(bench: Bench) -> None:
    error = await refused(bench, 404, enveloped(Code="InvalidActionOrVersion", Message="no"))
    assert type(error) is UnservedError


async def test_an_entry_that_cannot_be_reached_is_not_sent(bench: Bench) -> None:
    account = OpenApiAccount(f"http://127.0.0.1:{unused_port()}", "AKLTEST", SECRET_ACCESS_KEY)
    with pytest.raises(NotSentError):
        await (await bench.control()).call(account, "GetAsset", {})


@pytest.mark.parametrize("status", [200, 400, 401, 429])
async def test_secrets_are_redacted_from_the_upstreams_messages(bench: Bench, status: int) -> None:
    words = f"{SECRET_ACCESS_KEY} and {SESSION_TOKEN} of AKLTEST"
    error = await refused(bench, status, enveloped(Code="Odd", Message=words))
    assert isinstance(error, UpstreamRejectedError | AccountFaultError)
    assert error.message == "[redacted] and [redacted] of [redacted]"
    shown = repr(error) + str(error) + str(error.__dict__) + repr(error.__cause__) + repr(error.__context__)
    assert SECRET_ACCESS_KEY not in shown
    assert SESSION_TOKEN not in shown
