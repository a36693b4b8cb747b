"""Reports upstream objects that have no row, for example after the restore of an older backup.

Nothing is written, and no transaction is open during the upstream calls, which respect each account's rate limits. A
list that could not be read completely is reported as incomplete, together with the objects that were read.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.admin.reconcile.likely_owners import LikelyOwners, load_likely_owners
from app.admin.reconcile.schemas import FoundObject, Line, ListEnd, Progress
from app.assets.account_snapshot import AssetSnapshot, Item
from app.assets.create_spec import Kind, matches
from app.assets.models import AssetGroupRow, CreateIntentRow
from app.assets.repository import AllAssets, OpenCreates
from app.assets.state import parse_time
from app.catalog.service import ModelCatalog
from app.channels.channel import Channel, ChannelStatus
from app.channels.directory import ChannelDirectory
from app.channels.probe import explain
from app.errors import InvalidParameterError
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import AccountSnapshot, ListedTask, SnapshotReader
from app.tasks.recovery.attribution_rules import MARGIN, may_match
from app.tasks.recovery.repository import AllIntents
from app.upstream.errors import UpstreamError

TASKS_KEPT = timedelta(days=7)
"""How long the upstream lists a task."""

_PROGRESS_SECONDS = 5.0
# The operator's clock may be ahead.
_MAX_CLOCK_SKEW = timedelta(minutes=5)
_KINDS = {Kind.GROUP: "group", Kind.ASSET: "asset"}


class Reconciliation:
    """Compares the lists of all upstream accounts with the rows of all tenants.

    Args:
        sessions: of the database.
        directory: the channels.
        snapshots: reads lists of tasks.
        asset_snapshot: reads lists of groups and assets.
        catalog: the models.
        clock: the time in UTC.
        grace: how long after the end of its call a create may still become a task.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        directory: ChannelDirectory,
        snapshots: SnapshotReader,
        asset_snapshot: AssetSnapshot,
        catalog: ModelCatalog,
        clock: Callable[[], datetime],
        grace: timedelta,
    ) -> None:
        self._sessions = sessions
        self._directory = directory
        self._snapshots = snapshots
        self._asset_snapshot = asset_snapshot
        self._catalog = catalog
        self._clock = clock
        self._grace = grace

    def check_since(self, since: datetime) -> datetime:
        """Returns the time unchanged.

        Raises:
            InvalidParameterError: 400, it is in the future.
        """
        if since > self._clock() + _MAX_CLOCK_SKEW:
            raise InvalidParameterError("since", "The parameter `since` must not be in the future.")
        return since

    async def channels(self, wanted: str | None) -> list[Channel]:
        """Returns all channels, or the one with this id or name.

        Raises:
            InvalidParameterError: 400, there is no such channel.
        """
        channels = await self._directory.all(None)
        found = [channel for channel in channels if wanted in {None, channel.id, channel.name}]
        if wanted is not None and not found:
            raise InvalidParameterError("channel", "There is no channel with this id or name.")
        return found

    async def lines(self, channels: Sequence[Channel], since: datetime) -> AsyncIterator[Line]:
        """Yields each account's objects without a row that were created after ``since``, and the end of each list."""
        async with self._sessions() as session:
            owners = await load_likely_owners(session, await self._catalog.index())
        comparison = _Comparison(since=since, owners=owners)
        for channel in channels:
            if channel.status != ChannelStatus.ACTIVE:
                text = "the channel is suspended, so the upstream was not asked"
                yield ListEnd.of(channel, "task", since, is_complete=False, problem=text)
                continue
            if channel.ark is not None and not comparison.listed & await self._directory.sharing(channel):
                comparison.listed.add(channel.id)
                async for line in self._tasks(channel, comparison):
                    yield line
            if channel.openapi is not None:
                for kind in Kind:
                    async for line in self._objects(channel, kind, comparison):
                        yield line

    async def _tasks(self, channel: Channel, comparison: "_Comparison") -> AsyncIterator[Line]:
        assert channel.ark is not None  # noqa: S101 - checked by the caller
        reading = asyncio.create_task(self._snapshots.read(channel.id, channel.ark, before_page=_nothing))
        try:
            while not (await asyncio.wait({reading}, timeout=_PROGRESS_SECONDS))[0]:
                yield Progress(channel_name=channel.name, kind="task")
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
        read = reading.result()
        since = max(comparison.since, read.started_at - TASKS_KEPT)
        listed = [task for task in read.tasks.values() if not _is_before(task, read, since)]
        unknown = await self._unknown_tasks(channel, read, listed, comparison.owners)
        for found in unknown:
            yield found
        yield ListEnd.of(
            channel,
            "task",
            since,
            listed=len(listed),
            unknown=len(unknown),
            is_complete=read.is_complete,
            problem=None if read.is_complete else _problem(read.error),
        )

    async def _unknown_tasks(
        self, channel: Channel, read: AccountSnapshot, listed: Sequence[ListedTask], owners: LikelyOwners
    ) -> list[FoundObject]:
        sharing = await self._directory.sharing(channel)
        async with self._sessions() as session:
            # In this order: a create that ends between the two queries is found by both, and not missed by both.
            intents = await AllIntents(session).without_task(sharing, before_cut=self._grace + 2 * MARGIN)
            owned = await AllIntents(session).owned([task.id for task in listed])
        unknown = [task for task in listed if task.id not in owned]
        unknown.sort(key=lambda task: (task.created_at or read.started_at, task.id), reverse=True)
        return [self._to_found(channel, task, intents, read, owners) for task in unknown]

    def _to_found(
        self,
        channel: Channel,
        task: ListedTask,
        intents: Iterable[TaskRow],
        read: AccountSnapshot,
        owners: LikelyOwners,
    ) -> FoundObject:
        possible = [row for row in intents if may_match(row, task, offset=read.offset, grace=self._grace)]
        tenants = {row.tenant_id for row in possible}
        likely, evidence = None, None
        if len(tenants) == 1:
            (likely,), evidence = tenants, "only a create of this tenant may have made it"
        elif not tenants and (likely := owners.only_one(channel, task.model)) is not None:
            evidence = "no other tenant may use this channel and model"
        return FoundObject(
            kind="task",
            upstream_id=task.id,
            channel_id=channel.id,
            channel_name=channel.name,
            model=task.model,
            service_tier=task.service_tier,
            status=task.status,
            created_at=task.created_at,
            total_tokens=task.total_tokens,
            is_in_flight=any(row.status == TaskStatus.SUBMITTING.value for row in possible),
            is_ours=True if channel.exclusive else None,
            likely_tenant=likely,
            evidence=evidence,
            possible_tasks=[row.id for row in possible],
        )

    async def _objects(self, channel: Channel, kind: Kind, comparison: "_Comparison") -> AsyncIterator[Line]:
        listed = unknown = 0
        problem = None
        try:
            async for page in self._asset_snapshot.pages(channel, kind, since=comparison.since - MARGIN):
                fresh = [item for item in page if item["Id"] not in comparison.seen]
                comparison.seen.update(item["Id"] for item in fresh)
                listed += len(fresh)
                for found in await self._unknown_objects(channel, kind, fresh):
                    unknown += 1
                    yield found
                yield Progress(channel_name=channel.name, kind=_KINDS[kind])
        except (UpstreamError, TimeoutError) as error:
            problem = _problem(error)
        yield ListEnd.of(
            channel,
            _KINDS[kind],
            comparison.since,
            listed=listed,
            unknown=unknown,
            is_complete=problem is None,
            problem=problem,
        )

    async def _unknown_objects(self, channel: Channel, kind: Kind, items: Sequence[Item]) -> list[FoundObject]:
        async with self._sessions() as session:
            creates = await OpenCreates(session).of_kind(kind.value)
            everything = AllAssets(session)
            owned = await everything.find_owned([item["Id"] for item in items])
            unknown = [item for item in items if item["Id"] not in owned]
            groups = await everything.find_groups([str(item.get("GroupId")) for item in unknown])
        return [_to_object(channel, kind, item, creates, groups.get(str(item.get("GroupId")))) for item in unknown]


