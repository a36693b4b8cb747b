"""Gives a tenant an upstream task that no row owns, because the operator says that it is the tenant's.

After a restore from a backup there is no intent to which the task could be attributed (``recovery.attribution``), so a
row is made for it. The upstream is asked first, and a task that has an owner keeps it.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.log import Actor, Target, record
from app.channels.channel import Channel
from app.create_parameters import DEFAULT_TIER
from app.creates.adoption import Adoption, AdoptionRefusedError
from app.creates.locks import lock_owners
from app.ids import new_spare_task_id
from app.tasks.context import TasksContext
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import ListedTask, to_listed
from app.tasks.recovery.attribution_rules import MAX_CLOCK_ERROR, has_tag_of, may_match
from app.tasks.recovery.orphans import Orphans
from app.tasks.recovery.repository import AllIntents, Owner
from app.tasks.responses import to_tier
from app.tasks.state import Source, apply_upstream_id, apply_upstream_state
from app.upstream.errors import UpstreamRejectedError
from app.upstream.rate_limits import RateClass
from app.usage.pricing import Pricing

_UPSTREAM_ID_INDEX = "uq_tasks_upstream_id"
_TOKEN_TIMEOUT_SECONDS = 5.0
_MAX_NAMED = 5
_WINDOW = "execution_expires_after"

_log = structlog.get_logger()


class TaskAdoption:
    """Gives upstream tasks to tenants."""

    def __init__(self, context: TasksContext) -> None:
        self._context = context

    async def adopt(
        self,
        actor: Actor,
        upstream_id: str,
        *,
        tenant_id: str,
        key_id: str,
        channel: Channel,
        sharing: Collection[str],
        name_of: Callable[[str], str],
    ) -> Adoption:
        """Makes an upstream task a tenant's, with the state and usage that the upstream reports.

        Writes the audit row ``task.adopt`` in the same transaction.

        Args:
            actor: the operator.
            upstream_id: a usable id.
            tenant_id: its new owner.
            key_id: the tenant's API key to which it is assigned.
            channel: the channel of the task, with a data plane.
            sharing: all channels that use the same account.
            name_of: returns the public name of what the channel calls a model.

        Raises:
            AdoptionRefusedError: a create of unknown outcome may have made it.
            NoChannelError: 503, the tenant or the channel has just been deleted.
            TimeoutError: the account's rate limit is used up.
            UpstreamError: the upstream gave no usable answer.
        """
        assert channel.ark is not None  # noqa: S101 - the caller has chosen such a channel
        if not await self._context.rates.acquire(
            channel.id, RateClass.BACKGROUND_GET, timeout_seconds=_TOKEN_TIMEOUT_SECONDS
        ):
            raise TimeoutError("no token for a GET call")
        asked_at = self._context.clock()
        try:
            body, answered_at = await self._context.ark.get_dated(channel.ark, upstream_id)
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise
            return Adoption.NOT_FOUND
        offset = None if answered_at is None else answered_at - self._context.clock()
        task = to_listed(body, to_tier(body.get("service_tier")) or DEFAULT_TIER)
        row = self._to_row(task, body, tenant_id=tenant_id, key_id=key_id, channel=channel, name_of=name_of)
        pricing = await self._context.pricing.current()
        try:
            async with self._context.sessions.begin() as session:
                # Before the owner is read: a create that ends in between is then seen by one of both queries.
                rivals = await self._rivals(session, task, sharing, offset)
                owner = await AllIntents(session).owner_of(upstream_id)
                if owner is not None:
                    return _verdict(owner, tenant_id)
                if any(row.status == TaskStatus.SUBMITTING.value for row in rivals):
                    return Adoption.IN_FLIGHT
                if rivals:
                    raise AdoptionRefusedError(_refusal(rivals))
                await lock_owners(session, tenant_id, channel.id)
                await self._write(session, actor, row, body, pricing=pricing, asked_at=asked_at)
        except IntegrityError as error:
            if _UPSTREAM_ID_INDEX not in str(error.orig):
                raise
            async with self._context.sessions() as session:
                return _verdict(await AllIntents(session).owner_of(upstream_id), tenant_id)
        return Adoption.ADOPTED

    async def _rivals(
        self, session: AsyncSession, task: ListedTask, sharing: Collection[str], offset: timedelta | None
    ) -> list[TaskRow]:
        """Returns the open creates that may have made the task: their own answer, a callback or a tag may tell."""
        return [
            row
            for row in await AllIntents(session).open(sharing)
            if row.claimed_upstream_id == task.id
            or has_tag_of(row, task)
            or may_match(row, task, offset=offset, grace=self._context.grace, margin=MAX_CLOCK_ERROR)
        ]

    def _to_row(
        self,
        task: ListedTask,
        body: dict[str, Any],
        *,
        tenant_id: str,
        key_id: str,
        channel: Channel,
        name_of: Callable[[str], str],
    ) -> TaskRow:
        now = self._context.clock()
        window = body.get(_WINDOW)
        return TaskRow(
            tenant_id=tenant_id,
            id=new_spare_task_id(now),
            key_id=key_id,
            channel_id=channel.id,
            model=name_of(task.model),
            upstream_model=task.model,
            service_tier=task.service_tier,
            status=TaskStatus.UNKNOWN.value,
            parameters={_WINDOW: window} if type(window) is int else {},
            request_hash=b"",
            created_at=min(task.created_at or now, now),
            updated_at=now,
        )

    async def _write(
        self,
        session: AsyncSession,
        actor: Actor,
        row: TaskRow,
        body: dict[str, Any],
        *,
        pricing: Pricing,
        asked_at: datetime,
    ) -> None:
        now = self._context.clock()
        session.add(row)
        await session.flush()  # its history refers to it
        apply_upstream_id(session, row, body["id"], source=Source.OPERATOR, now=now, detail="adopted")
        apply_upstream_state(session, row, body, pricing=pricing, asked_at=asked_at, source=Source.OPERATOR, now=now)
        await Orphans(session).remove(body["id"])
        target = Target("task", row.id, row.tenant_id)
        record(session, actor, "task.adopt", target, at=now, upstream_id=body["id"], channel_id=row.channel_id)
        _log.info("task_adopted", task=row.id, upstream_id=body["id"], tenant=row.tenant_id)


def _refusal(rivals: Sequence[TaskRow]) -> str:
    ids = ", ".join(row.id for row in rivals[:_MAX_NAMED])
    return (
        "a create of unknown outcome may have made it: resolve that one first with `seedgate tasks resolve` "
        f"({ids}{', …' if len(rivals) > _MAX_NAMED else ''})"
    )


def _verdict(owner: Owner | None, tenant_id: str) -> Adoption:
    if owner is None or owner.tenant_id != tenant_id:
        return Adoption.OWNED
    return Adoption.DELETED if owner.is_deleted else Adoption.OWN
