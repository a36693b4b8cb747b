"""The outermost layer of every request: request id, client address, log line, and unhandled errors.

It is a plain ASGI wrapper: Starlette's BaseHTTPMiddleware costs 147 µs per request and breaks cancellation.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.turns import Turns
from app.errors import ResponseCutError, SeedgateError
from app.http.client_address import client_address, network_of
from app.http.errors import handle_error
from app.http.query import Query
from app.ids import new_request_id
from app.observability.access_log import access_log
from app.observability.counters import CONNECTIONS_CUT, REQUEST_SECONDS, REQUESTS
from app.observability.log_context import collecting_log_fields
from app.observability.redaction import redact

CLIENT_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_DRAIN_SECONDS = 10.0
_FIRST_ERROR_STATUS = 400
_FIRST_FAULT_STATUS = 500
# Longer than any valid path; a client may send 64 KiB.
_MAX_PATH_CHARACTERS = 256
# Redaction costs up to 2 µs a character on the event loop. More is redacted than is shown, and the end of that is
# dropped, where a secret may have been cut in two and not recognised.
_MAX_MASKED_CHARACTERS = 768
_DROPPED_CHARACTERS = 256
_QUIET_PATHS = {"/healthz", "/readyz", "/metrics"}
_ADMIN_PREFIX = "/admin/v1"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

CountRefused = Callable[[Scope], Awaitable[SeedgateError | None]]

_log = structlog.get_logger("access")


class RequestScope:
    """ASGI wrapper around the whole application.

    It sets ``request_id``, ``client_address``, ``query`` and ``on_end`` in the request's state, adds ``X-Request-Id``
    and an echoed ``X-Client-Request-Id`` to the response, logs one line per request, and counts it. Probes and
    ``/metrics`` are only logged when they fail. The functions in ``on_end`` are called once the response is known, or
    the request has ended without one.

    Args:
        app: the application.
        clock: the time in UTC.
        trusted_proxies: whose ``X-Forwarded-For`` counts.
        drain_limit_bytes: how much of a refused body is read at most.
        count_refused: counts a request that is answered 4xx before any route has counted it; an error that it returns
            is answered in place of the first.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Callable[[], datetime],
        trusted_proxies: Sequence[IPv4Network | IPv6Network] = (),
        drain_limit_bytes: int = 0,
        count_refused: CountRefused | None = None,
    ) -> None:
        self._app = app
        self._count_refused = count_refused
        self._clock = clock
        self._trusted_proxies = trusted_proxies
        self._drain_limit_bytes = drain_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        state["request_id"] = new_request_id(self._clock())
        peer = scope["client"][0] if scope.get("client") else ""
        state["client_address"] = client_address(peer, headers.getlist("x-forwarded-for"), self._trusted_proxies)
        # The framework would parse every query, at any length and before authentication.
        state["query"], scope["query_string"] = Query(scope["query_string"]), b""
        state["log_fields"] = {}
        state["limit_headers"] = None
        exchange = _Exchange(
            scope,
            receive,
            send,
            headers,
            drain_limit_bytes=self._drain_limit_bytes,
            count_refused=self._count_refused,
        )
        state["on_end"] = exchange.on_end
        try:
            await self._take_turn(state, exchange)
            with collecting_log_fields(state["log_fields"]):
                await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001 - every exception has to become a response
            await self._answer_failure(scope, exchange, error)
        finally:
            exchange.end_work()
            seconds = time.perf_counter() - started
            _count(scope, exchange.status, seconds)
            if scope["path"] not in _QUIET_PATHS or (exchange.status or 0) >= _FIRST_ERROR_STATUS:
                _write_line(scope, exchange.status, seconds)

    @staticmethod
    async def _take_turn(state: dict[str, Any], exchange: "_Exchange") -> None:
        """Waits for a turn of the client's network, which lasts until the request is authenticated."""
        turns: Turns | None = state.get("turns")
        network = network_of(state["client_address"])
        # On a Unix socket clients have no address; they would all share one turn.
        if turns is not None and network:
            exchange.on_end.append((await turns.acquire(f"network {network}")).end)

    async def _answer_failure(self, scope: Scope, exchange: "_Exchange", error: Exception) -> None:
        if isinstance(error, ResponseCutError) and exchange.status is not None:
            scope["state"]["error_code"] = "ResponseCut"
            CONNECTIONS_CUT.labels("source").inc()
            _log.warning("response_cut", request_id=scope["state"]["request_id"], reason=str(error))
            raise error
        response = await handle_error(Request(scope), error)
        log_if_unexpected(response.status_code, error, scope["state"]["request_id"])
        if exchange.status is None:
            await response(scope, exchange.receive, exchange.send)
        else:
            raise error


