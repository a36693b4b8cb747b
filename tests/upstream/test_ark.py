"""The data plane's client, against a real socket."""

from typing import Any

import pytest

from app.observability.log_context import collecting_log_fields
from app.upstream.ark import ArkClient
from app.upstream.credentials import ArkAccount
from app.upstream.errors import (
    AccountFaultError,
    ForeignResponseError,
    OutcomeUnknownError,
    ThrottledError,
    UnservedError,
    UpstreamError,
    UpstreamRejectedError,
)
from tests.upstream.conftest import Bench
from tests.upstream.servers import API_KEY, always

ID = "cgt-20260809211822-9lklw"
TASK = {"id": ID, "status": "running", "model": "doubao-seedance-2-0-260128"}


async def refused(bench: Bench, status: int, body: object, *headers: str) -> UpstreamError:
    """Returns the error of a create that the upstream answers with this."""
    server = await bench.serve(always(status, body, *headers))
    with pytest.raises(UpstreamError) as caught:
        await (await bench.ark()).create(server.account, b"{}", request_id="r")
    return caught.value


def nested(code: str, **members: object) -> dict[str, Any]:
    return {"error": {"code": code, "message": "The upstream's message.", "param": "", **members}}


async def test_a_create_sends_these_bytes_and_no_others(bench: Bench) -> None:
    server = await bench.serve(always(200, {"id": ID}))
    await (await bench.ark()).create(server.account, b'{"model": "m"}', request_id="req-7")
    assert server.requests == [
        b"POST /api/v3/contents/generations/tasks HTTP/1.1\r\n"
        b"Host: 127.0.0.1:%d\r\n"
        b"Accept: application/json\r\n"
        b"Accept-Encoding: identity\r\n"
        b"User-Agent: seedgate\r\n"
        b"Authorization: Bearer secret-api-key-0001\r\n"
        b"Content-Type: application/json\r\n"
        b"X-Client-Request-Id: req-7\r\n"
        b"Content-Length: 14\r\n"
        b"\r\n"
        b'{"model": "m"}' % server.port
    ]


@pytest.mark.parametrize(("sent", "logged"), [("0217-abc", "0217-abc"), ("two words", None)])
async def test_a_create_returns_the_id_and_logs_a_request_id_that_is_one(
    bench: Bench, sent: str, logged: str | None
) -> None:
    server = await bench.serve(always(200, {"id": ID, "safety_identifier": "s"}, f"X-Request-Id: {sent}"))
    fields: dict[str, str] = {}
    with collecting_log_fields(fields):
        assert await (await bench.ark()).create(server.account, b"{}", request_id="r") == ID
    assert fields.get("upstream_request_id") == logged


async def test_a_slash_at_the_end_of_the_base_url_does_no_harm(bench: Bench) -> None:
    server = await bench.serve(always(200, TASK))
    await (await bench.ark()).get(ArkAccount(f"{server.origin}/api/v3/", API_KEY), ID)
    assert server.requests[0].startswith(b"GET /api/v3/contents/generations/tasks/%b HTTP/1.1" % ID.encode())


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, "RequestLimitExceeded"),
        (403, "QuotaWriteQPSExceeded"),
        (404, "RateLimitExceeded.EndpointRPMExceeded"),
        (429, "SomethingNew"),
    ],
)
async def test_a_throttle_is_known_by_its_code_or_by_429(bench: Bench, status: int, code: str) -> None:
    error = await refused(bench, status, nested(code), "Retry-After: 7")
    assert isinstance(error, ThrottledError)
    assert (error.status, error.code, error.retry_after_seconds) == (status, code, 7)
    assert error.message == "The upstream's message."


@pytest.mark.parametrize("body", [b"", b"<html>slow down</html>", {}])
async def test_429_is_a_throttle_whatever_its_body(bench: Bench, body: object) -> None:
    error = await refused(bench, 429, body)
    assert isinstance(error, ThrottledError)
    assert error.retry_after_seconds is None


@pytest.mark.parametrize(
    ("value", "expected"), [("0.2", 1), ("30", 30), ("soon", None), ("-1", None), ("9" * 30, None)]
)
async def test_retry_after_is_whole_seconds_or_nothing(bench: Bench, value: str, expected: int | None) -> None:
    error = await refused(bench, 429, {}, f"Retry-After: {value}")
    assert isinstance(error, ThrottledError)
    assert error.retry_after_seconds == expected


@pytest.mark.parametrize(("status", "code"), [(403, "NotFound.ID"), (401, "InvalidAction.Create")])
async def test_an_object_code_with_401_or_403_is_the_accounts_fault(bench: Bench, status: int, code: str) -> None:
    error = await refused(bench, status, nested(code))
    assert type(error) is AccountFaultError
    assert (error.status, error.code) == (status, code)


