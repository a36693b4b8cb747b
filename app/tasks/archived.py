"""What became of the copies of a task's files: written into the task's row, and shown to its tenant.

``TaskRow.archived`` has ``keys``, the place of each stored copy by the member of ``content``; ``errors``, why others
could not be copied; and ``ended``, the copies whose days are over.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.archive.links import ArchiveLinks, Link
from app.archive.models import ArchiveCopyRow
from app.archive.outbox import COPIED
from app.core.strict_json import to_json_bytes
from app.tasks.models import TaskRow
from app.tasks.ready_answers import ReadyAnswers
from app.tasks.responses import to_list_item, to_task
from app.webhooks.models import DeliveryRow

_KEYS, _ERRORS, _ENDED = "keys", "errors", "ended"
_CLIP = "video_url"


class ArchiveMarks:
    """Writes into tasks what became of their copies (``app.archive.copier.TaskMarks``)."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], ready_answers: ReadyAnswers) -> None:
        self._sessions = sessions
        self._ready_answers = ready_answers

    async def mark_stored(self, row: ArchiveCopyRow, write: Callable[[AsyncSession], Awaitable[bool]]) -> bool:
        """Shows the copy from the commit of ``write`` on; returns what ``write`` does."""
        return await self._mark(row, write, lambda archived: _with(archived, _KEYS, row.member, row.object_key))

    async def mark_ended(
        self, row: ArchiveCopyRow, write: Callable[[AsyncSession], Awaitable[bool]], *, error: str | None
    ) -> bool:
        """Shows that there is no copy, and why; no process makes a link to it any more when this returns True."""
        place, value = (_ERRORS, error) if error is not None else (_ENDED, True)
        return await self._mark(row, write, lambda archived: _with(archived, place, row.member, value))

    async def _mark(
        self,
        copied: ArchiveCopyRow,
        write: Callable[[AsyncSession], Awaitable[bool]],
        change: Callable[[Mapping[str, Any]], dict[str, Any]],
    ) -> bool:
        query = select(TaskRow).where(TaskRow.tenant_id == copied.tenant_id, TaskRow.id == copied.task_id)
        async with self._ready_answers.deletion() as announcement, self._sessions.begin() as session:
            # The task before its copies, as a deletion of the task locks them.
            task = await session.scalar(query.with_for_update())
            is_written = await write(session)
            if is_written and task is not None and task.deleted_at is None:
                task.archived = change(task.archived or {})
                await announcement.announce(session, task)
        return is_written


def show(row: TaskRow, links: ArchiveLinks | None, now: datetime) -> dict[str, Any]:
    """Returns the body of a GET of a task, with the links to its copies of this moment."""
    return with_copies(to_task(row), row.archived, _links_of(row, links, now))


def show_in_list(row: TaskRow, links: ArchiveLinks | None, now: datetime) -> dict[str, Any]:
    """Returns the JSON of a task in a list, likewise."""
    return with_copies(to_list_item(row), row.archived, _links_of(row, links, now))


def is_copied(row: TaskRow, member: str) -> bool:
    """Returns whether the archive has a file of a task, by its member of ``content``."""
    return member in (row.archived or {}).get(_KEYS, {})


def usable_until(row: TaskRow, links: ArchiveLinks | None, now: datetime) -> datetime | None:
    """Returns until when an answer of this moment may be kept: half the life of its links; None: for good."""
    return links.half_ends_at(row.id, now) if links is not None and _links_of(row, links, now) else None


def _links_of(row: TaskRow, links: ArchiveLinks | None, now: datetime) -> dict[str, Link]:
    keys = (row.archived or {}).get(_KEYS)
    return links.of(row.tenant_id, row.id, keys, now) if links is not None and keys else {}


def with_copies(body: dict[str, Any], archived: Mapping[str, Any] | None, links: Mapping[str, Link]) -> dict[str, Any]:
    """Returns the body of a GET with the links to the copies in ``content``, and with ``archive``.

    ``content.expires_at`` becomes the earliest end of the links beside it. A last frame without a copy, now and later,
    does not count: its link ends with the upstream's, and the clip stays.
    """
    if not archived:
        return body
    content = body.get("content")
    if links and isinstance(content, dict):
        settled = {*archived.get(_ERRORS, {}), *archived.get(_ENDED, {})} - {_CLIP}
        others = [name for name in COPIED if name in content and name not in links and name not in settled]
        ends = [link.expires_at for link in links.values()]
        if others and isinstance(content.get("expires_at"), int):
            ends.append(content["expires_at"])
        shown = {name: link.url for name, link in links.items() if name in content}
        body = {**body, "content": {**content, **shown, "expires_at": min(ends)}}
    return {**body, "archive": archive_state(archived)}


async def fresh_bodies(
    links: ArchiveLinks, clock: Callable[[], datetime], session: AsyncSession, messages: Sequence[DeliveryRow]
) -> dict[str, str]:
    """Returns the bodies of messages whose links have changed since they were written, by the ids of the messages.

    A message is sent with the links of that moment: it may be sent hours after it was written.
    """
    wanted = {(row.tenant_id, row.task_id) for row in messages if '"video_url"' in row.body}
    if not wanted:
        return {}
    key = tuple_(TaskRow.tenant_id, TaskRow.id)
    query = select(TaskRow.tenant_id, TaskRow.id, TaskRow.archived).where(
        key.in_(sorted(wanted)), TaskRow.archived.is_not(None), TaskRow.deleted_at.is_(None)
    )
    found = {(row.tenant_id, row.id): row.archived for row in await session.execute(query)}
    now, bodies = clock(), {}
    for row in messages:
        archived = found.get((row.tenant_id, row.task_id))
        if archived is not None and archived.get(_KEYS):
            made = links.of(row.tenant_id, row.task_id, archived[_KEYS], now)
            bodies[row.id] = to_json_bytes(with_copies(json.loads(row.body), archived, made)).decode()
    return bodies


def archive_state(archived: Mapping[str, Any]) -> dict[str, str | None]:
    """Returns what a client is shown of the copies: ``failed`` if one of them could not be made."""
    errors = archived.get(_ERRORS)
    if errors:
        return {"state": "failed", "last_error": next(iter(errors.values()))}
    return {"state": "expired" if archived.get(_ENDED) else "stored", "last_error": None}


def _with(archived: Mapping[str, Any], place: str, member: str, value: Any) -> dict[str, Any]:
    """Returns ``archived`` with a member in one place, and in no other."""
    others = {name: {key: kept for key, kept in members.items() if key != member} for name, members in archived.items()}
    changed = others | {place: {**others.get(place, {}), member: value}}
    return {name: members for name, members in changed.items() if members}
