"""Admin routes of API keys and of their signing keys."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request
from starlette.responses import Response

from app.admin.allow_lists import check_models, to_channel_ids
from app.admin.params import body_of, path_id, query_text, read_body
from app.admin.schemas import IssuedKeyView, IssuedSigningKeyView, KeyCreate, KeyPatch, KeyRotate, KeyView
from app.catalog.service import ModelCatalog
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response
from app.tenants.models import ApiKeyRow
from app.tenants.service import IssuedKey, TenantService
from app.tenants.signing_key_service import SigningKeyService

_ALL = "/keys"
_ONE = _ALL + "/{key_id}"
_SIGNING_KEY = _ONE + "/signing-key"
_OF_TENANT = "/tenants" + "/{tenant_id}/keys"

router = APIRouter(tags=["admin: keys"])


@router.post(
    _OF_TENANT,
    summary="Create a key",
    status_code=201,
    response_model=IssuedKeyView,
    responses=admin_errors(404, 413, 415),
    openapi_extra=body_of(KeyCreate, {"name": "rendering"}),
)
async def create_key(request: Request) -> Response:
    """Creates a key. This answer is the only one that shows it."""
    service: TenantService = request.state.tenants
    sessions: async_sessionmaker[AsyncSession] = request.state.sessions
    catalog: ModelCatalog = request.state.catalog
    wanted = await read_body(request, KeyCreate)
    await check_models(catalog, wanted.allowed_models)
    issued = await service.create_key(
        request.state.actor,
        path_id(request, "tenant_id"),
        name=wanted.name,
        expires_at=wanted.expires_at,
        allowed_models=wanted.allowed_models,
        allowed_channels=await to_channel_ids(sessions, wanted.allowed_channels),
        allowed_ips=wanted.allowed_ips,
    )
    return _answer_issued(issued, service.now())


@router.get(
    _ALL,
    summary="List keys",
    response_model=Page[KeyView],
    openapi_extra={
        "parameters": [query_parameter("tenant", {"type": "string"}, "only this tenant's keys"), *PAGE_QUERY]
    },
)
async def list_keys(request: Request) -> Response:
    """Lists keys, newest first; expired and revoked ones too."""
    service: TenantService = request.state.tenants
    page = parse_page(request)
    rows = await service.list_keys(page, tenant_id=query_text(request, "tenant"))
    now = service.now()
    return json_response(to_page(rows, page, cursor_of=lambda row: row.id, render=lambda row: _render(row, now)))


@router.get(
    _ONE,
    summary="Show a key",
    response_model=KeyView,
    responses=admin_errors(404),
)
async def get_key(request: Request) -> Response:
    """Shows one key, without its secret."""
    service: TenantService = request.state.tenants
    row = await service.get_key(path_id(request, "key_id"))
    return json_response(_render(row, service.now()))


@router.patch(
    _ONE,
    summary="Change a key",
    response_model=KeyView,
    responses=admin_errors(404, 413, 415),
    openapi_extra=body_of(KeyPatch, {"allowed_models": ["doubao-seedance-2"]}),
)
async def update_key(request: Request) -> Response:
    """Changes the members that are sent; null clears one."""
    service: TenantService = request.state.tenants
    sessions: async_sessionmaker[AsyncSession] = request.state.sessions
    catalog: ModelCatalog = request.state.catalog
    changes = (await read_body(request, KeyPatch)).to_changes()
    if "allowed_models" in changes:
        before = (await service.get_key(path_id(request, "key_id"))).allowed_models
        await check_models(catalog, changes["allowed_models"], before=before)
    if "allowed_channels" in changes:
        changes["allowed_channels"] = await to_channel_ids(sessions, changes["allowed_channels"])
    row = await service.update_key(request.state.actor, path_id(request, "key_id"), changes)
    return json_response(_render(row, service.now()))


@router.delete(
    _ONE,
    summary="Revoke a key",
    status_code=204,
    responses=admin_errors(404),
)
async def revoke_key(request: Request) -> Response:
    """Ends a key permanently, within a second on every process."""
    service: TenantService = request.state.tenants
    await service.revoke_key(request.state.actor, path_id(request, "key_id"))
    return Response(status_code=204)


@router.post(
    _ONE + "/rotate",
    summary="Replace a key by a new one",
    status_code=201,
    response_model=IssuedKeyView,
    responses=admin_errors(404, 409, 413, 415),
    openapi_extra=body_of(KeyRotate, {"grace_seconds": 86400}),
)
async def rotate_key(request: Request) -> Response:
    """Creates a key with the same rights; the old one ends after the grace."""
    service: TenantService = request.state.tenants
    wanted = await read_body(request, KeyRotate)
    issued = await service.rotate_key(
        request.state.actor, path_id(request, "key_id"), grace_seconds=wanted.grace_seconds
    )
    return _answer_issued(issued, service.now())


@router.post(
    _SIGNING_KEY,
    summary="Give a key a new signing key",
    status_code=201,
    response_model=IssuedSigningKeyView,
    responses=admin_errors(404, 409),
)
async def create_signing_key(request: Request) -> Response:
    """Creates an access key pair that signs requests to the native entry, `POST /`, with the rights of this key.

    This answer is the only one that shows its secret. The previous pair ends within a second.
    """
    service: TenantService = request.state.tenants
    signing_keys: SigningKeyService = request.state.signing_keys
    issued = await signing_keys.issue(request.state.actor, path_id(request, "key_id"))
    return _answer_once(issued.row, service.now(), secret_access_key=issued.secret_access_key)


@router.delete(
    _SIGNING_KEY,
    summary="End a key's signing key",
    status_code=204,
    responses=admin_errors(404),
)
async def delete_signing_key(request: Request) -> Response:
    """Ends the access key pair within a second on every process; the key itself keeps working."""
    signing_keys: SigningKeyService = request.state.signing_keys
    await signing_keys.end(request.state.actor, path_id(request, "key_id"))
    return Response(status_code=204)


def _answer_issued(issued: IssuedKey, now: datetime) -> Response:
    return _answer_once(issued.row, now, key=issued.plaintext)


def _answer_once(row: ApiKeyRow, now: datetime, **secret: str) -> Response:
    return json_response({**_render(row, now), **secret}, status=201, headers={"Cache-Control": "no-store"})


def _render(row: ApiKeyRow, now: datetime) -> dict[str, Any]:
    return KeyView.from_row(row, now).model_dump(mode="json")
