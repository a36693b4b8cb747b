"""Reads the tasks that clients ask about: one statement for all who ask while the one before runs.

A request is answered by a statement that began after it had arrived, as if it had read the row itself. The statement
is prepared and goes past the ORM; a task's JSON is made anew only when its row has changed. With 64 clients a GET of an
unfinished task takes 29 µs of CPU on a machine at rest (``2026-11-30-run-1``); it took 3,010 on a busy one before
(``2026-11-29-baseline``).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from app.archive.links import ArchiveLinks
from app.core.change_feed import ChangeFeed
from app.core.strict_json import to_json_bytes
from app.db.base import utc_now
from app.db.engine import DRIVER_ERRORS, is_unavailable
from app.tasks.archived import show, usable_until
from app.tasks.freshness import Freshness, freshness_of
from app.tasks.models import TaskRow
from app.tasks.ready_answers import ReadyAnswer, ReadyAnswers, is_constant, ready_answer

_MAX_KEYS = 256
_MAX_KNOWN = 1000
# All clients wait for the one connection; the route reads by others.
_TIMEOUT_SECONDS = 5.0
# Between the beginnings of two statements. A client that asks alone does not wait for it.
_INTERVAL_SECONDS = 0.002
# What ``to_task``, ``TaskService``, ``is_constant`` and a refresh of the row read.
_COLUMNS = (
    "tenant_id",
    "id",
    "upstream_id",
    "channel_id",
    "upstream_model",
    "service_tier",
    "status",
    "callback_token_hash",
    "callback_url",
    "is_spare_id_public",
    "created_at",
    "updated_at",
    "asked_at",
    "polled_at",
    "next_poll_at",
    "finished_at",
    "parameters",
    "snapshot",
    "archived",
)
_NAMES = ", ".join(_COLUMNS)
# A row whose version is known is not sent again: neither JSON nor times are decoded for it.
_CHANGED = ", ".join(f"CASE WHEN version = known_version THEN NULL ELSE {name} END AS {name}" for name in _COLUMNS)
# ``xmin`` is the transaction that wrote the row as it is.
_READ = f"""
    SELECT number, version, version = known_version IS TRUE AS is_known, {_CHANGED}
    FROM unnest($1::text[], $2::text[], $3::xid[])
        WITH ORDINALITY AS wanted (wanted_tenant_id, wanted_id, known_version, number)
    CROSS JOIN LATERAL (
        SELECT xmin AS version, {_NAMES} FROM tasks
        WHERE tenant_id = wanted_tenant_id AND id = wanted_id AND deleted_at IS NULL
        UNION ALL
        SELECT xmin AS version, {_NAMES} FROM tasks
        WHERE tenant_id = wanted_tenant_id AND upstream_id = wanted_id AND id <> wanted_id AND deleted_at IS NULL
    ) AS found
"""  # noqa: S608 - constants

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task as it was read.

    Attributes:
        row: detached, with the columns that the answer is made of.
        version: of the row; another one after each change.
        freshness: of the row.
        shows_delivery: its answer shows a delivery, which is not read here.
        answer: the response to a GET, unless it shows a delivery.
    """

    row: TaskRow
    version: int
    freshness: Freshness
    shows_delivery: bool
    answer: ReadyAnswer


OnRead = Callable[[StoredTask | None], None]
_Key = tuple[str, str]


class SharedReads:
    """Reads tasks of all tenants, each by its tenant's id and its own. One per process.

    Args:
        engine: one of its connections is used while there is something to read.
        ready_answers: keeps the answers about tasks that have ended.
        feed: tells when the database may have gone away.
        links: makes the links to copies.
        clock: the time in UTC, which decides about the links.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        ready_answers: ReadyAnswers,
        feed: ChangeFeed,
        links: ArchiveLinks | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._links = links
        self._clock = clock
        self._engine = engine
        self._ready_answers = ready_answers
        self._waiting: dict[_Key, list[OnRead]] = {}
        self._known: OrderedDict[_Key, StoredTask] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None
        feed.subscribe(self._forget)

    def read(self, tenant_id: str, task_id: str, on_read: OnRead) -> None:
        """Reads a tenant's live task; ``on_read`` gets it, or None when there is none or it could not be read.

        Args:
            tenant_id: whose task it must be.
            task_id: the upstream's id or our spare one.
            on_read: must not raise.
        """
        self._waiting.setdefault((tenant_id, task_id), []).append(on_read)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        """Reads until nothing waits."""
        try:
            async with self._engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                try:
                    while self._waiting:
                        begun_at = time.monotonic()
                        await self._read_batch(driver)
                        await asyncio.sleep(begun_at + _INTERVAL_SECONDS - time.monotonic())
                except BaseException:
                    await connection.invalidate()
                    raise
        except BaseException as error:
            self._worker = None
            self._give_up()
            if not (is_unavailable(error) or isinstance(error, (OSError, *DRIVER_ERRORS))):
                raise
            _log.info("shared_read_failed", error=type(error).__name__)
        else:
            # What has come while the connection was given back.
            self._worker = asyncio.create_task(self._work()) if self._waiting else None

    def _give_up(self) -> None:
        unread, self._waiting = self._waiting, {}
        for waiters in unread.values():
            for on_read in waiters:
                on_read(None)

    async def _read_batch(self, driver: Any) -> None:
        keys = list(islice(self._waiting, _MAX_KEYS))
        batch = [self._waiting.pop(key) for key in keys]
        position = self._ready_answers.position()
        known = [self._known.get(key) for key in keys]
        found: dict[int, Any] = {}
        try:
            tenant_ids, task_ids = zip(*keys, strict=True)
            versions = [None if each is None else each.version for each in known]
            records = await driver.fetch(_READ, tenant_ids, task_ids, versions, timeout=_TIMEOUT_SECONDS)
            found = {record["number"]: record for record in records}
        finally:
            for number, (key, waiters) in enumerate(zip(keys, batch, strict=True), 1):
                stored = self._stored(key, known[number - 1], found.get(number), position)
                for on_read in waiters:
                    on_read(stored)

    def _stored(self, key: _Key, known: StoredTask | None, record: Any, position: int | None) -> StoredTask | None:
        if record is None:
            self._known.pop(key, None)
            return None
        if record["is_known"]:
            if key in self._known:
                self._known.move_to_end(key)
            return known
        try:
            stored = _to_stored(key[1], record, self._links, self._clock())
        except Exception as error:  # noqa: BLE001 - the other requests of the batch are answered, and the route reports it
            _log.info("shared_read_not_rendered", task=key[1], error=repr(error))
            return None
        if is_constant(stored.row):
            self._known.pop(key, None)
            self._ready_answers.put(*key, stored.answer, position=position)
        else:
            self._known[key] = stored
            self._known.move_to_end(key)
            if len(self._known) > _MAX_KNOWN:
                self._known.popitem(last=False)
        return stored

    def _forget(self, name: str | None) -> None:
        """Drops everything when the connection to the server was lost.

        A server that was restored from a backup meanwhile gives the numbers of versions a second time.
        """
        if name is None:
            self._known.clear()


def _to_stored(task_id: str, record: Any, links: ArchiveLinks | None, now: datetime) -> StoredTask:
    row = TaskRow(**{name: record[name] for name in _COLUMNS})
    return StoredTask(
        row,
        version=record["version"],
        freshness=freshness_of(row),
        shows_delivery=row.callback_url is not None,
        answer=ready_answer(
            to_json_bytes(show(row, links, now)),
            task_id=task_id,
            channel_id=row.channel_id,
            usable_until=usable_until(row, links, now),
        ),
    )
