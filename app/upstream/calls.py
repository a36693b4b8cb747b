"""One call to either plane: what is sent with every request, and what is recorded about it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx

from app.core.turns import leave_turn
from app.observability.counters import UPSTREAM_CALLS, UPSTREAM_SECONDS
from app.observability.log_context import add_log_fields
from app.upstream.credentials import ArkAccount, OpenApiAccount
from app.upstream.errors import (
    AccountFaultError,
    NotSentError,
    ThrottledError,
    UpstreamError,
    UpstreamRejectedError,
)
from app.upstream.http.client import HttpClient, Timeouts
from app.upstream.http.messages import RequestBody
from app.upstream.origins import origin_of
from app.upstream.responses import ApiResponse, parse_response

CallObserver = Callable[[str, str, UpstreamError | None], None]
"""Called after each call with the channel, the operation, and the error or None."""

_COMMON_HEADERS = [
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"identity"),
    (b"User-Agent", b"seedgate"),
]


def parse_url(text: str) -> httpx.URL:
    """Parses the URL of a request.

    Raises:
        NotSentError: it leads to no server, or holds a user name. The control plane builds its URL from the host of
            this one, so the HTTP client would not see the user name any more.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise NotSentError("the account's URL is not valid") from None
    try:
        origin_of(url)
    except ValueError as error:
        raise NotSentError(f"the account's URL is not valid: {error}") from None
    return url


@contextmanager
def recorded_call(
    operation: str, account: ArkAccount | OpenApiAccount, observer: CallObserver | None = None
) -> Iterator[None]:
    """Counts the one call made inside the block by its outcome, and logs its channel with the client's request.

    The client's request gives up its turn (``app.core.turns``). A call that was cancelled, or ended in an error that is
    no ``UpstreamError``, counts as unknown, and the observer is not called.
    ``operation`` is one of a fixed list, because it becomes a metric label.
    """
    add_log_fields(channel=account.channel_id)
    leave_turn()
    started = time.perf_counter()
    outcome = "unknown"
    try:
        yield
        outcome = "ok"
        if observer is not None:
            observer(account.channel_id, operation, None)
    except UpstreamError as error:
        outcome = _outcome_of(error)
        if observer is not None:
            observer(account.channel_id, operation, error)
        raise
    finally:
        UPSTREAM_CALLS.labels(operation, outcome).inc()
        UPSTREAM_SECONDS.labels(operation).observe(time.perf_counter() - started)


async def send_request(
    http: HttpClient,
    method: str,
    url: httpx.URL,
    *,
    headers: Mapping[str, str],
    body: bytes | RequestBody | None = None,
    timeouts: Timeouts | None = None,
) -> ApiResponse:
    """Sends a request and returns the parsed response, whatever its status.

    Args:
        http: the client.
        method: upper case.
        url: from ``parse_url``.
        headers: beside the common ones and ``Host``.
        body: a ``RequestBody`` is dropped once it has been sent.
        timeouts: instead of the client's.

    Raises:
        NotSentError: no byte was sent.
        OutcomeUnknownError: there is no complete response.
    """
    try:
        sent = _COMMON_HEADERS + [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    except UnicodeEncodeError:
        raise NotSentError("a header is not ASCII") from None
    body = RequestBody(body) if isinstance(body, bytes) else body
    response = parse_response(await http.request(method, url, headers=sent, body=body, timeouts=timeouts))
    add_log_fields(upstream_request_id=response.request_id)
    return response


def _outcome_of(error: UpstreamError) -> str:
    match error:
        case UpstreamRejectedError():
            return "rejected"
        case ThrottledError():
            return "throttled"
        case AccountFaultError():
            return "account_fault"
        case NotSentError():
            return "not_sent"
        case _:
            return "unknown"
