"""Gives a tenant an upstream group and its assets, at the operator's request.

When the group is the tenant's already, the assets in it that have no row are given to it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.account_snapshot import AssetSnapshot, Item
from app.assets.context import AssetsContext
from app.assets.create_spec import Kind, may_be_of
from app.assets.models import AssetGroupRow, AssetRow, AssetStatus, CreateIntentRow, GroupType
from app.assets.repository import AllAssets, OpenCreates
from app.assets.state import apply_upstream_asset, apply_upstream_group, parse_time, sanitize
from app.audit.log import Actor, Target, record
from app.channels.channel import Channel
from app.creates.adoption import Adoption, AdoptionRefusedError
from app.creates.locks import lock_owners
from app.upstream.errors import OutcomeUnknownError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass

_TOKEN_TIMEOUT_SECONDS = 10.0


class GroupAdoption:
    """Gives upstream groups to tenants."""

    def __init__(self, context: AssetsContext) -> None:
        self._sessions = context.sessions
        self._control = context.control
        self._snapshot = AssetSnapshot(context)
        self._rates = context.rates
        self._clock = context.clock

    async def adopt(
        self, actor: Actor, group_id: str, *, tenant_id: str, channel: Channel
    ) -> tuple[Adoption, list[str]]:
        """Inserts rows for a group and the assets in it, as the upstream shows them.

        Each transaction writes an audit row ``group.adopt``: one for the group, one for each hundred assets. The
        submitted URLs are not known, so the rows of the assets have empty ones.

        Returns:
            The outcome for the group, and the ids of the assets that were inserted.

        Raises:
            AdoptionRefusedError: the group is the tenant's on another channel.
            NoChannelError: 503, the tenant or the channel has just been deleted.
            TimeoutError: the account's rate limit left no call.
            UpstreamError: the upstream gave no usable answer; what was inserted before that stays.
        """
        asked_at = self._clock()
        item = await self._ask(channel, group_id)
        if item is None:
            return Adoption.NOT_FOUND, []
        group = _to_group(item, group_id, tenant_id=tenant_id, channel=channel, now=self._clock())
        apply_upstream_group(group, item, asked_at=asked_at, now=self._clock())
        verdict = await self._give_group(actor, group, item)
        if verdict not in {Adoption.ADOPTED, Adoption.OWN}:
            return verdict, []
        adopted: list[str] = []
        async for page in self._snapshot.pages(channel, Kind.ASSET, group_ids=(group_id,)):
            adopted += await self._give_assets(actor, group, page)
        return verdict, adopted

    async def _ask(self, channel: Channel, group_id: str) -> dict[str, Any] | None:
        assert channel.openapi is not None  # noqa: S101 - the caller has chosen such a channel
        for project in channel.projects:
            if not await self._rates.acquire(channel.id, RateClass.LIST_ASSETS, timeout_seconds=_TOKEN_TIMEOUT_SECONDS):
                raise TimeoutError("no token for GetAssetGroup")
            body = {"Id": group_id, "ProjectName": project}
            try:
                result = await self._control.call(channel.openapi, "GetAssetGroup", body)
            except UpstreamRejectedError as error:
                if not error.is_not_found:
                    raise
                continue
            if result.get("Id") != group_id or result.get("GroupType") not in set(GroupType):
                raise OutcomeUnknownError("answered GetAssetGroup without the group that was asked for")
            return {**result, "ProjectName": project}
        return None

    async def _give_group(self, actor: Actor, group: AssetGroupRow, item: Item) -> Adoption:
        async with self._sessions.begin() as session:
            creates = await OpenCreates(session).of_kind(Kind.GROUP.value)
            if _is_in_flight(creates, item):
                return Adoption.IN_FLIGHT
            await lock_owners(session, group.tenant_id, group.channel_id)
            if await AllAssets(session).insert(group):
                self._record(session, actor, group, asset_ids=[])
                return Adoption.ADOPTED
            found = await AllAssets(session).find_group(group.id)
        if found is None or found.tenant_id != group.tenant_id:
            return Adoption.OWNED
        if found.channel_id != group.channel_id:
            raise AdoptionRefusedError("the tenant has it on another channel: name that one")
        return Adoption.OWN if found.deleted_at is None else Adoption.DELETED

    async def _give_assets(self, actor: Actor, group: AssetGroupRow, page: Sequence[Item]) -> list[str]:
        now = self._clock()
        async with self._sessions.begin() as session:
            creates = await OpenCreates(session).of_kind(Kind.ASSET.value)
            await lock_owners(session, group.tenant_id, group.channel_id)
            objects = AllAssets(session)
            adopted = []
            for item in page:
                if item.get("GroupId") != group.id or _is_in_flight(creates, item):
                    continue
                if await objects.insert(_to_asset(item, group, now)):
                    adopted.append(str(item["Id"]))
            if adopted:
                self._record(session, actor, group, asset_ids=adopted)
        return adopted

    def _record(self, session: AsyncSession, actor: Actor, group: AssetGroupRow, *, asset_ids: list[str]) -> None:
        target = Target("asset_group", group.id, group.tenant_id)
        detail = {"channel_id": group.channel_id, "asset_ids": asset_ids}
        record(session, actor, "group.adopt", target, at=self._clock(), **detail)


def _is_in_flight(creates: Sequence[CreateIntentRow], item: Item) -> bool:
    """Says whether a create that is under way may have made the object and will write it.

    The time of the object is not compared, because the upstream's clock may be wrong.
    """
    return any(create.cut_at is None and may_be_of(create, item) for create in creates)


def _to_group(item: Item, group_id: str, *, tenant_id: str, channel: Channel, now: datetime) -> AssetGroupRow:
    return AssetGroupRow(
        tenant_id=tenant_id,
        id=group_id,
        channel_id=channel.id,
        name="",
        description="",
        group_type=item["GroupType"],
        project_name=item["ProjectName"],
        extra={},
        created_at=parse_time(item.get("CreateTime")) or now,
        updated_at=now,
    )


def _to_asset(item: Item, group: AssetGroupRow, now: datetime) -> AssetRow:
    row = AssetRow(
        tenant_id=group.tenant_id,
        id=item["Id"],
        group_id=group.id,
        group_type=group.group_type,
        channel_id=group.channel_id,
        name="",
        url="",
        asset_type=sanitize(str(item.get("AssetType") or "")),
        status=AssetStatus.PROCESSING.value,
        project_name=group.project_name,
        extra={},
        created_at=parse_time(item.get("CreateTime")) or now,
        updated_at=now,
    )
    apply_upstream_asset(row, dict(item), asked_at=now, now=now)
    return row