@dataclass
class _Comparison:
    """The state of one comparison.

    Attributes:
        since: objects created before this time are ignored.
        owners: the rights of the tenants.
        listed: ids of the channels whose tasks were listed; channels of one account share a list.
        seen: ids of the groups and assets that were listed.
    """

    since: datetime
    owners: LikelyOwners
    listed: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)


def _to_object(
    channel: Channel, kind: Kind, item: Item, creates: Iterable[CreateIntentRow], group: AssetGroupRow | None
) -> FoundObject:
    possible = [create for create in creates if matches(create, [dict(item)])]
    tenants = {create.tenant_id for create in possible}
    likely, evidence = None, None
    if group is not None:
        likely, evidence = group.tenant_id, "its group is this tenant's"
    elif len(tenants) == 1:
        (likely,), evidence = tenants, "only a create of this tenant may have made it"
    return FoundObject(
        kind=_KINDS[kind],
        upstream_id=item["Id"],
        channel_id=channel.id,
        channel_name=channel.name,
        name=_text(item, "Name"),
        group_id=_text(item, "GroupId"),
        status=_text(item, "Status"),
        created_at=parse_time(item.get("CreateTime")),
        is_in_flight=any(create.cut_at is None for create in possible),
        # Objects are only added to a tenant's group through the gateway.
        is_ours=True if channel.exclusive or group is not None else None,
        likely_tenant=likely,
        evidence=evidence,
    )


def _is_before(task: ListedTask, read: AccountSnapshot, since: datetime) -> bool:
    """Says whether a task was created before a time of our clock, with a margin; False for one without a time."""
    return task.created_at is not None and task.created_at - (read.offset or timedelta()) < since - MARGIN


def _problem(error: UpstreamError | TimeoutError | None) -> str:
    if error is None:
        return "tasks came and went while the list was read; repeat the command"
    if isinstance(error, UpstreamError):
        return explain(error)
    return str(error) or "the upstream did not answer in time"


def _text(item: Item, name: str) -> str | None:
    value = item.get(name)
    return value if isinstance(value, str) and value else None


async def _nothing() -> None:
    return
