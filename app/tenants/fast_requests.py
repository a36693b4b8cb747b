"""The requests of the fast path (``app.http.fast_path``): who asks, and how often they may.

The use of a key is noted as by the route. Whatever is not plain is left to the route, above all another credential
than one ``Bearer`` key that is known: in memory, where ``app.tenants.key_cache`` holds it for a minute while its
changes are heard and else for 0.9 seconds, or, for ``FastRequests.answer`` and ``read_later``, found within the last
hour, so that it is looked up here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

import structlog

from app.core.turns import Turns
from app.http.client_address import client_address, is_within
from app.http.fast_path import Later
from app.http.head_parser import RequestHead
from app.limits.counters import RateLimits
from app.limits.quotas import Quotas
from app.observability.access_log import access_log
from app.tenants.api_key import KeyParts
from app.tenants.authentication import Authenticator
from app.tenants.fast_request import FastRequest, Signed
from app.tenants.permissions import Permission
from app.tenants.principal import Principal
from app.upstream.signed_request import SignedRequest

# Of ``X-Forwarded-For``: several addresses.
_MAX_KEPT_BYTES = 256

_log = structlog.get_logger()
_SIGNATURE = b"HMAC-SHA256 "


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


class FastRequests:
    """Reads the requests of the fast path, and counts those of limited callers. One per process.

    Args:
        authenticator: knows the keys.
        turns: of the tenants, for what is answered later.
        rate_limits: counts the requests of limited callers.
        clock: the time in UTC.
        trusted_proxies: whose ``X-Forwarded-For`` counts.
        cors_origins: pages that may read the responses; empty: ``Origin`` says nothing.
        metrics_port: the port on which nothing is answered.
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
    ) -> None:
        self._authenticator = authenticator
        self._turns = turns
        self._rate_limits = rate_limits
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._trusted_proxies = tuple(trusted_proxies)
        self._metrics_port = metrics_port
        self._short_address_of = lru_cache(maxsize=4096)(self._find_address)
        read = {b"authorization", b"x-api-key", b"x-client-request-id"}
        self._read = frozenset(
            read | ({b"x-forwarded-for"} if self._trusted_proxies else set()) | ({b"origin"} if cors_origins else set())
        )

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
