"""Admin routes of any tenant's tasks, and of orphans."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.admin.params import PERIOD_QUERY, body_of, parse_period, path_id, query_choice, query_text, read_body
from app.admin.task_schemas import (
    STATUSES,
    OrphanView,
    TaskDetailView,
    TaskMediaView,
    TaskResolve,
    TaskView,
)
from app.catalog.service import ModelCatalog
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response
from app.tasks.admin_repository import OrphanSearch, TaskSearch, orphan_cursor, task_cursor
from app.tasks.admin_service import TaskAdminService
from app.tasks.models import TaskStatus

_ALL = "/tasks"
_ONE = _ALL + "/{task_id}"

router = APIRouter(tags=["admin: tasks"])


@router.get(
    _ALL,
    summary="List any tenant's tasks",
    response_model=Page[TaskView],
    openapi_extra={
        "parameters": [
            query_parameter(
                "id", {"type": "string"}, "only the task with this id: the tenant's, upstream's or spare one"
            ),
            query_parameter("tenant", {"type": "string"}, "only this tenant's tasks"),
            query_parameter("status", {"type": "string", "enum": STATUSES}, "only tasks in this state"),
            query_parameter("model", {"type": "string"}, "a name or alias of a model, or what it is called upstream"),
            query_parameter("channel", {"type": "string"}, "name or id of a channel"),
            query_parameter("key", {"type": "string"}, "only tasks that were made with the API key of this id"),
            *PERIOD_QUERY,
            *PAGE_QUERY,
        ]
    },
)
async def list_tasks(request: Request) -> Response:
    """Lists tasks, newest first, deleted ones too; the upstream is not asked."""
    service: TaskAdminService = request.state.task_admin
    page = parse_page(request)
    catalog: ModelCatalog = request.state.catalog
    status = query_choice(request, "status", STATUSES)
    model = query_text(request, "model")
    models = await catalog.index()
    wanted = TaskSearch(
        task_id=query_text(request, "id"),
        tenant_id=query_text(request, "tenant"),
        status=None if status is None else TaskStatus(status),
        models=() if model is None else models.spellings_of_all([model]),
        channel=query_text(request, "channel"),
        key_id=query_text(request, "key"),
        period=parse_period(request),
    )
    return json_response(to_page(await service.page(page, wanted), page, cursor_of=task_cursor, view=TaskView.of_task))


@router.get(_ONE, summary="Show any tenant's task", response_model=TaskDetailView, responses=admin_errors(404))
async def get_task(request: Request) -> Response:
    """Shows one task with its history and what it cost, by the upstream's id or our own; the upstream is not asked."""
    return await _answer(request)


@router.get(
    _ONE + "/media", summary="Show the clip of a task", response_model=TaskMediaView, responses=admin_errors(404)
)
async def get_task_media(request: Request) -> Response:
    """Shows the links to the results of a task, for owners and operators; each look is in the audit log."""
    service: TaskAdminService = request.state.task_admin
    row = await service.look(request.state.actor, path_id(request, "task_id"))
    return json_response(TaskMediaView.of_task(row, service.shown(row)), headers={"Cache-Control": "no-store"})


@router.post(
    _ONE + "/refresh",
    summary="Ask the upstream about a task now",
    response_model=TaskDetailView,
    responses=admin_errors(404, 409),
)
async def refresh_task(request: Request) -> Response:
    """Asks the upstream, within the account's budget of queries, and shows the task as it is then."""
    service: TaskAdminService = request.state.task_admin
    await service.refresh(path_id(request, "task_id"))
    return await _answer(request)


@router.post(
    _ONE + "/cancel", summary="Cancel a queued task", response_model=TaskDetailView, responses=admin_errors(404, 409)
)
async def cancel_task(request: Request) -> Response:
    """Does what its tenant's own delete of a queued task would; a running task cannot be stopped."""
    service: TaskAdminService = request.state.task_admin
    await service.cancel(request.state.actor, path_id(request, "task_id"))
    return await _answer(request)


@router.post(
    _ONE + "/resolve",
    summary="Say what became of a create of unknown outcome",
    response_model=TaskDetailView,
    responses=admin_errors(404, 409, 413, 415),
    openapi_extra=body_of(TaskResolve, {"absent": True}),
)
async def resolve_task(request: Request) -> Response:
    """Gives the task an upstream task that its channel knows and that has no owner, or ends it as failed."""
    service: TaskAdminService = request.state.task_admin
    wanted = await read_body(request, TaskResolve)
    await service.resolve(request.state.actor, path_id(request, "task_id"), upstream_id=wanted.upstream_id)
    return await _answer(request)


@router.get(
    "/orphans",
    summary="List upstream tasks without an owner",
    response_model=Page[OrphanView],
    openapi_extra={
        "parameters": [
            query_parameter("upstream_id", {"type": "string"}, "only the one with this id of the upstream"),
            query_parameter(
                "task", {"type": "string"}, "only those that the create of this task may have made; the spare id"
            ),
            *PAGE_QUERY,
        ]
    },
)
async def list_orphans(request: Request) -> Response:
    """Lists upstream tasks that a create of unknown outcome may have made, newest first."""
    service: TaskAdminService = request.state.task_admin
    page = parse_page(request)
    wanted = OrphanSearch(upstream_id=query_text(request, "upstream_id"), task_id=query_text(request, "task"))
    orphans = await service.orphans(page, wanted)
    return json_response(
        to_page(
            orphans,
            page,
            cursor_of=orphan_cursor,
            view=lambda found: OrphanView.of(found.row, possible_tasks=found.possible_tasks),
        )
    )


async def _answer(request: Request) -> Response:
    service: TaskAdminService = request.state.task_admin
    return json_response(TaskDetailView.of_detail(await service.get(path_id(request, "task_id"))))
