"""Admin routes of named admin tokens."""

from datetime import datetime
from typing import Literal, Self

from fastapi import APIRouter
from pydantic import ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from app.admin.fields import Moment, Name
from app.admin.params import body_of, path_id, read_body
from app.admins.models import AdminRow
from app.admins.service import AdminService, admin_status
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.responses import json_response
from app.http.schemas import RequestModel, RowView, drop_defaults

_ALL = "/admins"
_ONE = _ALL + "/{admin_id}"

RoleText = Literal["owner", "operator", "billing", "viewer"]

router = APIRouter(tags=["admin: admins"])


class AdminCreate(RequestModel):
    """Body of ``POST /admins``."""

    name: Name
    role: RoleText
    expires_at: Moment | None = None


class AdminPatch(AdminCreate):
    """Body of ``PATCH /admins/{id}``: absent members are left unchanged, null clears; defaults are never used."""

    model_config = ConfigDict(json_schema_extra=drop_defaults)

    name: Name = ""
    role: RoleText = "viewer"


class AdminView(RowView):
    """An admin without its token."""

    id: str
    name: str
    role: str
    public_part: str
    status: str
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of_row(cls, row: AdminRow, now: datetime, **secret: str) -> Self:
        """Returns the view of a row; ``now`` decides whether the token has expired."""
        return cls.of(row, status=admin_status(row, now).value, **secret)


class IssuedAdminView(AdminView):
    """A new admin with its token, which no other answer shows."""

    token: str


@router.post(
    _ALL,
    summary="Create an admin",
    status_code=201,
    response_model=IssuedAdminView,
    responses=admin_errors(413, 415),
    openapi_extra=body_of(AdminCreate, {"name": "finance", "role": "billing"}),
)
async def create_admin(request: Request) -> Response:
    """Creates an admin with a token of its own. This answer is the only one that shows the token."""
    service: AdminService = request.state.admins
    wanted = await read_body(request, AdminCreate)
    issued = await service.create(request.state.actor, **wanted.model_dump())
    view = IssuedAdminView.of_row(issued.row, service.now(), token=issued.token)
    return json_response(view, status=201, headers={"Cache-Control": "no-store"})


@router.get(_ALL, summary="List admins", response_model=Page[AdminView], openapi_extra={"parameters": PAGE_QUERY})
async def list_admins(request: Request) -> Response:
    """Lists admins, newest first; expired and revoked ones too. The token of the environment is not among them."""
    service: AdminService = request.state.admins
    page = parse_page(request)
    rows, now = await service.page(page), service.now()
    return json_response(to_page(rows, page, cursor_of=lambda row: row.id, view=lambda row: AdminView.of_row(row, now)))


@router.patch(
    _ONE,
    summary="Change an admin",
    response_model=AdminView,
    responses=admin_errors(404, 409, 413, 415),
    openapi_extra=body_of(AdminPatch, {"role": "viewer"}),
)
async def update_admin(request: Request) -> Response:
    """Changes the members that are sent, within a second on every process; null clears one."""
    service: AdminService = request.state.admins
    admin_id = path_id(request, "admin_id")
    changes = (await read_body(request, AdminPatch)).sent()
    return json_response(AdminView.of_row(await service.update(request.state.actor, admin_id, changes), service.now()))


@router.delete(_ONE, summary="Revoke an admin's token", status_code=204, responses=admin_errors(404))
async def revoke_admin(request: Request) -> Response:
    """Ends the token permanently, within a second on every process."""
    service: AdminService = request.state.admins
    await service.revoke(request.state.actor, path_id(request, "admin_id"))
    return Response(status_code=204)
