"""Admin routes of deliveries and webhook secrets."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from app.admin.bulk_resend import MAX_IDS, BulkResend
from app.admin.params import PERIOD_QUERY, body_of, parse_period, path_id, query_choice, query_text, read_body
from app.admin.webhook_service import IssuedSecret, ShownDelivery, WebhookService
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response
from app.http.schemas import RequestModel, RowView
from app.webhooks.models import OPERATOR, DeliveryStatus
from app.webhooks.repository import DeliverySearch

_STATUSES = [status.value for status in DeliveryStatus]

_SECRET = "/tenants" + "/{tenant_id}/webhook-secret"
_OF_OPERATOR = "/webhook-secret"
_ALL = "/deliveries"
_ONE = _ALL + "/{delivery_id}"
_RESEND = _ONE + "/resend"
_Text = Annotated[str, Field(min_length=1, max_length=300)]

router = APIRouter(tags=["admin: webhooks"])


class SecretView(BaseModel):
    """A new webhook secret, which no other answer shows."""

    secret: str
    created_at: datetime


class DeliveryView(RowView):
    """A delivery, with the origin of its URL and without its body."""

    id: str
    tenant_id: str = Field(description=f"whose endpoint it goes to; `{OPERATOR}`: that of SEEDGATE_OPERATOR_WEBHOOK")
    task_id: str | None = Field(description="the task that it is about")
    budget_id: str | None = Field(description="the budget that it is about")
    origin: str
    status: str
    attempts: int
    next_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None


class DeliveryDetailView(DeliveryView):
    """A delivery with its body."""

    body: str = Field(
        description="JSON, the text that is signed and posted; its links are those of a post at this moment"
    )


class DeliveriesResend(RequestModel):
    """Body of ``POST /deliveries/resend``: either ``ids`` or ``endpoint``."""

    ids: Annotated[list[_Text], Field(min_length=1, max_length=MAX_IDS)] | None = Field(
        default=None, description="the deliveries, whatever their state"
    )
    endpoint: _Text | None = Field(
        default=None,
        description="an origin such as `https://hooks.example`: what was given up or waits after a failure",
    )
    tenant: _Text | None = Field(default=None, description="only this tenant's deliveries to the endpoint")

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.ids is None) is (self.endpoint is None):
            raise ValueError("either `ids` or `endpoint` is needed")
        if self.tenant is not None and self.endpoint is None:
            raise ValueError("`tenant` is for an `endpoint`")
        return self


class ResentView(RowView):
    """What was resent."""

    resent: int = Field(description="how many deliveries are due now")
    not_found: list[str] = Field(description="ids that no delivery has")
    has_more: bool = Field(description="there may be more to this endpoint; send the request again")


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
    return _answer_once(await service.rotate_secret(request.state.actor, path_id(request, "tenant_id")))


@router.post(
    _OF_OPERATOR,
    summary="Replace the operator's webhook secret",
    status_code=201,
    response_model=SecretView,
)
async def rotate_operator_secret(request: Request) -> Response:
    """Makes a new secret, which signs what goes to `SEEDGATE_OPERATOR_WEBHOOK` from now on.

    This answer is the only one that ever shows it.
    """
    service: WebhookService = request.state.webhooks
    return _answer_once(await service.rotate_operator_secret(request.state.actor))


@router.get(
    _ALL,
    summary="List deliveries",
    response_model=Page[DeliveryView],
    openapi_extra={
        "parameters": [
            query_parameter("id", {"type": "string"}, "only the delivery with this id"),
            query_parameter("tenant", {"type": "string"}, f"only this tenant's deliveries; or `{OPERATOR}`"),
            query_parameter(
                "task", {"type": "string"}, "only about the task with this id: the tenant's, upstream's or spare one"
            ),
            query_parameter("key", {"type": "string"}, "only about tasks that the API key of this id has made"),
            query_parameter("status", {"type": "string", "enum": _STATUSES}),
            query_parameter("endpoint", {"type": "string"}, "only to this origin, such as `https://hooks.example`"),
            *PERIOD_QUERY,
            *PAGE_QUERY,
        ]
    },
)
async def list_deliveries(request: Request) -> Response:
    """Lists deliveries, newest first, for thirty days after their end."""
    service: WebhookService = request.state.webhooks
    page = parse_page(request)
    status = query_choice(request, "status", _STATUSES)
    wanted = DeliverySearch(
        delivery_id=query_text(request, "id"),
        tenant_id=query_text(request, "tenant"),
        task_id=query_text(request, "task"),
        key_id=query_text(request, "key"),
        origin=query_text(request, "endpoint"),
        status=None if status is None else DeliveryStatus(status),
        period=parse_period(request),
    )
    shown = await service.list_deliveries(page, wanted)
    return json_response(to_page(shown, page, cursor_of=lambda each: each.row.id, view=_view))


@router.get(
    _ONE, summary="Show a delivery with its body", response_model=DeliveryDetailView, responses=admin_errors(404)
)
async def get_delivery(request: Request) -> Response:
    """Shows a delivery with its body, which may have links to a clip, for owners and operators.

    Each look is in the audit log.
    """
    service: WebhookService = request.state.webhooks
    shown, body = await service.look(request.state.actor, path_id(request, "delivery_id"))
    view = DeliveryDetailView.of(shown.row, task_id=shown.task_id or None, body=body)
    return json_response(view, headers={"Cache-Control": "no-store"})


@router.post(
    _ALL + "/resend",
    summary="Deliver many again",
    response_model=ResentView,
    responses=admin_errors(413, 415),
    openapi_extra=body_of(DeliveriesResend, {"endpoint": "https://hooks.example"}),
)
async def resend_deliveries(request: Request) -> Response:
    """Retries deliveries for a day from now: those that `ids` names, or those to an endpoint that were tried in vain.

    They keep their `webhook-id`, so that a receiver recognises what it has. One request resends at most a thousand to
    an endpoint, oldest first, and answers whether there are more.
    """
    service: BulkResend = request.state.bulk_resend
    wanted = await read_body(request, DeliveriesResend)
    if wanted.endpoint is None:
        resent = await service.resend(request.state.actor, wanted.ids or ())
    else:
        resent = await service.resend_to(request.state.actor, wanted.endpoint, tenant_id=wanted.tenant)
    return json_response(ResentView.of(resent))


@router.post(_RESEND, summary="Deliver again", response_model=DeliveryView, responses=admin_errors(404))
async def resend_delivery(request: Request) -> Response:
    """Retries a delivery for a day from now, whatever its state; it keeps its `webhook-id`."""
    service: WebhookService = request.state.webhooks
    return json_response(_view(await service.resend(request.state.actor, path_id(request, "delivery_id"))))


def _view(shown: ShownDelivery) -> DeliveryView:
    return DeliveryView.of(shown.row, task_id=shown.task_id or None)


def _answer_once(issued: IssuedSecret) -> Response:
    view = SecretView(secret=issued.secret, created_at=issued.created_at)
    return json_response(view, status=201, headers={"Cache-Control": "no-store"})
