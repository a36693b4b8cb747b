"""What the answers of the fast path (``app.http.fast_path``) have in common: who asks, and the response.

A response is byte for byte that of the route, and its log line, metrics and ``last_used_at`` are the same. Whatever is
not plain is left to the route, above all another credential than one ``Bearer`` key that is known: in memory, where
``app.tenants.key_cache`` holds it for a minute while its changes are heard and else for 0.9 seconds, or, for
``FastRequests.answer`` and ``read_later``, found within the last hour, so that it is looked up here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.core.turns import Turns
from app.http.client_address import client_address, is_within
from app.http.cors import EXPOSED
from app.http.errors import render_error, to_logged_error
from app.http.fast_path import Later
from app.http.head_parser import RequestHead
from app.http.request_scope import CLIENT_REQUEST_ID, log_if_unexpected, write_line
from app.ids import new_request_id
from app.limits.counters import RateLimits
from app.limits.quotas import Quotas
from app.observability.access_log import access_log
from app.observability.counters import REQUEST_SECONDS, REQUESTS
from app.tenants.api_key import KeyParts
from app.tenants.authentication import Authenticator
from app.tenants.permissions import Permission
from app.tenants.principal import Principal
from app.upstream.signed_request import SignedRequest

# Of ``X-Forwarded-For``: several addresses.
_MAX_KEPT_BYTES = 256

_log = structlog.get_logger()
_SIGNATURE = b"HMAC-SHA256 "
_START = b"HTTP/1.1 200 OK\r\n"


class FastRoute:
    """A route whose requests are answered here.

    Args:
        method: such as ``GET``.
        template: the path of the route, with the names of its parameters.
    """

    def __init__(self, method: str, template: str) -> None:
        self.method = method
        self.template = template
        # Bound once: finding the series by its labels costs 2 µs.
        self.requests = REQUESTS.labels(template, method, "2xx")
        self.seconds = REQUEST_SECONDS.labels(template)


class _Fields(NamedTuple):
    """What the headers of a request say of its caller, unchecked.

    Attributes:
        authorization: ``Authorization``.
        key: the key in it; None: it has another form.
        client_request_id: the first ``X-Client-Request-Id``.
        origin: the one ``Origin``; None also when no web page may call.
        forwarded_for: all ``X-Forwarded-For``, if one of them counts.
    """

    authorization: bytes
    key: KeyParts | None
    client_request_id: bytes | None
    origin: bytes | None
    forwarded_for: tuple[bytes, ...]


class FastRequest(NamedTuple):
    """A request of a known caller.

    Attributes:
        principal: who asks.
        address: the client's.
        client_request_id: its ``X-Client-Request-Id``.
        origin: its ``Origin``; None when no web page may call.
        started: ``time.perf_counter()`` at its beginning.
        default_headers: the server's own.
        respond: as for ``FastPath.answer``.
    """

    principal: Principal
    address: str
    client_request_id: bytes | None
    origin: bytes | None
    started: float
    default_headers: Iterable[tuple[bytes, bytes]]
    respond: Callable[[bytes | None], None]


class Signed(NamedTuple):
    """What a signature is verified with, beside the head.

    Attributes:
        query_pairs: decoded.
        body: as received.
        is_native: the request came to the native entry, which alone takes signing keys.
    """

    query_pairs: Sequence[tuple[str, str]]
    body: bytes
    is_native: bool


class FastRequests:
    """Reads the requests of the fast path and writes their responses. One per process.

    Args:
        authenticator: knows the keys.
        turns: of the tenants, for what is answered later.
        rate_limits: counts the requests of limited callers.
        clock: the time in UTC.
        trusted_proxies: whose ``X-Forwarded-For`` counts.
        cors_origins: pages that may read the response; empty: no page, and no CORS header.
        metrics_port: the port on which nothing is answered.
        region: for errors.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        turns: Turns,
        rate_limits: RateLimits,
        clock: Callable[[], datetime],
        *,
        trusted_proxies: Sequence[IPv4Network | IPv6Network],
        cors_origins: Collection[str],
        metrics_port: int | None,
        region: str,
    ) -> None:
        self._authenticator = authenticator
        self._turns = turns
        self._rate_limits = rate_limits
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._trusted_proxies = tuple(trusted_proxies)
        self._cors: dict[bytes | None, bytes] = {
            origin.encode("latin-1"): _cors_lines(origin) for origin in cors_origins
        }
        self._other_origin = _cors_lines(None) if cors_origins else b""
        self._metrics_port = metrics_port
        self._region = region
        self._short_address_of = lru_cache(maxsize=4096)(self._find_address)
        read = {b"authorization", b"x-api-key", b"x-client-request-id"}
        self._read = frozenset(
            read | ({b"x-forwarded-for"} if self._trusted_proxies else set()) | ({b"origin"} if cors_origins else set())
        )
        self._default_headers: object = None
        self._default_lines = b""

    def read(
        self,
        head: RequestHead,
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
        needed: Permission,
        signed: Signed | None = None,
    ) -> FastRequest | None:
        """Returns a request whose caller is known without waiting, or None to leave it to the route.

        The arguments are those of ``FastPath.answer``, the permission that the caller needs, and what a signature is
        verified with; without that, signed requests are left to the route. The use of the key is noted.
        """
        started = time.perf_counter()
        fields = self._fields_of(head)
        if fields is None or not self._is_answered(port):
            return None
        address = self._address_of(peer, fields.forwarded_for) if self._trusted_proxies else peer
        now = self._clock()
        if fields.key is not None:
            principal = self._authenticator.recall_key(fields.key, address, now)
        elif signed is None or not fields.authorization.startswith(_SIGNATURE):
            return None
        else:
            request = SignedRequest.from_wire(
                method=head.method, raw_path=head.raw_path, query_pairs=signed.query_pairs, headers=head.headers
            )
            principal = self._authenticator.recall_signature(
                request, address, now, body=signed.body, is_native=signed.is_native
            )
        if principal is None or needed not in principal.permissions:
            return None
        if principal.quotas is not None and needed is Permission.READ:
            respond = partial(self._respond_or_give_back, respond, principal.quotas)
        return FastRequest(
            principal, address, fields.client_request_id, fields.origin, started, default_headers, respond
        )

    def is_direct(self, peer: str) -> bool:
        """Says whether a connection's other end is a client, as far as is known: neither a proxy nor a Unix socket."""
        return bool(peer) and not (self._trusted_proxies and is_within(peer, self._trusted_proxies))

    def answer(
        self,
        head: RequestHead,
        answer: Callable[[FastRequest], bytes | Later | None],
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
        needed: Permission,
        signed: Signed | None = None,
    ) -> bytes | Later | None:
        """Answers a request by ``answer`` once its caller is known; the other arguments are those of ``read``."""
        request = self.read(
            head,
            peer=peer,
            port=port,
            default_headers=default_headers,
            respond=respond,
            needed=needed,
            signed=signed,
        )
        if request is not None:
            return self._answer_limited(request, answer)
        return self.read_later(
            head, answer, peer=peer, port=port, default_headers=default_headers, respond=respond, needed=needed
        )

    def read_later(
        self,
        head: RequestHead,
        answer: Callable[[FastRequest], bytes | Later | None],
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
        needed: Permission,
    ) -> Later | None:
        """Looks up the caller of a request for which ``read`` returned None, if its key was found within the last hour.

        Otherwise all clients that waited for the upstream for a second would go to the route when they come back.

        ``answer`` gets the request once its caller is known; it answers as ``FastPath.answer`` does.
        The other arguments are those of ``read``.

        Returns:
            None to leave the request to the route now.
        """
        fields = self._fields_of(head)
        if fields is None or not self._is_answered(port):
            return None

        def go_on() -> None:
            request = self.read(
                head, peer=peer, port=port, default_headers=default_headers, respond=respond, needed=needed
            )
            response = None if request is None else self._answer_limited(request, answer)
            if response is not Later.LATER:
                respond(response)

        return Later.LATER if self._authenticator.recall_later(fields.authorization, go_on) else None

    def _answer_limited(
        self, request: FastRequest, answer: Callable[[FastRequest], bytes | Later | None]
    ) -> bytes | Later | None:
        """Counts a request and answers it; leaves it to the route, uncounted, if it has to wait or to be refused."""
        quotas = request.principal.quotas
        if quotas is None:
            return answer(request)
        if not self._rate_limits.spend(quotas.requests):
            return None
        response = answer(request)
        if response is None:
            self._rate_limits.give_back(quotas.requests)
        return response

    async def count_create(self, principal: Principal) -> None:
        """Counts the create of a task.

        Raises:
            RateLimitedError: 429, there are too many requests or creates for the limits of the caller.
        """
        quotas = principal.quotas
        if quotas is not None:
            await self._rate_limits.acquire(quotas.requests)
            await self._rate_limits.acquire(quotas.creates, is_exact=True)

    def _respond_or_give_back(
        self, respond: Callable[[bytes | None], None], quotas: Quotas, response: bytes | None
    ) -> None:
        if response is None:
            self._rate_limits.give_back(quotas.requests)
        respond(response)

    def now(self) -> datetime:
        """Returns the time in UTC."""
        return self._clock()

    def answer_later(self, request: FastRequest, read: Callable[[], Awaitable[bytes | None]]) -> Later:
        """Answers a request in a turn of its tenant.

        Args:
            request: what is answered.
            read: returns the response, or None to leave the request to the route, as it is left when ``read`` raises.
        """
        task = asyncio.create_task(self._answer(request, read))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return Later.LATER

    async def _answer(self, request: FastRequest, read: Callable[[], Awaitable[bytes | None]]) -> None:
        response = None
        turn = await self._turns.acquire(f"tenant {request.principal.tenant_id}")
        try:
            response = await read()
        except Exception as error:  # noqa: BLE001 - the route tries again, and reports it
            _log.info("fast_answer_failed", error=repr(error))
        finally:
            turn.end()
            request.respond(response)

    def response(
        self,
        request: FastRequest,
        route: FastRoute,
        body: bytes,
        *,
        log_path: str,
        log_fields: str = "",
        header_lines: bytes | None = None,
        request_id: str | None = None,
        stale_seconds: int | None = None,
    ) -> bytes:
        """Returns a response; counts and logs the request.

        Args:
            request: what is answered.
            route: whose request it is.
            body: the JSON.
            log_path: the path as the log shows it, as JSON.
            log_fields: members of the log line after those of the caller, each with a comma and a space before it.
            header_lines: ``header_lines_of(body)``, if that is known.
            request_id: the one that stands in the body; None for a new one.
            stale_seconds: the age of the answer when it is stale.
        """
        now = self._clock()
        if request_id is None:
            request_id = new_request_id(now)
        first_lines, last_lines = self._lines_of_all(request)
        seconds = time.perf_counter() - request.started
        route.requests.inc()
        route.seconds.observe(seconds)
        if access_log.is_wanted:
            # The line that ``RequestScope`` would write.
            access_log.add(
                f'{{"request_id": "{request_id}", "method": "{route.method}", "path": {log_path}, "status": 200, '
                f'"code": null, "milliseconds": {seconds * 1000:.1f}, "client": "{request.address}", '
                f'"tenant": "{request.principal.tenant_id}", "key": "{request.principal.key_public_part}"{log_fields}, '
                f'"event": "request", "logger": "access", "level": "info", "timestamp": "{access_log.timestamp(now)}"}}'
            )
        return b"".join(
            (
                _START,
                first_lines,
                b"" if stale_seconds is None else b"x-seedgate-stale: %d\r\n" % stale_seconds,
                header_lines_of(body) if header_lines is None else header_lines,
                request_id.encode("ascii"),
                b"\r\n",
                last_lines,
                b"\r\n",
                body,
            )
        )

    def failure(
        self,
        request: FastRequest,
        route: FastRoute,
        error: Exception,
        *,
        request_id: str,
        log_fields: Mapping[str, str],
    ) -> bytes:
        """Returns the response for an error, as ``RequestScope`` does; counts and logs the request.

        Args:
            request: what is answered.
            route: whose request it is; a path without parameters.
            error: any exception.
            request_id: of the request.
            log_fields: of the log line.
        """
        shown = to_logged_error(error, route.method)
        log_if_unexpected(shown.status, error, request_id)
        state = {"request_id": request_id, "region": self._region}
        response = render_error(shown, {"path": route.template, "state": state})
        first_lines, last_lines = self._lines_of_all(request)
        seconds = time.perf_counter() - request.started
        REQUESTS.labels(route.template, route.method, f"{shown.status // 100}xx").inc()
        route.seconds.observe(seconds)
        write_line(
            request_id=request_id,
            method=route.method,
            path=route.template,
            status=shown.status,
            code=shown.code,
            seconds=seconds,
            client=request.address,
            fields=log_fields,
        )
        return b"".join(
            (
                STATUS_LINE[shown.status],
                first_lines,
                *(b"%b: %b\r\n" % field for field in response.raw_headers),
                b"x-request-id: %b\r\n" % request_id.encode("ascii"),
                last_lines,
                b"\r\n",
                bytes(response.body),
            )
        )

    def _lines_of_all(self, request: FastRequest) -> tuple[bytes, bytes]:
        """Returns the fields with which every response begins, and those after ``X-Request-Id``."""
        extra = self._cors.get(request.origin, self._other_origin)
        client_request_id = request.client_request_id
        if client_request_id is not None and CLIENT_REQUEST_ID.fullmatch(client_request_id.decode("latin-1")):
            extra = b"x-client-request-id: %b\r\n%b" % (client_request_id, extra)
        quotas = request.principal.quotas
        if quotas is not None:
            limits = f"ratelimit-policy: {quotas.policy}\r\nratelimit: {self._rate_limits.state(quotas)}\r\n"
            extra = limits.encode("ascii") + extra
        if request.default_headers is not self._default_headers:
            # The server makes new ones each second.
            self._default_headers = request.default_headers
            self._default_lines = b"".join(b"%b: %b\r\n" % pair for pair in request.default_headers)
        return self._default_lines, extra

    def _is_answered(self, port: int | None) -> bool:
        return (self._metrics_port is None or port != self._metrics_port) and (
            access_log.is_json or not access_log.is_wanted
        )

    def _fields_of(self, head: RequestHead) -> _Fields | None:
        """Returns what the headers say of the caller; None leaves the request to the route."""
        known: _Fields | None = head.notes.caller
        if known is None:
            known = head.notes.caller = self._read_fields(head.headers)
        return known

    def _read_fields(self, headers: Iterable[tuple[bytes, bytes]]) -> _Fields | None:
        """Does what ``_fields_of`` does; None: there is no key, or there are several."""
        authorization = client_request_id = origin = None
        forwarded_for: tuple[bytes, ...] = ()
        for name, value in headers:
            if name not in self._read:
                continue
            if name == b"authorization" and authorization is None:
                authorization = value
            elif name == b"x-client-request-id":
                client_request_id = value if client_request_id is None else client_request_id
            elif name == b"x-forwarded-for":
                forwarded_for += (value,)
            elif name == b"origin" and origin is None:
                origin = value
            else:
                return None
        if authorization is None:
            return None
        key = self._authenticator.parse(authorization)
        return _Fields(authorization, key, client_request_id, origin, forwarded_for)

    def _address_of(self, peer: str, forwarded_for: tuple[bytes, ...]) -> str:
        # A head has room for 64 KiB of addresses, which must not stay in memory.
        is_short = sum(map(len, forwarded_for)) <= _MAX_KEPT_BYTES
        return (self._short_address_of if is_short else self._find_address)(peer, forwarded_for)

    def _find_address(self, peer: str, forwarded_for: tuple[bytes, ...]) -> str:
        return client_address(peer, [value.decode("latin-1") for value in forwarded_for], self._trusted_proxies)


def header_lines_of(body: bytes) -> bytes:
    """Returns the fields of a head that depend on a JSON body, up to the value of ``x-request-id``."""
    return b"content-length: %d\r\ncontent-type: application/json\r\nx-request-id: " % len(body)


def _cors_lines(origin: str | None) -> bytes:
    lines = ["vary: Origin"]
    if origin is not None:
        lines += [f"access-control-allow-origin: {origin}", f"access-control-expose-headers: {', '.join(EXPOSED)}"]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")
