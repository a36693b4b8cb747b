"""The twelve actions of the Assets API, independent of HTTP.

Source: reference ``upstream.md`` §5.3 to §5.5.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.sandbox.assets import ACTIVE, AIGC, ASSET_FAILED, LIVENESS_FACE, PROCESSING, Asset, AssetGroup, AssetStore
from app.sandbox.clock import SandboxClock
from app.sandbox.config import Account
from app.sandbox.errors import RefusedError
from app.sandbox.faces import FaceSession, FaceSessions
from app.sandbox.request_fields import (
    invalid_field,
    one_of,
    optional_text,
    page_result,
    read_page,
    required_object,
    required_text,
    text_list,
)
from app.sandbox.test_triggers import is_web_url, read_media_info

_MAX_NAME_LENGTH = 64
_MAX_DESCRIPTION_LENGTH = 300
_MAX_GROUP_DEPTH = 10_000
_MAX_ASSET_DEPTH = 20_000
_GROUP_TYPES = (AIGC, LIVENESS_FACE)
_TYPES = ("Image", "Video", "Audio")

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the action table.

    Attributes:
        run: returns the Result for an account and a body.
        calls_per_second: rate limit per account; None for CreateAsset, which has one per minute.
    """

    run: Callable[[Account, Body], Body]
    calls_per_second: int | None


