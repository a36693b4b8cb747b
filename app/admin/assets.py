"""Admin routes of groups, assets and face verifications."""

from typing import get_args

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.admin.asset_schemas import AssetMediaView, AssetView, GroupView, VerificationView
from app.admin.params import PERIOD_QUERY, name_query, parse_period, path_id, query_choice, query_text
from app.assets.admin_repository import AssetSearch, GroupSearch, verification_cursor
from app.assets.admin_service import AssetAdminService
from app.assets.models import AssetStatus, GroupType
from app.assets.schemas import AssetTypeText
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response

_ALL = "/assets"
_ONE = _ALL + "/{asset_id}"
_STATUSES = [status.value for status in AssetStatus]
_GROUP_TYPES = [group_type.value for group_type in GroupType]
_ASSET_TYPES = get_args(AssetTypeText)
_TENANT = query_parameter("tenant", {"type": "string"}, "only this tenant's")

router = APIRouter(tags=["admin: assets"])


@router.get(
    "/groups",
    summary="List any tenant's asset groups",
    response_model=Page[GroupView],
    openapi_extra={
        "parameters": [
            _TENANT,
            query_parameter("type", {"type": "string", "enum": _GROUP_TYPES}, "only groups of this kind"),
            name_query("the id of a group"),
            *PERIOD_QUERY,
            *PAGE_QUERY,
        ]
    },
)
async def list_groups(request: Request) -> Response:
    """Lists asset groups, newest first; the upstream is not asked."""
    service: AssetAdminService = request.state.asset_admin
    page = parse_page(request)
    group_type = query_choice(request, "type", _GROUP_TYPES)
    wanted = GroupSearch(
        tenant_id=query_text(request, "tenant"),
        group_type=None if group_type is None else GroupType(group_type),
        text=query_text(request, "q"),
        period=parse_period(request),
    )
    rows = await service.groups(page, wanted)
    return json_response(to_page(rows, page, cursor_of=lambda row: row.id, view=GroupView.of))


@router.get(
    _ALL,
    summary="List any tenant's assets",
    response_model=Page[AssetView],
    openapi_extra={
        "parameters": [
            _TENANT,
            query_parameter("group", {"type": "string"}, "only assets of the group with this id"),
            query_parameter("status", {"type": "string", "enum": _STATUSES}, "only assets in this state"),
            query_parameter("type", {"type": "string", "enum": list(_ASSET_TYPES)}, "only assets of this kind"),
            name_query("the id of an asset"),
            *PERIOD_QUERY,
            *PAGE_QUERY,
        ]
    },
)
async def list_assets(request: Request) -> Response:
    """Lists assets, newest first, without an address of their content; the upstream is not asked."""
    service: AssetAdminService = request.state.asset_admin
    page = parse_page(request)
    status = query_choice(request, "status", _STATUSES)
    wanted = AssetSearch(
        tenant_id=query_text(request, "tenant"),
        group_id=query_text(request, "group"),
        status=None if status is None else AssetStatus(status),
        asset_type=query_choice(request, "type", _ASSET_TYPES),
        text=query_text(request, "q"),
        period=parse_period(request),
    )
    rows = await service.assets(page, wanted)
    return json_response(to_page(rows, page, cursor_of=lambda row: row.id, view=AssetView.of))


@router.get(_ONE, summary="Show what is known of an asset", response_model=AssetView, responses=admin_errors(404))
async def get_asset(request: Request) -> Response:
    """Shows an asset as the list does, without an address of its content; the upstream is not asked."""
    service: AssetAdminService = request.state.asset_admin
    return json_response(AssetView.of(await service.asset(path_id(request, "asset_id"))))


@router.get(_ONE + "/media", summary="Show an asset", response_model=AssetMediaView, responses=admin_errors(404))
async def get_asset_media(request: Request) -> Response:
    """Asks the upstream for a link to an asset, for owners and operators; each look is in the audit log."""
    service: AssetAdminService = request.state.asset_admin
    look = await service.look(request.state.actor, path_id(request, "asset_id"))
    return json_response(AssetMediaView.of_look(look), headers={"Cache-Control": "no-store"})


@router.get(
    "/face-verifications",
    summary="List any tenant's face verifications",
    response_model=Page[VerificationView],
    openapi_extra={"parameters": [_TENANT, *PERIOD_QUERY, *PAGE_QUERY]},
)
async def list_face_verifications(request: Request) -> Response:
    """Lists face verifications, newest first; their tokens and links are not kept."""
    service: AssetAdminService = request.state.asset_admin
    page = parse_page(request)
    rows = await service.verifications(page, tenant_id=query_text(request, "tenant"), period=parse_period(request))
    return json_response(to_page(rows, page, cursor_of=verification_cursor, view=VerificationView.of))