@pytest.mark.parametrize("code", ["InvalidEndpointOrModel.NotFound", "UnsupportedModel"])
async def test_a_model_that_the_account_does_not_offer_is_unserved_by_the_channel(bench: Bench, code: str) -> None:
    error = await refused(bench, 404, nested(code, param="model"))
    assert isinstance(error, UnservedError)
    assert (error.status, error.code, error.param) == (404, code, "model")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "InvalidParameter.content"),
        (401, "InvalidParameter.content"),
        (403, "InputTextSensitiveContentDetected"),
        (409, "InvalidAction.RunningTaskDeletion"),
        (422, "Anything"),
    ],
)
async def test_other_4xx_are_the_clients_mistake(bench: Bench, status: int, code: str) -> None:
    error = await refused(bench, status, nested(code, param="content[1]", type="BadRequest"), "X-Request-Id: up-1")
    assert type(error) is UpstreamRejectedError
    assert (error.status, error.code, error.message) == (status, code, "The upstream's message.")
    assert error.param == "content[1]"
    assert not error.is_not_found


async def test_an_error_without_its_wrapper_is_read_alike(bench: Bench) -> None:
    error = await refused(bench, 409, {"code": "InvalidAction.RunningTaskDeletion", "message": "It runs.", "param": ""})
    assert isinstance(error, UpstreamRejectedError)
    assert (error.code, error.message, error.param) == ("InvalidAction.RunningTaskDeletion", "It runs.", None)


NOT_FROM_THE_API = [
    b"",
    b"<html>",
    b"404 page not found",
    [],
    {},
    {"detail": "x"},
    {"error": "text"},
    {"error": {"code": 7}},
    {"error": {"code": "not_found", "message": "x"}},
    {"error": {"code": "NOT_FOUND", "message": "x"}},
    {"error": {"code": None, "message": "x", "type": "invalid_request_error"}},
    {"error": {"code": "DeploymentNotFound", "message": "x", "param": None}},
    {"error": {"code": "SomethingNew", "message": "x"}},
    {"error": {"message": "x", "type": "BadRequest"}},
    # Another gateway of this kind, about a route that it does not have.
    {"error": {"code": "NotFound", "message": "No such route.", "param": None, "type": "NotFound"}},
    {"error": {"code": "NotFound", "message": "The specified content generation task is not found", "param": "id"}},
    {"code": 404, "message": "no route"},
    {"code": "ResourceNotFound", "message": "no route"},
    {"type": "about:blank", "title": "Not Found", "status": 404},
    {"message": "no Route matched with those values"},
]


@pytest.mark.parametrize("body", NOT_FROM_THE_API)
async def test_a_4xx_that_the_api_did_not_word_is_the_channels_fault(bench: Bench, body: object) -> None:
    for status in (400, 401, 403, 404, 405, 413):
        error = await refused(bench, status, body)
        assert type(error) is ForeignResponseError
        assert error.reason.startswith(f"answered with {status} and ")


@pytest.mark.parametrize(
    ("error", "header"),
    [
        ({"param": ""}, ""),
        ({"message": "x Request id: 02178000000000000000000000000000000000000000000ab"}, ""),
        ({}, "X-Request-Id: 021780000000000ab12cd34ef"),
    ],
)
async def test_a_mark_of_the_api_makes_an_unknown_code_one_of_its_own(
    bench: Bench, error: dict[str, str], header: str
) -> None:
    body = {"error": {"code": "SomethingNew", "message": "x", **error}}
    failure = await refused(bench, 400, body, *([header] if header else []))
    assert isinstance(failure, UpstreamRejectedError)
    assert failure.code == "SomethingNew"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 408, 460, 499, 500, 502, 503, 504])
async def test_what_does_not_tell_whether_a_create_was_carried_out_is_unknown(bench: Bench, status: int) -> None:
    for body in (b"", b"<html>", nested("NotFound"), nested("RequestLimitExceeded")):
        assert type(await refused(bench, status, body)) is OutcomeUnknownError


@pytest.mark.parametrize("status", [409, 425])
async def test_a_conflict_that_the_api_did_not_word_does_not_tell_either(bench: Bench, status: int) -> None:
    for body in (b"", b"<html>", {"message": "busy"}):
        assert type(await refused(bench, status, body)) is OutcomeUnknownError


@pytest.mark.parametrize("status", [302, 402, 404, 429, 500])
async def test_an_answer_with_an_id_refuses_nothing(bench: Bench, status: int) -> None:
    error = nested("AccountOverdueError")
    assert type(await refused(bench, status, {"id": "err-1", **error})) is OutcomeUnknownError
    server = await bench.serve(always(status, {"id": ID, **error}))
    assert await (await bench.ark()).create(server.account, b"{}", request_id="r") == ID


