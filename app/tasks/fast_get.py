"""The GET of a task, answered without the framework: from memory when it has ended, else by a shared read.

Whatever is not plain is left to the route ``get_task`` (``app.tenants.fast_requests``): another method, a query, a task
that is not found or has a ``callback_url``. Such an answer takes no turn (``app.core.turns``), because all of them
together need one connection, and each needs some microseconds.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import NamedTuple

import structlog

from app.http.fast_path import Later
from app.http.head_parser import RequestHead
from app.observability.access_log import to_json_text
from app.observability.log_context import collecting_log_fields
from app.tasks.models import TaskRow
from app.tasks.ready_answers import COLLECTION, ReadyAnswer, ReadyAnswers
from app.tasks.service import TaskService
from app.tasks.shared_reads import SharedReads, StoredTask
from app.tenants.fast_request import FastRequest, FastRoute
from app.tenants.fast_requests import FastRequests
from app.tenants.fast_responses import FastResponses
from app.tenants.permissions import Permission

_PREFIX = f"{COLLECTION}/".encode("ascii")
# One that the router reads as it is written.
_PLAIN_ID = re.compile(rb"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")

_log = structlog.get_logger()


class _Asked(NamedTuple):
    """A request that will be answered."""

    request: FastRequest
    task_id: str


class FastGet:
    """Answers GETs of tasks. One per process; see ``app.http.fast_path``.

    Args:
        requests: reads the requests.
        responses: writes the responses.
        tasks: says whether a row may be shown as it is.
        ready_answers: the answers in memory.
        reads: reads the other tasks.
        clock: the time in UTC.
    """

    def __init__(
        self,
        requests: FastRequests,
        responses: FastResponses,
        tasks: TaskService,
        *,
        ready_answers: ReadyAnswers,
        reads: SharedReads,
        clock: Callable[[], datetime],
    ) -> None:
        self._requests = requests
        self._responses = responses
        self._route = FastRoute("GET", COLLECTION + "/{task_id}")
        self._tasks = tasks
        self._ready_answers = ready_answers
        self._reads = reads
        self._clock = clock
        self._refreshing: dict[tuple[str, str], list[_Asked]] = {}
        self._background: set[asyncio.Task[None]] = set()

    @staticmethod
    def awaits_body(_head: RequestHead) -> bool:
        """As ``FastPath.awaits_body``."""
        return False

    def answer(
        self,
        head: RequestHead,
        body: bytes,
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
    ) -> bytes | Later | None:
        """As ``FastPath.answer``."""
        raw_path = head.raw_path
        if not raw_path.startswith(_PREFIX) or head.method != "GET" or head.query or body:
            return None
        raw_id = raw_path[len(_PREFIX) :]
        if not _PLAIN_ID.fullmatch(raw_id):
            return None
        task_id = raw_id.decode("ascii")
        return self._requests.answer(
            head,
            partial(self._answer, task_id),
            peer=peer,
            port=port,
            default_headers=default_headers,
            respond=respond,
            needed=Permission.READ,
        )

    def _answer(self, task_id: str, request: FastRequest) -> bytes | Later:
        asked = _Asked(request, task_id)
        tenant_id = request.principal.tenant_id
        found = self._ready_answers.get(tenant_id, asked.task_id)
        if found is not None:
            return self._response(asked, found, None, "")
        self._reads.read(tenant_id, asked.task_id, partial(self._respond, asked))
        return Later.LATER

    def _respond(self, asked: _Asked, stored: StoredTask | None) -> None:
        if stored is None or stored.shows_delivery:
            asked.request.respond(None)
            return
        is_due = stored.freshness.is_call_due(self._clock())
        if is_due and self._tasks.may_call(asked.request.principal, stored.row):
            self._wait_for_refresh(asked, stored.row)
        else:
            self._show(asked, stored)

    def _show(self, asked: _Asked, stored: StoredTask, log_fields: str = "") -> None:
        stale_seconds = stored.freshness.stale_seconds(self._clock())
        asked.request.respond(self._response(asked, stored.answer, stale_seconds, log_fields))

    def _wait_for_refresh(self, asked: _Asked, row: TaskRow) -> None:
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
                    asked.request.respond(None)

    def _respond_refreshed(self, asked: _Asked, log_fields: str, stored: StoredTask | None) -> None:
        if stored is None or stored.shows_delivery:
            asked.request.respond(None)
        else:
            self._show(asked, stored, log_fields)

    def _response(self, asked: _Asked, found: ReadyAnswer, stale_seconds: int | None, log_fields: str) -> bytes:
        """Returns a response; counts and logs the request."""
        return self._responses.success(
            asked.request,
            self._route,
            found.body,
            header_lines=found.header_lines,
            log_path=found.log_path,
            log_fields=found.log_fields + log_fields,
            stale_seconds=stale_seconds,
        )
