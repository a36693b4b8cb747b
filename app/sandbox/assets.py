"""Asset groups and assets of the emulated upstream.

Source: reference ``upstream.md`` §5.3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from app.sandbox.clock import SandboxClock
from app.sandbox.config import Account
from app.sandbox.errors import RefusedError
from app.sandbox.ids import new_resource_id
from app.sandbox.state_file import Save
from app.sandbox.test_triggers import read_media_info

AIGC = "AIGC"
LIVENESS_FACE = "LivenessFace"
PROCESSING = "Processing"
ACTIVE = "Active"
ASSET_FAILED = "Failed"

_PROCESSING_SECONDS = {"Image": 6.0, "Audio": 8.0, "Video": 12.0}


@dataclass(slots=True, kw_only=True)
class AssetGroup:
    """An asset group; a deleted one is kept for the ledger."""

    KIND: ClassVar = "group"

    id: str
    account: Account
    name: str
    description: str
    type: str
    project: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Asset:
    """An asset; a deleted one is kept for the ledger.

    Attributes:
        id: ``asset-…``.
        account: the owner.
        group_id: its group.
        name: may be empty.
        url: the submitted URL.
        type: ``Image``, ``Video`` or ``Audio``.
        project: that of the group.
        moderation: ``Default`` or ``Skip``.
        created_at: UTC.
        updated_at: time of the last change by a caller.
        ready_at: when processing ends.
        visible_at: when it stops being "not found" after its creation.
        failure: code with which processing fails, or None.
        failure_message: its message; None for the default.
        last_inference_at: time of the last task that used it.
        deleted_at: when it or its group was deleted.
    """

    KIND: ClassVar = "asset"

    id: str
    account: Account
    group_id: str
    name: str
    url: str
    type: str
    project: str
    moderation: str
    created_at: datetime
    updated_at: datetime
    ready_at: datetime
    visible_at: datetime
    failure: str | None = None
    failure_message: str | None = None
    last_inference_at: datetime | None = None
    deleted_at: datetime | None = None

    def status_at(self, now: datetime) -> str:
        """Returns ``Processing``, ``Active`` or ``Failed``."""
        if now < self.ready_at:
            return PROCESSING
        return ASSET_FAILED if self.failure else ACTIVE

    def changed_at(self, now: datetime) -> datetime:
        """Returns the time of the last change, by a caller or by the end of processing."""
        return max(self.updated_at, self.ready_at) if now >= self.ready_at else self.updated_at


class AssetStore:
    """All groups and assets of all accounts.

    Args:
        clock: the sandbox's clock.
        consistency_delay_seconds: returns how long a new asset is invisible.
        save: persists changes.

    Attributes:
        groups: by id, deleted ones included.
        assets: by id, deleted ones included.
        save: to be called with a group or an asset that was changed outside of this class.
    """

    def __init__(self, clock: SandboxClock, consistency_delay_seconds: Callable[[], float], save: Save) -> None:
        self.groups: dict[str, AssetGroup] = {}
        self.assets: dict[str, Asset] = {}
        self._clock = clock
        self._consistency_delay_seconds = consistency_delay_seconds
        self.save = save

    def add_group(self, account: Account, *, name: str, description: str, type_: str, project: str) -> AssetGroup:
        """Creates a group."""
        now = self._clock.now()
        group = AssetGroup(
            id=new_resource_id("group", now, self.groups),
            account=account,
            name=name,
            description=description,
            type=type_,
            project=project,
            created_at=now,
            updated_at=now,
        )
        self.groups[group.id] = group
        self.save(group)
        return group

    def add_asset(self, group: AssetGroup, *, name: str, url: str, type_: str, moderation: str) -> Asset:
        """Creates an asset in a group and starts its processing."""
        now = self._clock.now()
        media = read_media_info(url)
        failure = media.failure
        if group.type == LIVENESS_FACE and media.is_other_person:
            failure = failure or "FaceMismatch"
        asset = Asset(
            id=new_resource_id("asset", now, self.assets),
            account=group.account,
            group_id=group.id,
            name=name,
            url=url,
            type=type_,
            project=group.project,
            moderation=moderation,
            created_at=now,
            updated_at=now,
            ready_at=now + self._clock.work(_PROCESSING_SECONDS[type_]),
            visible_at=now + timedelta(seconds=self._consistency_delay_seconds()),
            failure=failure,
        )
        self.assets[asset.id] = asset
        self.save(asset)
        return asset

    def group(self, account: Account, group_id: str, project: str | None = None) -> AssetGroup:
        """Returns one group that is not deleted.

        Args:
            account: the caller.
            group_id: its id.
            project: must be the group's; None matches any.

        Raises:
            RefusedError: 404 ``NotFound.group_id``.
        """
        group = self.groups.get(group_id)
        is_found = group is not None and group.account == account and group.deleted_at is None
        if group is None or not is_found or project not in (None, group.project):
            raise RefusedError("NotFound.group_id", f"The specified asset_group {group_id} is not found.")
        return group

    def asset(self, account: Account, asset_id: str, project: str | None = None) -> Asset:
        """Returns one asset that is visible and not deleted.

        Args:
            account: the caller.
            asset_id: its id.
            project: must be the asset's; None matches any.

        Raises:
            RefusedError: 404 ``NotFound.asset_id``.
        """
        asset = self.assets.get(asset_id)
        if asset is None or not self._is_visible(asset, account) or project not in (None, asset.project):
            raise RefusedError("NotFound.asset_id", f"The specified asset {asset_id} is not found.")
        return asset

    def groups_of(self, account: Account) -> list[AssetGroup]:
        """Returns the groups of an account that are not deleted."""
        return [group for group in self.groups.values() if group.account == account and group.deleted_at is None]

    def assets_of(self, account: Account) -> list[Asset]:
        """Returns the assets of an account that are visible and not deleted."""
        return [asset for asset in self.assets.values() if self._is_visible(asset, account)]

    def delete_group(self, group: AssetGroup) -> None:
        """Deletes a group and its assets."""
        group.deleted_at = self._clock.now()
        members = [asset for asset in self.assets.values() if asset.group_id == group.id and asset.deleted_at is None]
        for asset in members:
            asset.deleted_at = group.deleted_at
        self.save(group, *members)

    def url_for_task(self, account: Account, asset_id: str) -> str | None:
        """Returns the submitted URL of an asset; None unless it is visible, ``Active`` and of this account."""
        asset = self.assets.get(asset_id)
        if asset is None or not self._is_visible(asset, account):
            return None
        return asset.url if asset.status_at(self._clock.now()) == ACTIVE else None

    def record_use(self, account: Account, asset_id: str) -> None:
        """Records that a task uses an asset."""
        asset = self.asset(account, asset_id)
        asset.last_inference_at = self._clock.now()
        self.save(asset)

    def _is_visible(self, asset: Asset, account: Account) -> bool:
        return asset.account == account and asset.deleted_at is None and self._clock.now() >= asset.visible_at
