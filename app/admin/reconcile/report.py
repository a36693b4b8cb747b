"""Reports upstream objects that have no row, for example after the restore of an older backup.

Nothing is written, and no transaction is open during the upstream calls, which respect each account's rate limits. A
list that could not be read completely is reported as incomplete, together with the objects that were read.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.admin.reconcile.candidates import Candidates
from app.admin.reconcile.likely_owners import LikelyOwners, load_likely_owners
from app.admin.reconcile.schemas import FoundObject, Line, ListEnd, Progress
from app.assets.account_snapshot import AssetSnapshot, Item
from app.assets.context import AssetsContext
from app.assets.create_spec import Kind, matches, may_be_of
from app.assets.models import AssetGroupRow, CreateIntentRow
from app.assets.repository import AllAssets, OpenCreates
from app.assets.state import parse_time
from app.catalog.service import ModelCatalog
from app.channels.channel import Channel, ChannelStatus
from app.channels.probe import explain
from app.core.database_place import complete_since
from app.core.leases import Lease, Leases
from app.errors import ConflictError, InvalidParameterError
from app.tasks.context import TasksContext
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import AccountSnapshot, ListedTask, Pace, SnapshotReader
from app.tasks.recovery.attribution_rules import MARGIN
from app.tasks.recovery.repository import AllIntents
from app.upstream.errors import UpstreamError

TASKS_KEPT = timedelta(days=7)
"""How long the upstream lists a task."""

MAX_POSSIBLE = 100
"""How many possible creates are named for one task."""

PROGRESS_SECONDS = 5.0
"""How often an answer says that it is still reading, and its claims are extended."""

_LEASE_SECONDS = 60.0
PACE = Pace(token_timeout_seconds=600.0, pause_seconds=1.5)
"""The list may take minutes rather than end early, and leaves most of the rate to the searches for lost creates."""

# Lists of assets do not tell how the upstream's clock differs.
_ASSETS_MARGIN = timedelta(minutes=15)
_ONLY_CREATE = "only a create of this tenant may have made it, of those that the database knows"
# The operator's clock may be ahead.
_MAX_CLOCK_SKEW = timedelta(minutes=5)
_KINDS = {Kind.GROUP: "group", Kind.ASSET: "asset"}


class Reconciliation:
    """Compares the lists of all upstream accounts with the rows of all tenants."""

    def __init__(self, tasks: TasksContext, assets: AssetsContext, catalog: ModelCatalog) -> None:
        self._sessions = tasks.sessions
        self._directory = tasks.directory
        self._snapshots = SnapshotReader(tasks)
        self._asset_snapshot = AssetSnapshot(assets)
        self._catalog = catalog
        self._leases = Leases(tasks.sessions)
        self._clock = tasks.clock
        self._grace = tasks.grace

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

    async def begin(self, channels: Sequence[Channel]) -> list[Lease]:
        """Claims the comparison of the channels' accounts; ``lines`` releases it.

        Raises:
            ConflictError: 409, one of the accounts is being compared, for another operator or a command before.
        """
        claimed: list[Lease] = []
        for account in sorted({min(await self._directory.sharing(channel)) for channel in channels}):
            lease = await self._leases.claim("reconcile", account, seconds=_LEASE_SECONDS)
            if lease is None:
                await self.release(claimed)
                text = (
                    "The account of a channel is being compared already. Wait for that, or a minute if it was stopped."
                )
                raise ConflictError("InvalidAction", text)
            claimed.append(lease)
        return claimed

    async def lines(self, channels: Sequence[Channel], since: datetime, leases: list[Lease]) -> AsyncIterator[Line]:
        """Yields each account's objects without a row that were created after ``since``, and the end of each list."""
        loop = asyncio.get_running_loop()
        extended_at = loop.time()
        try:
            async for line in self._lines(channels, since):
                if loop.time() - extended_at > PROGRESS_SECONDS:
                    extended_at = loop.time()
                    await self.extend(leases)
                yield line
        finally:
            await self.release(leases)

    async def extend(self, leases: Sequence[Lease]) -> None:
        """Extends claims of ``begin`` by a minute."""
        for lease in leases:
            await self._leases.extend(lease)

    async def release(self, leases: Sequence[Lease]) -> None:
        """Gives up claims of ``begin``."""
        for lease in leases:
            await self._leases.release(lease)

    async def _lines(self, channels: Sequence[Channel], since: datetime) -> AsyncIterator[Line]:
        async with self._sessions() as session:
            owners = await load_likely_owners(session, await self._catalog.index())
        comparison = _Comparison(since=since, owners=owners)
        for channel in channels:
            if channel.status != ChannelStatus.ACTIVE:
                text = "the channel is suspended, so the upstream was not asked"
                yield _end(channel, "task", since, text)
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
        since = max(comparison.since, self._clock() - TASKS_KEPT)
        reading = asyncio.create_task(self._snapshots.read(channel.id, channel.ark, since=since, pace=PACE))
        async for progress in wait_with_progress(reading, Progress(channel_name=channel.name, kind="task")):
            yield progress
        read = reading.result()
        unknown = 0
        async for found in self._unknown_tasks(channel, read, comparison.owners):
            unknown += 1
            yield found
        problem = None if read.is_complete else problem_of(read.error)
        yield _end(channel, "task", since, problem, listed=len(read.tasks), unknown=unknown)

    async def _unknown_tasks(
        self, channel: Channel, read: AccountSnapshot, owners: LikelyOwners
    ) -> AsyncIterator[FoundObject]:
        sharing = await self._directory.sharing(channel)
        async with self._sessions() as session:
            # In this order: a create that ends between the two queries is found by both, and not missed by both.
            intents = await AllIntents(session).without_task(sharing, before_cut=self._grace + 2 * MARGIN)
            owned = await AllIntents(session).owned(read.tasks.keys())
            complete = await complete_since(session)
        candidates = Candidates(intents, grace=self._grace, offset=read.offset)
        unknown = [task for task in read.tasks.values() if task.id not in owned]
        unknown.sort(key=lambda task: (task.created_at or read.started_at, task.id), reverse=True)
        for task in unknown:
            await asyncio.sleep(0)  # clients' requests come first
            yield self._to_found(channel, task, candidates.of(task), complete, owners)

    def _to_found(
        self,
        channel: Channel,
        task: ListedTask,
        possible: Sequence[TaskRow],
        complete: datetime,
        owners: LikelyOwners,
    ) -> FoundObject:
        tenants = {row.tenant_id for row in possible}
        is_evidence = all((row.sent_at or row.created_at) > complete for row in possible)
        likely, evidence = None, None
        if len(tenants) == 1 and is_evidence:
            (likely,), evidence = tenants, _ONLY_CREATE
        elif (able := owners.only_one(channel, task.model)) is not None and tenants <= {able}:
            likely, evidence = able, "no other tenant that the database knows may use this channel and model"
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
            possible_tasks=[row.id for row in possible[:MAX_POSSIBLE]],
        )

    async def _objects(self, channel: Channel, kind: Kind, comparison: "_Comparison") -> AsyncIterator[Line]:
        listed = unknown = 0
        problem = None
        try:
            pages = self._asset_snapshot.pages(channel, kind, since=comparison.since - _ASSETS_MARGIN)
            while True:
                reading = asyncio.create_task(_next_page(pages))
                async for progress in wait_with_progress(
                    reading, Progress(channel_name=channel.name, kind=_KINDS[kind])
                ):
                    yield progress
                page = reading.result()
                if page is None:
                    break
                fresh = [item for item in page if item["Id"] not in comparison.seen]
                comparison.seen.update(item["Id"] for item in fresh)
                listed += len(fresh)
                async for found in self._unknown_objects(channel, kind, fresh):
                    unknown += 1
                    yield found
                yield Progress(channel_name=channel.name, kind=_KINDS[kind])
        except (UpstreamError, TimeoutError) as error:
            problem = problem_of(error)
        yield _end(channel, _KINDS[kind], comparison.since, problem, listed=listed, unknown=unknown)

    async def _unknown_objects(self, channel: Channel, kind: Kind, items: Sequence[Item]) -> AsyncIterator[FoundObject]:
        async with self._sessions() as session:
            creates = await OpenCreates(session).of_kind(kind.value)
            everything = AllAssets(session)
            owned = await everything.find_owned([item["Id"] for item in items])
            unknown = [item for item in items if item["Id"] not in owned]
            groups = await everything.find_groups([str(item.get("GroupId")) for item in unknown])
            complete = await complete_since(session)
        for item in unknown:
            await asyncio.sleep(0)
            group = groups.get(str(item.get("GroupId")))
            yield _to_object(channel, kind, item, creates, group=group, complete=complete)


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
    channel: Channel,
    kind: Kind,
    item: Item,
    creates: Iterable[CreateIntentRow],
    *,
    group: AssetGroupRow | None,
    complete: datetime,
) -> FoundObject:
    # The upstream's clock may be wrong, and what is under way will be written by its own create.
    possible = [
        create
        for create in creates
        if (create.cut_at is None and may_be_of(create, item)) or matches(create, [dict(item)])
    ]
    tenants = {create.tenant_id for create in possible}
    likely, evidence = None, None
    if group is not None:
        likely, evidence = group.tenant_id, "its group is this tenant's"
    elif len(tenants) == 1 and all(create.started_at > complete for create in possible):
        (likely,), evidence = tenants, _ONLY_CREATE
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


