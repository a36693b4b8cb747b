"""Sending one request of either plane through the shared client, and counting what became of it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from app.observability.metrics import UPSTREAM_CALLS, UPSTREAM_SECONDS
from app.observability.notes import note_for_request
from app.turns import leave_turn
from app.upstream.accounts import ArkAccount, OpenApiAccount
from app.upstream.answers import Answer, read_answer
from app.upstream.errors import (
    AccountFaultError,
    NotSentError,
    OutcomeUnknownError,
    ThrottledError,
    UpstreamError,
    UpstreamRejectedError,
)
from app.upstream.origins import origin_of
from app.upstream.payload import Payload
from app.upstream.transport import USER_AGENT

Observe = Callable[[str, str, UpstreamError | None], None]
"""Is told of each call: on which channel, the operation, and how it failed, or None."""

_COMMON_HEADERS = [
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"identity"),
    (b"User-Agent", USER_AGENT.encode()),
]


def to_url(text: str) -> httpx.URL:
    """Parses the URL of a request.

    Raises:
        NotSentError: it leads to no server, or holds a user name. The control plane builds its URL from the host of
            this one, so the transport would not see the user name any more.
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
def counted(operation: str, account: ArkAccount | OpenApiAccount, observe: Observe | None = None) -> Iterator[None]:
    """Counts the one call that is made inside the block, by what became of it, and tells the log whom it went to.

    The request on whose behalf it is made gives up its turn.

    A call that was broken off counts as unknown, as does one that ended in an error which is nobody's.

    Args:
        operation: one of a fixed list: it becomes a label.
        account: who is called.
        observe: is told what became of it, unless it was broken off.
    """
    note_for_request(channel=account.channel_id)
    leave_turn()
    started = time.perf_counter()
    outcome = "unknown"
    try:
        yield
        outcome = "ok"
        if observe is not None:
            observe(account.channel_id, operation, None)
    except UpstreamError as error:
        outcome = _outcome_of(error)
        if observe is not None:
            observe(account.channel_id, operation, error)
        raise
    finally:
        UPSTREAM_CALLS.labels(operation, outcome).inc()
        UPSTREAM_SECONDS.labels(operation).observe(time.perf_counter() - started)


async def send_request(
    http: httpx.AsyncClient,
    method: str,
    url: httpx.URL,
    *,
    headers: Mapping[str, str],
    content: bytes | Payload | None,
    extensions: Mapping[str, Any],
) -> Answer:
    """Sends a request and returns the answer, of whatever status.

    The request is built here and not by the client, whose merging of defaults costs more than the sending.

    Args:
        http: from ``open_upstream_http``.
        method: upper case.
        url: see ``to_url``.
        headers: beside the common ones and ``Host``.
        content: the body, or None; a ``Payload`` is dropped once it has been sent.
        extensions: of the request; without ``timeout`` the client's own timeouts hold.

    Raises:
        NotSentError: no byte left us.
        OutcomeUnknownError: there is no complete answer.
    """
    if http.is_closed:
        raise NotSentError("the client is closed")
    try:
        wire_headers = [(b"Host", url.netloc), *_COMMON_HEADERS]
        wire_headers += [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    except UnicodeEncodeError:
        raise NotSentError("a header is not ASCII") from None
    stream = content if isinstance(content, Payload) else Payload(content or b"")
    request = httpx.Request(method, url, headers=wire_headers, stream=stream, extensions=dict(extensions))
    try:
        response = await http.send(request, auth=None)
    except httpx.HTTPError as error:  # a redirect that leads nowhere; the transport raises none
        raise OutcomeUnknownError(f"the answer cannot be used: {type(error).__name__}") from None
    answer = read_answer(response)
    note_for_request(upstream_request_id=answer.request_id)
    return answer


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
