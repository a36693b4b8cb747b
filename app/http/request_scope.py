"""The outermost layer of every request: its id, the client's address, the log line, the last resort for errors.

A pure ASGI middleware, because Starlette's BaseHTTPMiddleware costs 147 µs per request and breaks cancellation.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.turns import Turns
from app.errors import SeedgateError
from app.http.client_address import client_address, network_of
from app.http.query import Query
from app.http.rendering import handle_error
from app.ids import new_request_id
from app.observability.metrics import REQUEST_SECONDS, REQUESTS
from app.observability.notes import noting
from app.observability.redaction import redact

_CLIENT_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_DRAIN_SECONDS = 10.0
_FIRST_ERROR_STATUS = 400
# Longer than any path of ours with the longest id; a client can send 64 KiB of it.
_MOST_PATH_CHARACTERS = 256
# Masking costs up to 2 µs a character on the event loop. Secrets are masked in more of a path than is shown, and of
# that the end is dropped, where half of a secret may stand that is not recognised.
_MOST_MASKED_CHARACTERS = 768
_UNCERTAIN_CHARACTERS = 256
_QUIET_PATHS = {"/healthz", "/readyz", "/metrics"}
_ADMIN_PREFIX = "/admin/v1"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

_log = structlog.get_logger("access")


class RequestScope:
    """Wraps an ASGI application.

    Sets ``request_id``, ``client_address``, ``query`` and ``endings`` in the request's state, ``X-Request-Id`` and an
    echoed ``X-Client-Request-Id`` on the answer, writes one log line per request, and counts it. Of the probes and of
    ``/metrics``, which come every few seconds for ever, only those that fail leave a line. What is in ``endings`` is
    called once the answer is known, or the request has ended without one.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Callable[[], datetime],
        trusted_proxies: Sequence[IPv4Network | IPv6Network] = (),
        drain_limit_bytes: int = 0,
    ) -> None:
        self._app = app
        self._clock = clock
        self._trusted_proxies = trusted_proxies
        self._drain_limit_bytes = drain_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection event, as ASGI asks."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        state["request_id"] = new_request_id(self._clock())
        peer = scope["client"][0] if scope.get("client") else ""
        state["client_address"] = client_address(peer, headers.getlist("x-forwarded-for"), self._trusted_proxies)
        # The framework would parse every query, of authenticated clients or not, at any length.
        state["query"], scope["query_string"] = Query(scope["query_string"]), b""
        state["noted"] = {}
        exchange = _Exchange(receive, send, headers, state["request_id"], self._drain_limit_bytes)
        state["endings"] = exchange.endings
        try:
            await self._take_turn(state, exchange)
            with noting(state["noted"]):
                await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001 - the last resort: no exception may leave without an answer
            await self._answer_failure(scope, exchange, error)
        finally:
            exchange.end_work()
            seconds = time.perf_counter() - started
            _count(scope, exchange.status, seconds)
            if scope["path"] not in _QUIET_PATHS or (exchange.status or 0) >= _FIRST_ERROR_STATUS:
                _write_line(scope, exchange.status, seconds)

    @staticmethod
    async def _take_turn(state: dict[str, Any], exchange: "_Exchange") -> None:
        """Waits for a turn of the client's network, which lasts until it is known who calls."""
        turns: Turns | None = state.get("turns")
        network = network_of(state["client_address"])
        # On a Unix socket nobody has an address, and all would be one.
        if turns is not None and network:
            exchange.endings.append((await turns.acquire(f"network {network}")).end)

    async def _answer_failure(self, scope: Scope, exchange: "_Exchange", error: Exception) -> None:
        response = await handle_error(Request(scope), error)
        if response.status_code == 500:  # noqa: PLR2004 - an error nobody foresaw
            _log.exception("unexpected_error", request_id=scope["state"]["request_id"], exc_info=error)
        if exchange.status is None:
            await response(scope, exchange.receive, exchange.send)
        else:
            raise error


def note(request: Request, **fields: str | None) -> None:
    """Adds fields such as ``tenant``, ``key`` or ``task`` to the request's log line."""
    request.state.noted.update({name: value for name, value in fields.items() if value is not None})


class _Exchange:
    """The two ends of one request, observed."""

    def __init__(self, receive: Receive, send: Send, headers: Headers, request_id: str, drain_limit_bytes: int) -> None:
        self._receive = receive
        self._send = send
        self._request_id = request_id
        self._drain_limit_bytes = drain_limit_bytes
        self._is_body_complete = not ("content-length" in headers or "transfer-encoding" in headers)
        self._is_body_held_back = headers.get("expect", "").lower() == "100-continue"
        client_id = headers.get("x-client-request-id", "")
        self._client_request_id = client_id if _CLIENT_REQUEST_ID.fullmatch(client_id) else None
        self.status: int | None = None
        self.endings: list[Callable[[], None]] = []

    def end_work(self) -> None:
        """Calls what is to be called once the answer is known, before it is written: a client may read slowly."""
        while self.endings:
            self.endings.pop()()

    async def receive(self) -> Message:
        # Asking for the body is what makes the server send "100 Continue".
        self._is_body_held_back = False
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._is_body_complete = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.end_work()
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._request_id
            if self._client_request_id is not None:
                headers["X-Client-Request-Id"] = self._client_request_id
            if message["status"] >= _FIRST_ERROR_STATUS and not await self._drain():
                headers["Connection"] = "close"
        await self._send(message)

    async def _drain(self) -> bool:
        """Reads and drops the rest of the body, so that a client that writes first and reads later sees the error.

        A client that waits for ``100 Continue`` has sent nothing yet and is answered at once.

        Returns:
            False when the body was not read to its end, so that the connection cannot be used any more.
        """
        dropped = 0
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not (self._is_body_complete or self._is_body_held_back):
                    dropped += len((await self.receive()).get("body", b""))
                    if dropped > self._drain_limit_bytes:
                        break
        except (TimeoutError, SeedgateError):
            # It is too slow, or cannot be read to its end.
            pass
        return self._is_body_complete


def _count(scope: Scope, status: int | None, seconds: float) -> None:
    """Counts a request under labels of which there are only so many, whatever clients send."""
    route = _template_of(scope)
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(route, method, f"{status // 100}xx" if status else "none").inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def _template_of(scope: Scope) -> str:
    template: str = getattr(scope.get("route"), "path", "none")
    # The framework names the route of an included router without the router's prefix.
    is_admins = scope["path"].startswith(_ADMIN_PREFIX) and template.startswith("/")
    return _ADMIN_PREFIX + template if is_admins and not template.startswith(_ADMIN_PREFIX) else template


def shown_path(path: str) -> str:
    """Returns what a log line shows of a path: its beginning, with every secret masked.

    Args:
        path: of any length and content; what this costs is bounded.
    """
    masked: str = redact(path[:_MOST_MASKED_CHARACTERS])
    if len(path) > _MOST_MASKED_CHARACTERS:
        masked = masked[:-_UNCERTAIN_CHARACTERS]
    return masked[:_MOST_PATH_CHARACTERS]


def _write_line(scope: Scope, status: int | None, seconds: float) -> None:
    state = scope["state"]
    _log.info(
        "request",
        request_id=state["request_id"],
        method=scope["method"],
        path=shown_path(scope["path"]),
        status=status,
        code=state.get("error_code"),
        milliseconds=round(seconds * 1000, 1),
        client=state["client_address"],
        **state["noted"],
    )
