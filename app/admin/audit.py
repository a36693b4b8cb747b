"""Admin route of the audit log."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request
from starlette.responses import Response

from app.admin.params import query_text
from app.admin.schemas import AuditView
from app.audit.repository import WholeAuditLog
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response

router = APIRouter(tags=["admin: audit"])


@router.get(
    "/audit",
    summary="Who changed what",
    response_model=Page[AuditView],
    openapi_extra={
        "parameters": [
            query_parameter("tenant", {"type": "string"}, "only changes that concern this tenant"),
            query_parameter("target", {"type": "string"}, "only changes of the object with this id"),
            query_parameter("action", {"type": "string"}, "only this action, such as `key.create`"),
            *PAGE_QUERY,
        ]
    },
)
async def list_audit(request: Request) -> Response:
    """Lists changes, newest first."""
    sessions: async_sessionmaker[AsyncSession] = request.state.sessions
    page = parse_page(request)
    filters = {f"{name}_id": query_text(request, name) for name in ("tenant", "target")}
    async with sessions() as session:
        rows = await WholeAuditLog(session).page(page, action=query_text(request, "action"), **filters)
    return json_response(to_page(rows, page, cursor_of=lambda row: str(row.id), view=AuditView.of_row))