def _end(
    channel: Channel, kind: str, since: datetime, problem: str | None, *, listed: int = 0, unknown: int = 0
) -> ListEnd:
    return ListEnd(
        kind=kind,
        channel_id=channel.id,
        channel_name=channel.name,
        since=since,
        listed=listed,
        unknown=unknown,
        is_complete=problem is None,
        problem=problem,
    )


def problem_of(error: UpstreamError | TimeoutError | None) -> str:
    """Returns why a list is incomplete, in words for the operator."""
    if error is None:
        return "tasks came and went while the list was read; repeat the command"
    if isinstance(error, UpstreamError):
        return explain(error)
    return str(error) or "the upstream did not answer in time"


def _text(item: Item, name: str) -> str | None:
    value = item.get(name)
    return value if isinstance(value, str) and value else None


async def _next_page(pages: AsyncIterator[list[Item]]) -> list[Item] | None:
    return await anext(pages, None)


async def wait_with_progress(reading: asyncio.Task[Any], progress: Progress) -> AsyncIterator[Progress]:
    """Yields a line every few seconds until a task has ended, and cancels it when the operator leaves."""
    try:
        while not (await asyncio.wait({reading}, timeout=PROGRESS_SECONDS))[0]:
            yield progress
    finally:
        if not reading.done():
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
