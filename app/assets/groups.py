"""Use cases of asset groups."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.answers import (
    GroupPage,
    IdAnswer,
    NothingAnswer,
    Reply,
    to_group_detail,
    to_group_item,
)
from app.assets.calling import AssetsUpstream
from app.assets.changing import Changer
from app.assets.client import Client
from app.assets.creating import Create, Creator
from app.assets.looking import Looker
from app.assets.mirror import MISSING_FOR
from app.assets.models import AssetGroupRow
from app.assets.refusals import unknown_group
from app.assets.repository import AssetRepository
from app.assets.schemas import (
    CreateAssetGroupRequest,
    GroupIdRequest,
    ListAssetGroupsRequest,
    UpdateAssetGroupRequest,
)
from app.assets.wanted import Kind, group_members
from app.channels.channel import Channel
from app.errors import NoChannelError
from app.tenants.principal import Principal
from app.upstream.errors import UpstreamError

_log = structlog.get_logger()


class GroupService:
    """Asset groups of any tenant; every method takes the principal on whose behalf it acts."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        upstream: AssetsUpstream,
        creator: Creator,
        looker: Looker,
        changer: Changer,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._upstream = upstream
        self._creator = creator
        self._looker = looker
        self._changer = changer
        self._clock = clock

    async def create(self, principal: Principal, wanted: CreateAssetGroupRequest, client: Client) -> Reply:
        """Creates a group on the best channel that has its project; a retry gets what its first try made.

        Raises:
            SeedgateError: see ``AssetsUpstream.candidates`` and ``Creator.create``.
        """

        async def prepare() -> tuple[Create, Sequence[Channel]]:
            candidates = await self._upstream.candidates(principal, wanted.project_name)
            return _to_create(principal, wanted), candidates

        return Reply(IdAnswer(id=await self._creator.create(client, prepare)))

    async def page(self, principal: Principal, wanted: ListAssetGroupsRequest) -> Reply:
        """Returns one page of the tenant's groups from the mirror; the upstream is not asked."""
        async with self._sessions.begin() as session:
            rows, total = await AssetRepository(session, principal.tenant_id).groups_page(wanted)
        page = GroupPage(
            total_count=total,
            items=[to_group_item(row) for row in rows],
            page_number=wanted.page_number,
            page_size=wanted.page_size,
        )
        return Reply(page)

    async def get(self, principal: Principal, wanted: GroupIdRequest) -> Reply:
        """Returns a group, brought up to date with the upstream when that answers.

        Raises:
            NotFoundError: 404, it is not this tenant's, or is gone.
        """
        row = await self._load(principal, wanted)
        try:
            channel = await self._upstream.channel_of(principal, row.channel_id)
            seen = await self._looker.look_at_group(row, channel)
        except (UpstreamError, NoChannelError) as error:
            _log.warning("group_look_failed", group=row.id, channel=row.channel_id, error=repr(error))
            return self._from_mirror(row)
        if seen.row is None:
            raise unknown_group(wanted.id)
        return Reply(to_group_detail(seen.row)) if seen.is_known else self._from_mirror(seen.row)

    async def update(self, principal: Principal, wanted: UpdateAssetGroupRequest) -> Reply:
        """Changes a group's name or description, upstream first.

        Raises:
            NotFoundError: 404, it is not this tenant's, or the upstream does not know it.
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503.
        """
        row = await self._load(principal, wanted)
        await self._changer.update(principal, row, "UpdateAssetGroup", wanted.to_upstream())
        now = self._clock()
        async with self._sessions.begin() as session:
            current = await AssetRepository(session, principal.tenant_id).find_group(row.id, is_locked=True)
            if current is not None:
                current.name = current.name if wanted.name is None else wanted.name
                current.description = current.description if wanted.description is None else wanted.description
                current.updated_at = current.looked_at = now
                current.missing_since = None
        return Reply(IdAnswer(id=row.id))

    async def delete(self, principal: Principal, wanted: GroupIdRequest) -> Reply:
        """Deletes a group and its assets; one that the upstream does not know is deleted too.

        Raises:
            NotFoundError: 404, it is not this tenant's.
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503.
        """
        row = await self._load(principal, wanted)
        is_confirmed = await self._changer.delete(principal, row, "DeleteAssetGroup")
        now = self._clock()
        async with self._sessions.begin() as session:
            groups = AssetRepository(session, principal.tenant_id)
            current = await groups.find_group(row.id, is_locked=True)
            if current is not None:
                await groups.delete_group(current, at=now)
                # A group so new that the upstream may not have seen it yet is deleted once more later.
                current.next_look_at = None if is_confirmed else now + MISSING_FOR
        return Reply(NothingAnswer())

    async def _load(self, principal: Principal, wanted: GroupIdRequest | UpdateAssetGroupRequest) -> AssetGroupRow:
        async with self._sessions.begin() as session:
            row = await AssetRepository(session, principal.tenant_id).find_group(wanted.id)
        if row is None or wanted.project_name not in {None, row.project_name}:
            raise unknown_group(wanted.id)
        return row

    def _from_mirror(self, row: AssetGroupRow) -> Reply:
        age = self._clock() - (row.looked_at or row.created_at)
        return Reply(to_group_detail(row), stale_seconds=max(0, int(age.total_seconds())))


def _to_create(principal: Principal, wanted: CreateAssetGroupRequest) -> Create:
    return Create(
        tenant_id=principal.tenant_id,
        kind=Kind.GROUP,
        body=wanted.to_upstream(),
        members=group_members(wanted),
        project_name=wanted.project_name,
    )