class _Exchange:
    """The ``receive`` and ``send`` of one request, observed."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: Headers,
        *,
        drain_limit_bytes: int,
        count_refused: CountRefused | None,
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._state: dict[str, Any] = scope["state"]
        self._drain_limit_bytes = drain_limit_bytes
        self._count_refused = count_refused
        self._is_replaced = False
        self._is_body_complete = not ("content-length" in headers or "transfer-encoding" in headers)
        self._is_body_held_back = headers.get("expect", "").lower() == "100-continue"
        client_id = headers.get("x-client-request-id", "")
        self._client_request_id = client_id if CLIENT_REQUEST_ID.fullmatch(client_id) else None
        self.status: int | None = None
        self.on_end: list[Callable[[], None]] = []

    def end_work(self) -> None:
        """Calls the ``on_end`` functions; before the response is written, because a client may read slowly."""
        while self.on_end:
            self.on_end.pop()()

    async def receive(self) -> Message:
        # Receiving the body makes the server send "100 Continue".
        self._is_body_held_back = False
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._is_body_complete = True
        return message

    async def send(self, message: Message) -> None:
        if self._is_replaced:
            return
        if message["type"] == "http.response.start":
            if _FIRST_ERROR_STATUS <= message["status"] < _FIRST_FAULT_STATUS and await self._is_one_too_many():
                return
            self.end_work()
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._state["request_id"]
            if self._state["limit_headers"] is not None:
                headers.update(self._state["limit_headers"]())
            if self._client_request_id is not None:
                headers["X-Client-Request-Id"] = self._client_request_id
            if message["status"] >= _FIRST_ERROR_STATUS and not await self._drain():
                headers["Connection"] = "close"
        await self._send(message)

    async def _is_one_too_many(self) -> bool:
        """Counts a refused request, and answers it if it is beyond a limit; returns whether it is."""
        if self._count_refused is None or self._state["limit_headers"] is not None:
            return False
        error = await self._count_refused(self._scope)
        if error is None:
            return False
        response = await handle_error(Request(self._scope), error)
        await response(self._scope, self.receive, self.send)
        self._is_replaced = True
        return True

    async def _drain(self) -> bool:
        """Reads and drops the rest of the body, so that a client that reads only after writing gets the error.

        A client that waits for ``100 Continue`` has not sent a body yet.

        Returns:
            False when the body was not read to its end and the connection has to be closed.
        """
        dropped = 0
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not (self._is_body_complete or self._is_body_held_back):
                    dropped += len((await self.receive()).get("body", b""))
                    if dropped > self._drain_limit_bytes:
                        break
        except (TimeoutError, SeedgateError):
            # The body is too slow, or malformed.
            pass
        return self._is_body_complete


def _count(scope: Scope, status: int | None, seconds: float) -> None:
    """Counts a request; the labels have a bounded number of values, whatever clients send."""
    route = _template_of(scope)
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(route, method, f"{status // 100}xx" if status else "none").inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def _template_of(scope: Scope) -> str:
    template: str = getattr(scope.get("route"), "path", "none")
    # The framework leaves the prefix of an included router out.
    is_admin = scope["path"].startswith(_ADMIN_PREFIX) and template.startswith("/")
    return _ADMIN_PREFIX + template if is_admin and not template.startswith(_ADMIN_PREFIX) else template


def shown_path(path: str) -> str:
    """Returns the beginning of a path for the log, redacted; the cost is bounded, whatever the path."""
    masked: str = redact(path[:_MAX_MASKED_CHARACTERS])
    if len(path) > _MAX_MASKED_CHARACTERS:
        masked = masked[:-_DROPPED_CHARACTERS]
    return masked[:_MAX_PATH_CHARACTERS]


def _write_line(scope: Scope, status: int | None, seconds: float) -> None:
    state = scope["state"]
    write_line(
        request_id=state["request_id"],
        method=scope["method"],
        path=shown_path(scope["path"]),
        status=status,
        code=state.get("error_code"),
        seconds=seconds,
        client=state["client_address"],
        fields=state["log_fields"],
    )


def write_line(
    *,
    request_id: str,
    method: str,
    path: str,
    status: int | None,
    code: str | None,
    seconds: float,
    client: str,
    fields: Mapping[str, str],
) -> None:
    """Writes the log line of a request; ``path`` is redacted already."""
    # The lines of requests before this one, which stand in order.
    access_log.flush()
    _log.info(
        "request",
        request_id=request_id,
        method=method,
        path=path,
        status=status,
        code=code,
        milliseconds=round(seconds * 1000, 1),
        client=client,
        **fields,
    )


def log_if_unexpected(status: int, error: Exception, request_id: str) -> None:
    """Logs the traceback of an error that became a 500."""
    if status == 500:  # noqa: PLR2004 - unexpected
        _log.error("unexpected_error", request_id=request_id, exc_info=error)
