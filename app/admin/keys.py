"""Admin routes of API keys and of their signing keys."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.admin.allow_lists import to_stored
from app.admin.params import (
    PERIOD_QUERY,
    body_of,
    name_query,
    parse_period,
    path_id,
    query_choice,
    query_text,
    read_body,
)
from app.admin.schemas import IssuedKeyView, IssuedSigningKeyView, KeyCreate, KeyPatch, KeyRotate, KeyView
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response
from app.tenants.key_service import KeyService
from app.tenants.key_status import KeyStatus
from app.tenants.repository import KeySearch

_STATUSES = [status.value for status in KeyStatus]
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
    service: KeyService = request.state.keys
    members = await to_stored(request, await read_body(request, KeyCreate))
    issued = await service.create(request.state.actor, path_id(request, "tenant_id"), **members)
    return _answer_once(IssuedKeyView.of_row(issued.row, service.now(), key=issued.secret))


@router.get(
    _ALL,
    summary="List keys",
    response_model=Page[KeyView],
    openapi_extra={
        "parameters": [
            query_parameter("tenant", {"type": "string"}, "only this tenant's keys"),
            name_query("the id or the public part of a key"),
            query_parameter("status", {"type": "string", "enum": _STATUSES}, "only keys in this state"),
            *PERIOD_QUERY,
            *PAGE_QUERY,
        ]
    },
)
async def list_keys(request: Request) -> Response:
    """Lists keys, newest first; expired and revoked ones too."""
    service: KeyService = request.state.keys
    page = parse_page(request)
    status = query_choice(request, "status", _STATUSES)
    wanted = KeySearch(
        tenant_id=query_text(request, "tenant"),
        text=query_text(request, "q"),
        status=None if status is None else KeyStatus(status),
        period=parse_period(request),
    )
    rows = await service.page(page, wanted)
    now = service.now()
    return json_response(to_page(rows, page, cursor_of=lambda row: row.id, view=lambda row: KeyView.of_row(row, now)))


@router.get(_ONE, summary="Show a key", response_model=KeyView, responses=admin_errors(404))
async def get_key(request: Request) -> Response:
    """Shows one key, without its secret."""
    service: KeyService = request.state.keys
    row = await service.get(path_id(request, "key_id"))
    return json_response(KeyView.of_row(row, service.now()))


@router.patch(
    _ONE,
    summary="Change a key",
    response_model=KeyView,
    responses=admin_errors(404, 413, 415),
    openapi_extra=body_of(KeyPatch, {"allowed_models": ["doubao-seedance-2"]}),
)
async def update_key(request: Request) -> Response:
    """Changes the members that are sent; null clears one."""
    service: KeyService = request.state.keys
    key_id = path_id(request, "key_id")
    body = await read_body(request, KeyPatch)
    changes = await to_stored(request, body, load=lambda: service.get(key_id))
    row = await service.update(request.state.actor, key_id, changes)
    return json_response(KeyView.of_row(row, service.now()))


@router.delete(_ONE, summary="Revoke a key", status_code=204, responses=admin_errors(404))
async def revoke_key(request: Request) -> Response:
    """Ends a key permanently, within a second on every process."""
    service: KeyService = request.state.keys
    await service.revoke(request.state.actor, path_id(request, "key_id"))
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
    service: KeyService = request.state.keys
    wanted = await read_body(request, KeyRotate)
    issued = await service.rotate(request.state.actor, path_id(request, "key_id"), grace_seconds=wanted.grace_seconds)
    return _answer_once(IssuedKeyView.of_row(issued.row, service.now(), key=issued.secret))


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
    service: KeyService = request.state.keys
    issued = await service.issue_signing_key(request.state.actor, path_id(request, "key_id"))
    return _answer_once(IssuedSigningKeyView.of_row(issued.row, service.now(), secret_access_key=issued.secret))


@router.delete(_SIGNING_KEY, summary="End a key's signing key", status_code=204, responses=admin_errors(404))
async def delete_signing_key(request: Request) -> Response:
    """Ends the access key pair within a second on every process; the key itself keeps working."""
    service: KeyService = request.state.keys
    await service.end_signing_key(request.state.actor, path_id(request, "key_id"))
    return Response(status_code=204)


def _answer_once(view: KeyView) -> Response:
    return json_response(view, status=201, headers={"Cache-Control": "no-store"})
