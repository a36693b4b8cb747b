"""Admin route of the audit log."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request
from starlette.responses import Response

from app.admin.documentation import list_operation
from app.admin.params import query_text
from app.admin.schemas import AuditView
from app.audit.models import AuditRow
from app.audit.repository import WholeAuditLog
from app.http.paging import parse_page, to_page
from app.http.responses import json_response

router = APIRouter(tags=["admin: audit"])


@router.get(
    "/audit",
    operation_id="admin_list_audit",
    summary="Who changed what",
    response_model=None,
    openapi_extra=list_operation(
        AuditView,
        query={
            "tenant": {"type": "string", "description": "only changes that concern this tenant"},
            "target": {"type": "string", "description": "only changes of the object with this id"},
            "action": {"type": "string", "description": "only this action, such as `key.create`"},
        },
    ),
)
async def list_audit(request: Request) -> Response:
    """Lists changes, newest first."""
    sessions: async_sessionmaker[AsyncSession] = request.state.sessions
    page = parse_page(request)
    filters = {f"{name}_id": query_text(request, name) for name in ("tenant", "target")}
    async with sessions() as session:
        rows = await WholeAuditLog(session).page(page, action=query_text(request, "action"), **filters)
    return json_response(to_page(rows, page, cursor_of=lambda row: str(row.id), render=_render))


def _render(row: AuditRow) -> dict[str, Any]:
    return AuditView.from_row(row).model_dump(mode="json")