class AssetActions:
    """The actions on the assets and the face sessions of a sandbox.

    Args:
        clock: the sandbox's clock.
        assets: groups and assets.
        faces: verification sessions.
        to_asset_url: returns a new signed URL of an asset.
        to_h5_link: returns the link of a verification's H5 page.
        projects: existing project names; None accepts every name.

    Attributes:
        table: by the name of the action.
    """

    def __init__(
        self,
        *,
        clock: SandboxClock,
        assets: AssetStore,
        faces: FaceSessions,
        to_asset_url: Callable[[Asset], str],
        to_h5_link: Callable[[FaceSession], str],
        projects: frozenset[str] | None,
    ) -> None:
        self._clock = clock
        self._assets = assets
        self._faces = faces
        self._to_asset_url = to_asset_url
        self._to_h5_link = to_h5_link
        self._projects = projects
        self.table = {
            "CreateAssetGroup": Action(self._create_group, 10),
            "GetAssetGroup": Action(self._get_group, 10),
            "ListAssetGroups": Action(self._list_groups, 10),
            "UpdateAssetGroup": Action(self._update_group, 10),
            "DeleteAssetGroup": Action(self._delete_group, 5),
            "CreateAsset": Action(self._create_asset, None),
            "GetAsset": Action(self._get_asset, 100),
            "ListAssets": Action(self._list_assets, 10),
            "UpdateAsset": Action(self._update_asset, 10),
            "DeleteAsset": Action(self._delete_asset, 10),
            "CreateVisualValidateSession": Action(self._create_session, 3),
            "GetVisualValidateResult": Action(self._get_result, 3),
        }

    def _create_group(self, account: Account, body: Body) -> Body:
        name = required_text(body, "Name", max_length=_MAX_NAME_LENGTH)
        description = optional_text(body, "Description", max_length=_MAX_DESCRIPTION_LENGTH) or ""
        type_ = one_of(body, "GroupType", (AIGC,), default=AIGC)
        project = self._project(body)
        group = self._assets.add_group(account, name=name, description=description, type_=type_, project=project)
        return {"Id": group.id}

    def _get_group(self, account: Account, body: Body) -> Body:
        return _group_to_wire(self._find_group(account, body))

    def _list_groups(self, account: Account, body: Body) -> Body:
        filters = required_object(body, "Filter")
        type_ = one_of(filters, "GroupType", _GROUP_TYPES)
        ids = text_list(filters, "GroupIds")
        name = (optional_text(filters, "Name", max_length=_MAX_NAME_LENGTH) or "").casefold()
        project = self._project(body)
        page = read_page(body, max_depth=_MAX_GROUP_DEPTH)
        sort_by = one_of(body, "SortBy", ("CreateTime", "UpdateTime"), default="CreateTime")
        found = [
            group
            for group in self._assets.groups_of(account)
            if group.type == type_
            and group.project == project
            and (not ids or group.id in ids)
            and name in group.name.casefold()
        ]
        found.sort(
            key=lambda group: group.created_at if sort_by == "CreateTime" else group.updated_at,
            reverse=_is_descending(body),
        )
        return page_result(page, [_group_to_wire(group) for group in found])

    def _update_group(self, account: Account, body: Body) -> Body:
        group = self._find_group(account, body)
        name = optional_text(body, "Name", max_length=_MAX_NAME_LENGTH)
        description = optional_text(body, "Description", max_length=_MAX_DESCRIPTION_LENGTH)
        group.name = name or group.name
        group.description = group.description if description is None else description
        group.updated_at = self._clock.now()
        self._assets.save(group)
        return {"Id": group.id}

    def _delete_group(self, account: Account, body: Body) -> Body:
        self._assets.delete_group(self._find_group(account, body))
        return {}

    def _create_asset(self, account: Account, body: Body) -> Body:
        group_id = required_text(body, "GroupId")
        url = required_text(body, "URL")
        type_ = one_of(body, "AssetType", _TYPES)
        name = optional_text(body, "Name", max_length=_MAX_NAME_LENGTH) or ""
        moderation = body.get("Moderation")
        strategy = "Default"
        if moderation is not None:
            strategy = one_of(required_object(body, "Moderation"), "Strategy", ("Default", "Skip"), default="Default")
        if not is_web_url(url):
            raise invalid_field("URL", "a public http or https URL is expected")
        rejection = read_media_info(url).rejection
        if rejection:
            raise RefusedError(f"InvalidParameter.{rejection}", f"The asset is refused: {rejection}.")
        group = self._assets.group(account, group_id, self._project(body))
        return {"Id": self._assets.add_asset(group, name=name, url=url, type_=type_, moderation=strategy).id}

    def _get_asset(self, account: Account, body: Body) -> Body:
        return self._asset_to_wire(self._find_asset(account, body))

    def _list_assets(self, account: Account, body: Body) -> Body:
        filters = required_object(body, "Filter")
        type_ = one_of(filters, "GroupType", _GROUP_TYPES)
        ids = text_list(filters, "GroupIds")
        statuses = text_list(filters, "Statuses")
        if any(status not in {PROCESSING, ACTIVE, ASSET_FAILED} for status in statuses):
            raise invalid_field("Statuses", f"expected {PROCESSING}, {ACTIVE} or {ASSET_FAILED}")
        name = (optional_text(filters, "Name", max_length=_MAX_NAME_LENGTH) or "").casefold()
        project = self._project(body)
        page = read_page(body, max_depth=_MAX_ASSET_DEPTH)
        sort_by = one_of(body, "SortBy", ("CreateTime", "UpdateTime", "GroupId"), default="CreateTime")
        now = self._clock.now()
        found = [
            asset
            for asset in self._assets.assets_of(account)
            if self._assets.groups[asset.group_id].type == type_
            and asset.project == project
            and (not ids or asset.group_id in ids)
            and (not statuses or asset.status_at(now) in statuses)
            and name in asset.name.casefold()
        ]
        keys: dict[str, Callable[[Asset], Any]] = {
            "CreateTime": lambda asset: asset.created_at,
            "UpdateTime": lambda asset: asset.changed_at(now),
            "GroupId": lambda asset: asset.group_id,
        }
        found.sort(key=keys[sort_by], reverse=_is_descending(body))
        return page_result(page, [self._asset_to_wire(asset) for asset in found])

    def _update_asset(self, account: Account, body: Body) -> Body:
        asset = self._find_asset(account, body)
        asset.name = optional_text(body, "Name", max_length=_MAX_NAME_LENGTH) or asset.name
        asset.updated_at = self._clock.now()
        self._assets.save(asset)
        return {"Id": asset.id}

    def _delete_asset(self, account: Account, body: Body) -> Body:
        asset = self._find_asset(account, body)
        asset.deleted_at = self._clock.now()
        self._assets.save(asset)
        return {}

    def _create_session(self, account: Account, body: Body) -> Body:
        callback_url = required_text(body, "CallbackURL")
        if not is_web_url(callback_url):
            raise invalid_field("CallbackURL", "an http or https URL is expected")
        session = self._faces.open(account, callback_url=callback_url, project=self._project(body))
        return {"BytedToken": session.token, "H5Link": self._to_h5_link(session), "CallbackURL": callback_url}

    def _get_result(self, account: Account, body: Body) -> Body:
        token = required_text(body, "BytedToken")
        return {"GroupId": self._faces.result(account, token, self._project(body))}

    def _find_group(self, account: Account, body: Body) -> AssetGroup:
        return self._assets.group(account, required_text(body, "Id"), self._project(body))

    def _find_asset(self, account: Account, body: Body) -> Asset:
        return self._assets.asset(account, required_text(body, "Id"), self._project(body))

    def _project(self, body: Body) -> str:
        project = optional_text(body, "ProjectName") or "default"
        if self._projects is not None and project not in self._projects:
            raise RefusedError("NotFound.ProjectName", f"The specified project {project} is not found.")
        return project

    def _asset_to_wire(self, asset: Asset) -> Body:
        now = self._clock.now()
        wire = {
            "Id": asset.id,
            "Name": asset.name,
            "URL": self._to_asset_url(asset),
            "AssetType": asset.type,
            "GroupId": asset.group_id,
            "Status": asset.status_at(now),
            "Moderation": {"Strategy": asset.moderation},
            "ProjectName": asset.project,
            "CreateTime": _to_rfc3339(asset.created_at),
            "UpdateTime": _to_rfc3339(asset.changed_at(now)),
        }
        if asset.status_at(now) == ASSET_FAILED:
            message = asset.failure_message or f"The asset cannot be used: {asset.failure}."
            wire["Error"] = {"Code": asset.failure, "Message": message}
        if asset.last_inference_at is not None:
            wire["LastInferenceTime"] = _to_rfc3339(asset.last_inference_at)
        return wire


def _group_to_wire(group: AssetGroup) -> Body:
    return {
        "Id": group.id,
        "Name": group.name,
        "Description": group.description,
        "GroupType": group.type,
        "ProjectName": group.project,
        "CreateTime": _to_rfc3339(group.created_at),
        "UpdateTime": _to_rfc3339(group.updated_at),
    }


def _is_descending(body: Body) -> bool:
    return one_of(body, "SortOrder", ("Desc", "Asc"), default="Desc") == "Desc"


def _to_rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
