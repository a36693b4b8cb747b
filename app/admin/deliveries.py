"""Admin routes of deliveries and webhook secrets."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.admin.params import path_id, query_choice, query_text
from app.admin.webhook_service import ShownDelivery, WebhookService
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response
from app.http.schemas import RowView
from app.webhooks.models import DeliveryStatus

_STATUSES = [status.value for status in DeliveryStatus]

_SECRET = "/tenants" + "/{tenant_id}/webhook-secret"
_ALL = "/deliveries"
_RESEND = _ALL + "/{delivery_id}/resend"

router = APIRouter(tags=["admin: webhooks"])


class SecretView(BaseModel):
    """A new webhook secret, which no other answer shows."""

    secret: str
    created_at: datetime


class DeliveryView(RowView):
    """A delivery, with the origin of its URL and without its body."""

    id: str
    tenant_id: str
    task_id: str
    origin: str
    status: str
    attempts: int
    next_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None


@router.post(
    _SECRET,
    summary="Replace a tenant's webhook secret",
    status_code=201,
    response_model=SecretView,
    responses=admin_errors(404),
)
async def rotate_webhook_secret(request: Request) -> Response:
    """Makes a new secret, which signs from now on. This answer is the only one that ever shows it."""
    service: WebhookService = request.state.webhooks
    issued = await service.rotate_secret(request.state.actor, path_id(request, "tenant_id"))
    view = SecretView(secret=issued.secret, created_at=issued.created_at)
    return json_response(view, status=201, headers={"Cache-Control": "no-store"})


@router.get(
    _ALL,
    summary="List deliveries",
    response_model=Page[DeliveryView],
    openapi_extra={
        "parameters": [
            query_parameter("tenant", {"type": "string"}, "only this tenant's deliveries"),
            query_parameter("task", {"type": "string"}, "only deliveries about the task with this id"),
            query_parameter("status", {"type": "string", "enum": _STATUSES}),
            *PAGE_QUERY,
        ]
    },
)
async def list_deliveries(request: Request) -> Response:
    """Lists deliveries, newest first, for thirty days after their end."""
    service: WebhookService = request.state.webhooks
    page = parse_page(request)
    status = query_choice(request, "status", _STATUSES)
    shown = await service.list_deliveries(
        page,
        tenant_id=query_text(request, "tenant"),
        task_id=query_text(request, "task"),
        status=None if status is None else DeliveryStatus(status),
    )
    return json_response(to_page(shown, page, cursor_of=lambda each: each.row.id, view=_view))


@router.post(_RESEND, summary="Deliver again", response_model=DeliveryView, responses=admin_errors(404))
async def resend_delivery(request: Request) -> Response:
    """Retries a delivery for a day from now, whatever its state; it keeps its `webhook-id`."""
    service: WebhookService = request.state.webhooks
    return json_response(_view(await service.resend(request.state.actor, path_id(request, "delivery_id"))))


def _view(shown: ShownDelivery) -> DeliveryView:
    return DeliveryView.of(shown.row, task_id=shown.task_id)
