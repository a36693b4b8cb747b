"""Writes which files are to be copied, and which copies deleted, in the transaction of the change that causes it."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.archive.models import ArchiveCopyRow, CopyStatus
from app.archive.repository import COPIES_DUE
from app.core.due_work import wake_after_commit
from app.urls import split_url

ARCHIVING = "archiving"
"""The member of a session's ``info`` that says that an archive is configured."""

COPIED = ("video_url", "last_frame_url")
"""The members of ``content`` whose files are copied."""

_SUFFIXES = frozenset({".mp4", ".mov", ".png", ".jpg", ".jpeg", ".webp"})


def enqueue_copies(
    session: AsyncSession,
    *,
    tenant_id: str,
    task_id: str,
    channel_id: str,
    sources: Mapping[str, tuple[str, datetime]],
    now: datetime,
) -> None:
    """Adds the files of a task that has succeeded to the open transaction; does nothing without an archive.

    Args:
        session: the session of the open transaction.
        tenant_id: whose task it is.
        task_id: the task's spare id.
        channel_id: the channel whose upstream made it.
        sources: the upstream's link of each file and until when it works, by a name of ``COPIED``.
        now: the present moment.
    """
    if not session.info.get(ARCHIVING):
        return
    for member, (url, works_until) in sources.items():
        session.add(
            ArchiveCopyRow(
                tenant_id=tenant_id,
                task_id=task_id,
                member=member,
                channel_id=channel_id,
                source_url=url,
                # The random part keeps a key from being guessed, should a bucket be public by mistake.
                object_key=f"{tenant_id}/{task_id}/{secrets.token_hex(8)}{_suffix_of(url)}",
                status=CopyStatus.PENDING.value,
                attempts=0,
                next_attempt_at=now,
                give_up_at=works_until,
                created_at=now,
                updated_at=now,
            )
        )
    wake_after_commit(session, COPIES_DUE)


async def release_copies(session: AsyncSession, tenant_id: str, task_ids: Collection[str], *, now: datetime) -> None:
    """Makes the deletion of the copies of tasks due, in the open transaction; without an archive they wait for one.

    A copy under way may still write its object, so the deletion waits for the end of its lease, which is kept without
    its token: a second release, as by the erasure of a tenant whose task was deleted before, waits for it, too.
    """
    await session.execute(
        update(ArchiveCopyRow)
        .where(ArchiveCopyRow.tenant_id == tenant_id, ArchiveCopyRow.task_id.in_(task_ids))
        .values(
            status=CopyStatus.RELEASED.value,
            next_attempt_at=func.greatest(now, ArchiveCopyRow.lease_until),
            attempts=0,
            lease_token=None,
            source_url="",
            last_error=None,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    wake_after_commit(session, COPIES_DUE)


def _suffix_of(url: str) -> str:
    try:
        suffix = PurePosixPath(split_url(url).path).suffix.lower()
    except ValueError:
        return ""
    return suffix if suffix in _SUFFIXES else ""
