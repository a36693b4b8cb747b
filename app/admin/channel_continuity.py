"""Checks that a channel still leads to the account that holds its objects.

With the credentials of another account, tenants would be told that their tasks and assets do not exist. So when a URL
or a credential changes, the newest task and the newest asset are requested with the new ones.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.models import AssetGroupRow, AssetRow
from app.channels.channel import Channel, Plane
from app.channels.probe import PROBE_TIMEOUT_SECONDS, ask, explain
from app.tasks.models import TaskRow, TaskStatus
from app.upstream.ark import ArkClient
from app.upstream.credentials import OpenApiAccount
from app.upstream.errors import AccountFaultError, ThrottledError, UpstreamError, UpstreamRejectedError
from app.upstream.openapi import OpenApiClient

# The upstream deletes a task seven days after its creation; the hour is a safety margin.
_TASK_LIFE = timedelta(days=7) - timedelta(hours=1)
# For a moment after a create the upstream may not find the object.
_SETTLING = timedelta(seconds=60)
_MAX_ATTEMPTS = 3
# A cancelled task disappears upstream within a day, and a task that the upstream does not know ends as expired here.
_NOT_KEPT_UPSTREAM = [TaskStatus.CANCELLED.value, TaskStatus.EXPIRED.value]


@dataclass(frozen=True)
class LiveObject:
    """An object that the upstream must know, by its upstream id; a task has no project."""

    id: str
    created_at: datetime
    project_name: str | None = None


@dataclass(frozen=True)
class ContinuityCheck:
    """Requests a channel's newest task, and its newest asset or, without assets, its newest group.

    There are at most three attempts, with a pause between two. Only a transient failure is retried, and nothing after
    ten seconds, because an operator waits.
    """

    sessions: async_sessionmaker[AsyncSession]
    ark: ArkClient
    control: OpenApiClient
    clock: Callable[[], datetime]
    pause_seconds: float = 1.0

    async def __call__(self, channel: Channel, planes: frozenset[Plane]) -> str | None:
        """Returns why a channel must be suspended; None if its objects were found, or if it has none.

        Only the planes whose URL or credentials are new are asked. A channel whose upstream cannot be reached must be
        suspended, too. No transaction is open during the calls.
        """
        task, asset, group = await self._newest(channel.id)
        checks: list[Awaitable[str | None]] = []
        if "ark" in planes and task is not None:
            checks.append(self._verify_task(channel, task))
        if "openapi" in planes and asset is not None:
            checks.append(self._verify_stored(channel, "GetAsset", "asset", asset))
        elif "openapi" in planes and group is not None:
            checks.append(self._verify_stored(channel, "GetAssetGroup", "asset group", group))
        return next((failure for failure in await asyncio.gather(*checks) if failure is not None), None)

    async def _newest(self, channel_id: str) -> tuple[LiveObject | None, LiveObject | None, LiveObject | None]:
        async with self.sessions() as session:
            task = await _newest_task(session, channel_id, created_after=self.clock() - _TASK_LIFE)
            asset = await _newest_stored(session, channel_id, AssetRow)
            return task, asset, await _newest_stored(session, channel_id, AssetGroupRow)

    async def _verify_task(self, channel: Channel, task: LiveObject) -> str | None:
        account = channel.ark
        if account is None:
            return f"it has no ark_api_key, but live tasks such as {task.id}"
        return await self._verify("task", task, lambda: self.ark.get(account, task.id))

    async def _verify_stored(self, channel: Channel, action: str, kind: str, found: LiveObject) -> str | None:
        account = channel.openapi
        if account is None:
            return f"it has no access key pair, but live assets such as the {kind} {found.id}"
        return await self._verify(kind, found, lambda: self._get_stored(account, action, found))

    async def _get_stored(self, account: OpenApiAccount, action: str, found: LiveObject) -> object:
        return await self.control.call(account, action, {"Id": found.id, "ProjectName": found.project_name})

    async def _verify(self, kind: str, found: LiveObject, call: Callable[[], Awaitable[object]]) -> str | None:
        started = asyncio.get_running_loop().time()
        error = await ask(call())
        for _ in range(_MAX_ATTEMPTS - 1):
            is_over = asyncio.get_running_loop().time() - started >= PROBE_TIMEOUT_SECONDS
            if error is None or is_over or self._is_definite(error, found):
                break
            await asyncio.sleep(self.pause_seconds)
            error = await ask(call())
        if error is None:
            return None
        if isinstance(error, UpstreamRejectedError) and error.is_not_found:
            return f"its newest {kind} {found.id} is unknown to this account: {error.status} {error.code}"
        return f"its newest {kind} {found.id} could not be verified: {explain(error)}"

    def _is_definite(self, error: UpstreamError, found: LiveObject) -> bool:
        """Says whether a retry would fail in the same way."""
        if isinstance(error, UpstreamRejectedError):
            return not error.is_not_found or self.clock() - found.created_at > _SETTLING
        return isinstance(error, AccountFaultError) and not isinstance(error, ThrottledError)


async def _newest_task(session: AsyncSession, channel_id: str, *, created_after: datetime) -> LiveObject | None:
    """Returns the channel's newest task that the upstream must still have."""
    query = (
        select(TaskRow.upstream_id, TaskRow.created_at)
        .where(
            TaskRow.channel_id == channel_id,
            TaskRow.upstream_id.is_not(None),
            TaskRow.deleted_at.is_(None),
            TaskRow.created_at > created_after,
            TaskRow.status.not_in(_NOT_KEPT_UPSTREAM),
        )
        .order_by(TaskRow.created_at.desc())
    )
    row = (await session.execute(query.limit(1))).first()
    return None if row is None else LiveObject(str(row.upstream_id), row.created_at)


async def _newest_stored(
    session: AsyncSession, channel_id: str, table: type[AssetRow | AssetGroupRow]
) -> LiveObject | None:
    """Returns the channel's newest asset or group that is neither deleted nor missing upstream."""
    columns: tuple[Any, ...] = (table.id, table.created_at, table.project_name)
    query = (
        select(*columns)
        .where(table.channel_id == channel_id, table.deleted_at.is_(None), table.missing_since.is_(None))
        .order_by(table.created_at.desc())
    )
    row = (await session.execute(query.limit(1))).first()
    return None if row is None else LiveObject(*row)