@pytest.mark.parametrize("status", [200, 301, 302, 307, 308])
async def test_a_web_page_or_a_redirect_is_no_answer_to_a_read(bench: Bench, status: int) -> None:
    server = await bench.serve(always(status, b"<!doctype html><p>Welcome", "Location: https://elsewhere.example/"))
    ark = await bench.ark()
    for call in (ark.get(server.account, ID), ark.list(server.account)):
        with pytest.raises(ForeignResponseError):
            await call
    with pytest.raises(ForeignResponseError if status == 200 else OutcomeUnknownError):
        await ark.delete(server.account, ID)


NO_TASK = "The specified content generation task is not found"


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    "body",
    [
        nested("NotFound.ID"),
        nested("NotFound.id", message=NO_TASK, param="id", type="NotFound"),
        nested("NotFound", message=NO_TASK),
        {"error": {"type": "NotFound", "message": NO_TASK}},
        {"code": "NotFound.ID", "message": "no such task"},
    ],
)
async def test_an_unknown_task_is_not_found(bench: Bench, status: int, body: object) -> None:
    server = await bench.serve(always(status, body))
    ark = await bench.ark()
    for call in (ark.get, ark.delete):
        with pytest.raises(UpstreamRejectedError) as caught:
            await call(server.account, ID)
        assert caught.value.is_not_found


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    "error",
    [
        {"code": "NotFound", "message": "No such route: set the base URL to https://gateway.example/api/v3"},
        {"type": "NotFound"},
        {"code": "TaskGone", "message": "x", "type": "NotFound"},
    ],
)
async def test_what_another_server_does_not_find_is_no_task(bench: Bench, status: int, error: dict[str, str]) -> None:
    server = await bench.serve(always(status, {"error": error}))
    ark = await bench.ark()
    for call in (ark.get(server.account, ID), ark.delete(server.account, ID), ark.list(server.account)):
        with pytest.raises(ForeignResponseError):
            await call


@pytest.mark.parametrize("status", [200, 302, 400, 401, 429, 500])
async def test_secrets_are_redacted_from_the_upstreams_messages(bench: Bench, status: int) -> None:
    error = await refused(bench, status, nested(f"A{API_KEY}", message=f"bad key {API_KEY}!"))
    if isinstance(error, UpstreamRejectedError | AccountFaultError):
        assert error.message == "bad key [redacted]!"
    shown = [
        (repr(each), str(each), getattr(each, "__dict__", {})) for each in (error, error.__cause__, error.__context__)
    ]
    assert API_KEY not in str(shown)


async def test_a_nul_is_removed_from_the_upstreams_message(bench: Bench) -> None:
    error = await refused(bench, 400, {"error": {"code": "Invalid\0Parameter", "message": "a\0b", "param": "\0"}})
    assert isinstance(error, UpstreamRejectedError)
    assert (error.code, error.message, error.param) == ("InvalidParameter", "ab", None)


@pytest.mark.parametrize(
    "task",
    [
        TASK | {"new": {"field": [1]}, "seed": 4294967295},
        {"id": ID, "status": "failed", "error": {"code": "RequestLimitExceeded", "message": "of the task"}},
    ],
)
async def test_a_task_is_returned_as_it_is(bench: Bench, task: dict[str, Any]) -> None:
    server = await bench.serve(always(200, task))
    assert await (await bench.ark()).get(server.account, ID) == task


@pytest.mark.parametrize(
    "body",
    [[], {"id": ID}, {"id": ID, "status": None}, {"id": ID, "status": ""}, {"id": "cgt-2", "status": "queued"}],
)
async def test_a_task_that_is_not_the_one_asked_for_is_unknown(bench: Bench, body: object) -> None:
    server = await bench.serve(always(200, body))
    with pytest.raises(OutcomeUnknownError):
        await (await bench.ark()).get(server.account, ID)


@pytest.mark.parametrize(
    ("task_id", "path"),
    [
        ("a/b", b"a%2Fb"),
        ("a?b#c", b"a%3Fb%23c"),
        ("a%2Fb", b"a%252Fb"),
        ("ä b", b"%C3%A4%20b"),
        ("a\r\nb", b"a%0D%0Ab"),
    ],
)
async def test_an_id_cannot_leave_its_place_in_the_path(bench: Bench, task_id: str, path: bytes) -> None:
    server = await bench.serve(always(200, {"id": task_id, "status": "queued"}))
    await (await bench.ark()).get(server.account, task_id)
    assert server.requests[0].startswith(b"GET /api/v3/contents/generations/tasks/%b HTTP/1.1\r\n" % path)


