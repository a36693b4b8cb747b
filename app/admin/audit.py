"""Admin route of the audit log."""

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request
from starlette.responses import Response

from app.admin.params import PERIOD_QUERY, parse_period, path_id, query_text
from app.admin.schemas import AuditView
from app.audit.models import AuditRow
from app.audit.repository import AuditedKey, AuditSearch, WholeAuditLog, audit_cursor
from app.errors import NotFoundError
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, PageRequest, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response
from app.tasks.admin_repository import AdminTaskRepository
from app.tenants.repository import AllKeys

_ALL = "/audit"
_ONE = _ALL + "/{entry_id}"

router = APIRouter(tags=["admin: audit"])


@router.get(
    _ALL,
    summary="Who changed what",
    response_model=Page[AuditView],
    openapi_extra={
        "parameters": [
            query_parameter("tenant", {"type": "string"}, "only changes that concern this tenant"),
            query_parameter(
                "target", {"type": "string"}, "only changes of the object with this id; a task also by the upstream's"
            ),
            query_parameter("key", {"type": "string"}, "only what was done to, or with, the API key of this id"),
            query_parameter("action", {"type": "string"}, "only this action, such as `key.create`"),
            query_parameter("actor", {"type": "string"}, "only changes by the admin or the command of this name"),
            *PERIOD_QUERY,
            *PAGE_QUERY,
        ]
    },
)
async def list_audit(request: Request) -> Response:
    """Lists changes, newest first.

    With `key` these are the changes of the key, the rotation that made it, and what was done with it, such as a sign-in
    to the console.
    """
    sessions: async_sessionmaker[AsyncSession] = request.state.sessions
    page = parse_page(request)
    wanted = AuditSearch(
        tenant_id=query_text(request, "tenant"),
        target_id=query_text(request, "target"),
        action=query_text(request, "action"),
        actor=query_text(request, "actor"),
        period=parse_period(request),
    )
    key_id = query_text(request, "key")
    async with sessions() as session:
        rows = await _page(session, page, wanted, key_id)
    return json_response(to_page(rows, page, cursor_of=audit_cursor, view=AuditView.of_row))


@router.get(_ONE, summary="Show a row of the audit log", response_model=AuditView, responses=admin_errors(404))
async def get_audit_entry(request: Request) -> Response:
    """Shows one change."""
    sessions: async_sessionmaker[AsyncSession] = request.state.sessions
    entry_id = path_id(request, "entry_id")
    async with sessions() as session:
        row = await WholeAuditLog(session).find(entry_id)
    if row is None:
        raise NotFoundError("The specified row of the audit log is not found.", field="entry_id", param="entry_id")
    return json_response(AuditView.of_row(row))


async def _page(
    session: AsyncSession, page: PageRequest, wanted: AuditSearch, key_id: str | None
) -> Sequence[AuditRow]:
    if wanted.target_id is not None:
        wanted = replace(wanted, target_id=await AdminTaskRepository(session).spare_id(wanted.target_id))
    if key_id is not None:
        key = await AllKeys(session).find(key_id)
        if key is None:
            return []
        wanted = replace(wanted, key=AuditedKey(key.id, key.rotated_from, key.created_at))
    return await WholeAuditLog(session).page(page, wanted)
