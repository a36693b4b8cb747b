"""Admin route of the summary."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.admin.budget_schemas import BudgetView
from app.admin.summary.attention import Finding
from app.admin.summary.schemas import (
    ActView,
    FindingView,
    PointView,
    SeriesView,
    SpendView,
    SpentView,
    SubjectView,
    SummaryView,
    TasksView,
)
from app.admin.summary.service import SummaryService
from app.admins.models import AdminRole
from app.http.query import read_query
from app.http.responses import json_response
from app.usage.time_scale import SCALE_QUERY, parse_time_scale

router = APIRouter(tags=["admin: summary"])


@router.get(
    "/summary",
    summary="What needs a human, what is spent, what happens",
    response_model=SummaryView,
    openapi_extra={"parameters": SCALE_QUERY},
)
async def get_summary(request: Request) -> Response:
    """Shows what needs a human with the act that ends it, what is spent today and this month, and tasks over time.

    The role `billing` is shown only money. Tasks count when they were created, as in `/usage`.
    """
    service: SummaryService = request.state.summary
    scale = parse_time_scale(read_query(request))
    money = await service.money(scale)
    work = None if request.state.admin_role is AdminRole.BILLING else await service.work(money)
    view = SummaryView(
        at=service.clock(),
        findings=None if work is None else [_view(finding) for finding in work.findings],
        tasks=None if work is None else TasksView(unfinished=work.unfinished, ended=money.ended),
        spend=SpendView(
            time_zone=scale.zone.key,
            day_begins_at=money.day_begins_at,
            month_begins_at=money.month_begins_at,
            today=[SpentView.of(spent) for spent in money.today],
            month=[SpentView.of(spent) for spent in money.month],
        ),
        budgets=[BudgetView.of_state(state) for state in money.budgets],
        series=SeriesView(
            unit=scale.unit, ends_at=money.ends_at, points=[PointView.of(point) for point in money.points]
        ),
    )
    return json_response(view)


def _view(finding: Finding) -> FindingView:
    subject = None if finding.subject is None else SubjectView.of(finding.subject)
    return FindingView.of(finding, subject=subject, act=ActView.of(finding.act))