async def test_a_list_asks_with_repeated_ids_and_named_filters(bench: Bench) -> None:
    server = await bench.serve(always(200, {"items": [TASK], "total": 3}))
    page = await (await bench.ark()).list(
        server.account, task_ids=["a&b", "c"], status="running", model="ep-1", service_tier="flex", page_num=2
    )
    assert (page.items, page.total) == ((TASK,), 3)
    assert server.requests[0].startswith(
        b"GET /api/v3/contents/generations/tasks?page_num=2&page_size=100&filter.status=running&filter.model=ep-1"
        b"&filter.service_tier=flex&filter.task_ids=a%26b&filter.task_ids=c HTTP/1.1\r\n"
    )


FOREIGN: list[object] = [
    {},
    {"total": 0, "data": [], "code": 0, "msg": "ok"},
    {"total": 0, "error": "no"},
    {"status": "UP", "message": "health"},
    {"code": 1, "msg": "login required"},
    {"error": {"code": "unauthorized", "message": "no"}},
]


@pytest.mark.parametrize("body", FOREIGN)
async def test_a_success_of_another_server_shows_no_task_and_deletes_none(bench: Bench, body: object) -> None:
    server = await bench.serve(always(200, body))
    ark = await bench.ark()
    calls = [ark.get(server.account, ID), ark.list(server.account)]
    if body:
        calls.append(ark.delete(server.account, ID))
    for call in calls:
        with pytest.raises(ForeignResponseError):
            await call


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccountOverdueError", AccountFaultError),
        ("RequestLimitExceeded", ThrottledError),
        ("InternalServiceError", OutcomeUnknownError),
        ("InvalidParameter", UpstreamRejectedError),
    ],
)
async def test_an_error_in_a_success_is_what_it_says(bench: Bench, code: str, kind: type) -> None:
    server = await bench.serve(always(200, {"total": 0, **nested(code)}))
    ark = await bench.ark()
    for call in (ark.get(server.account, ID), ark.list(server.account), ark.delete(server.account, ID)):
        with pytest.raises(UpstreamError) as caught:
            await call
        assert type(caught.value) is kind


@pytest.mark.parametrize("body", [{"items": [], "total": 0}, {"items": None, "total": 0}, {"total": 0}])
async def test_an_empty_list_may_be_null(bench: Bench, body: object) -> None:
    server = await bench.serve(always(200, body))
    page = await (await bench.ark()).list(server.account)
    assert (page.items, page.total) == ((), 0)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"items": []},
        {"items": None, "total": 0, "code": 0},
        {"items": [], "total": True},
        {"items": [], "total": -1},
        {"items": None, "total": 2},
        {"items": {}, "total": 1},
        {"items": [{}], "total": 1},
        {"items": [{"id": 1}], "total": 1},
        {"items": ["cgt"], "total": 1},
    ],
)
async def test_a_list_that_cannot_be_trusted_is_unknown(bench: Bench, body: object) -> None:
    server = await bench.serve(always(200, body))
    with pytest.raises(OutcomeUnknownError):
        await (await bench.ark()).list(server.account)


@pytest.mark.parametrize(
    ("status", "body"), [(200, {}), (200, {"id": ID}), (200, {"ResponseMetadata": {"RequestId": "r"}})]
)
async def test_a_delete_returns_nothing(bench: Bench, status: int, body: object) -> None:
    server = await bench.serve(always(status, body))
    await (await bench.ark()).delete(server.account, ID)
    assert server.requests[0].startswith(b"DELETE /api/v3/contents/generations/tasks/%b HTTP/1.1\r\n" % ID.encode())


@pytest.mark.parametrize(("status", "body"), [(200, []), (200, b""), (200, b"OK"), (204, b"")])
async def test_a_delete_whose_answer_is_no_object_is_unknown(bench: Bench, status: int, body: object) -> None:
    server = await bench.serve(always(status, body))
    with pytest.raises(OutcomeUnknownError):
        await (await bench.ark()).delete(server.account, ID)


async def test_two_accounts_keep_their_own_keys(bench: Bench) -> None:
    server = await bench.serve(always(200, {"id": ID}))
    ark: ArkClient = await bench.ark()
    for key in ("one", "two"):
        await ark.create(ArkAccount(f"{server.origin}/api/v3", key), b"{}", request_id="r")
    assert [b"Bearer one" in request for request in server.requests] == [True, False]
    assert [b"Bearer two" in request for request in server.requests] == [False, True]


async def test_an_answer_of_countless_tiny_values_is_not_parsed(bench: Bench) -> None:
    answer = {"id": ID, "x": [0] * 200_000}
    assert isinstance(await refused(bench, 200, answer), OutcomeUnknownError)
