"""The GET of a task, answered without the framework: from memory when it has ended, else by a shared read.

The response is byte for byte that of the route ``get_task``, and its log line, metrics and ``last_used_at`` are the
same. Whatever is not plain is left to the route: another method, a query, another credential than one ``Bearer`` key
that was read within the last second, a task that is not found or has a ``callback_url``. Such an answer takes no turn
(``app.core.turns``), because all of them together need one connection, and each needs some microseconds.
"""

import asyncio
import re
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

import structlog

from app.http.client_address import client_address
from app.http.cors import EXPOSED
from app.http.fast_path import Later
from app.http.head_parser import RequestHead
from app.http.request_scope import CLIENT_REQUEST_ID
from app.ids import new_request_id
from app.observability.access_log import access_log, to_json_text
from app.observability.counters import REQUEST_SECONDS, REQUESTS
from app.observability.log_context import collecting_log_fields
from app.tasks.models import TaskRow
from app.tasks.ready_answers import COLLECTION, ReadyAnswer, ReadyAnswers
from app.tasks.service import TaskService
from app.tasks.shared_reads import SharedReads, StoredTask
from app.tenants.authentication import Authenticator
from app.tenants.principal import Principal

_PREFIX = f"{COLLECTION}/".encode("ascii")
_ROUTE = COLLECTION + "/{task_id}"
# One that the router reads as it is written.
_PLAIN_ID = re.compile(rb"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
# Of ``X-Forwarded-For``: several addresses.
_MAX_KEPT_BYTES = 256
_START = b"HTTP/1.1 200 OK\r\n"

_log = structlog.get_logger()


class _Asked(NamedTuple):
    """A request that will be answered."""

    principal: Principal
    task_id: str
    address: str
    client_request_id: bytes | None
    origin: bytes | None
    started: float
    default_headers: Iterable[tuple[bytes, bytes]]
    respond: Callable[[bytes | None], None]


class FastGet:
    """Answers GETs of finished tasks. One per process; see ``app.http.fast_path``.

    Args:
        authenticator: knows the keys.
        tasks: says whether a row may be shown as it is.
        ready_answers: the answers in memory.
        reads: reads the other tasks.
        clock: the time in UTC.
        trusted_proxies: whose ``X-Forwarded-For`` counts.
        cors_origins: pages that may read the response; empty: no page, and no CORS header.
        metrics_port: the port on which it answers nothing.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        tasks: TaskService,
        ready_answers: ReadyAnswers,
        reads: SharedReads,
        clock: Callable[[], datetime],
        *,
        trusted_proxies: Sequence[IPv4Network | IPv6Network],
        cors_origins: Collection[str],
        metrics_port: int | None,
    ) -> None:
        self._authenticator = authenticator
        self._tasks = tasks
        self._ready_answers = ready_answers
        self._reads = reads
        self._clock = clock
        self._trusted_proxies = tuple(trusted_proxies)
        self._cors: dict[bytes | None, bytes] = {
            origin.encode("latin-1"): _cors_lines(origin) for origin in cors_origins
        }
        self._other_origin = _cors_lines(None) if cors_origins else b""
        self._metrics_port = metrics_port
        self._short_address_of = lru_cache(maxsize=4096)(self._find_address)
        read = {b"authorization", b"x-api-key", b"x-client-request-id"}
        self._read = frozenset(
            read | ({b"x-forwarded-for"} if self._trusted_proxies else set()) | ({b"origin"} if cors_origins else set())
        )
        # Bound once: finding the series by its labels costs 2 µs.
        self._requests = REQUESTS.labels(_ROUTE, "GET", "2xx")
        self._seconds = REQUEST_SECONDS.labels(_ROUTE)
        self._refreshing: dict[tuple[str, str], list[_Asked]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._default_headers: object = None
        self._default_lines = b""

    def answer(
        self,
        head: RequestHead,
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
    ) -> bytes | Later | None:
        """As ``FastPath.answer``."""
        raw_path = head.raw_path
        if not raw_path.startswith(_PREFIX) or head.method != "GET" or head.query:
            return None
        started = time.perf_counter()
        fields = self._read_fields(head.headers)
        if fields is None or (self._metrics_port is not None and port == self._metrics_port):
            return None
        authorization, client_request_id, origin, forwarded_for = fields
        address = self._address_of(peer, forwarded_for) if self._trusted_proxies else peer
        now = self._clock()
        principal = self._authenticator.recall(authorization, address, now)
        raw_id = raw_path[len(_PREFIX) :]
        if principal is None or not _PLAIN_ID.fullmatch(raw_id) or (access_log.is_wanted and not access_log.is_json):
            return None
        task_id = raw_id.decode("ascii")
        asked = _Asked(principal, task_id, address, client_request_id, origin, started, default_headers, respond)
        found = self._ready_answers.get(principal.tenant_id, task_id)
        if found is not None:
            return self._response(asked, found, now, None, "")
        self._reads.read(principal.tenant_id, task_id, partial(self._respond, asked))
        return Later.LATER

    def _respond(self, asked: "_Asked", stored: StoredTask | None) -> None:
        if stored is None or stored.row.callback_url is not None:
            asked.respond(None)
        elif self._tasks.is_call_due(asked.principal, stored.row):
            self._wait_for_refresh(asked, stored.row)
        else:
            self._show(asked, stored)

    def _show(self, asked: "_Asked", stored: StoredTask, log_fields: str = "") -> None:
        stale_seconds = self._tasks.stale_seconds(stored.row)
        asked.respond(self._response(asked, stored.answer, self._clock(), stale_seconds, log_fields))

    def _wait_for_refresh(self, asked: "_Asked", row: TaskRow) -> None:
        """Asks the upstream once for all clients that ask about a task meanwhile.

        Each of them would cost 3 ms on the route; a task that 16 clients poll is due every two seconds.
        """
        key = row.tenant_id, asked.task_id
        waiting = self._refreshing.get(key)
        if waiting is not None:
            waiting.append(asked)
            return
        self._refreshing[key] = [asked]
        task = asyncio.create_task(self._refresh(key, row))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _refresh(self, key: tuple[str, str], row: TaskRow) -> None:
        # The log line of the client for which the call is made shows the call.
        fields: dict[str, str] = {}
        is_refreshed = False
        try:
            with collecting_log_fields(fields):
                await self._tasks.refresh(row)
            is_refreshed = True
        except Exception as error:  # noqa: BLE001 - the route tries again, and reports it
            _log.info("fast_refresh_failed", error=repr(error))
        finally:
            # The channel stands in each line of the task.
            text = "".join(f', "{name}": {to_json_text(value)}' for name, value in fields.items() if name != "channel")
            for number, asked in enumerate(self._refreshing.pop(key)):
                if is_refreshed:
                    self._reads.read(*key, partial(self._respond_refreshed, asked, "" if number else text))
                else:
                    asked.respond(None)

    def _respond_refreshed(self, asked: "_Asked", log_fields: str, stored: StoredTask | None) -> None:
        if stored is None or stored.row.callback_url is not None:
            asked.respond(None)
        else:
            self._show(asked, stored, log_fields)

    def _response(
        self, asked: "_Asked", found: ReadyAnswer, now: datetime, stale_seconds: int | None, log_fields: str
    ) -> bytes:
        """Returns a response; counts and logs the request."""
        request_id = new_request_id(now)
        extra = self._cors.get(asked.origin, self._other_origin)
        client_request_id = asked.client_request_id
        if client_request_id is not None and CLIENT_REQUEST_ID.fullmatch(client_request_id.decode("latin-1")):
            extra = b"x-client-request-id: %b\r\n%b" % (client_request_id, extra)
        if asked.default_headers is not self._default_headers:
            # The server makes new ones each second.
            self._default_headers = asked.default_headers
            self._default_lines = b"".join(b"%b: %b\r\n" % pair for pair in asked.default_headers)
        seconds = time.perf_counter() - asked.started
        self._requests.inc()
        self._seconds.observe(seconds)
        if access_log.is_wanted:
            access_log.add(_line(found, asked, log_fields, request_id=request_id, now=now, seconds=seconds))
        return b"".join(
            (
                _START,
                self._default_lines,
                b"" if stale_seconds is None else b"x-seedgate-stale: %d\r\n" % stale_seconds,
                found.header_lines,
                request_id.encode("ascii"),
                b"\r\n",
                extra,
                b"\r\n",
                found.body,
            )
        )

    def _read_fields(
        self, headers: Iterable[tuple[bytes, bytes]]
    ) -> tuple[bytes, bytes | None, bytes | None, tuple[bytes, ...]] | None:
        """Returns ``Authorization``, ``X-Client-Request-Id``, ``Origin`` and all ``X-Forwarded-For``, or None.

        None leaves the request to the route: there is no key, or there are several.
        """
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
        return None if authorization is None else (authorization, client_request_id, origin, forwarded_for)

    def _address_of(self, peer: str, forwarded_for: tuple[bytes, ...]) -> str:
        # A head has room for 64 KiB of addresses, which must not stay in memory.
        is_short = sum(map(len, forwarded_for)) <= _MAX_KEPT_BYTES
        return (self._short_address_of if is_short else self._find_address)(peer, forwarded_for)

    def _find_address(self, peer: str, forwarded_for: tuple[bytes, ...]) -> str:
        return client_address(peer, [value.decode("latin-1") for value in forwarded_for], self._trusted_proxies)


def _cors_lines(origin: str | None) -> bytes:
    lines = ["vary: Origin"]
    if origin is not None:
        lines += [f"access-control-allow-origin: {origin}", f"access-control-expose-headers: {', '.join(EXPOSED)}"]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def _line(found: ReadyAnswer, asked: _Asked, log_fields: str, *, request_id: str, now: datetime, seconds: float) -> str:
    """Returns the line that ``RequestScope`` would write."""
    principal = asked.principal
    return (
        f'{{"request_id": "{request_id}", "method": "GET", "path": {found.log_path}, "status": 200, "code": null, '
        f'"milliseconds": {seconds * 1000:.1f}, "client": "{asked.address}", "tenant": "{principal.tenant_id}", '
        f'"key": "{principal.key_public_part}", {found.log_fields}{log_fields}, "event": "request", '
        f'"logger": "access", "level": "info", "timestamp": "{access_log.timestamp(now)}"}}'
    )
