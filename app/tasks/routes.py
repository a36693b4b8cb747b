"""Routes of the Seedance video task API: parse, call, wrap."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.confusables import skeleton
from app.core.strict_json import parse_json_object
from app.creates.sdk_retry_headers import is_marked_as_retry, read_idempotency_key
from app.errors import InvalidParameterError, RequestTooLargeError, UnsupportedMediaTypeError
from app.http.body import BodyAdmission
from app.http.body_budget import Sender
from app.http.disconnect import client_disconnected
from app.http.dry_run import find_dry_run, is_dry_run_name
from app.http.openapi import STALE_RESPONSE, tenant_errors
from app.http.query import read_query
from app.http.responses import json_response, rendered_response, stale_header
from app.observability.log_context import add_log_fields
from app.tasks import documentation
from app.tasks.creation.create import ClientRequest, TaskCreation
from app.tasks.creation.create_body import NativeBody
from app.tasks.deletion import TaskDeletion
from app.tasks.ready_answers import COLLECTION, ReadyAnswers, ready_answer
from app.tasks.request_params import checked_task_id, parse_dry_run, parse_list
from app.tasks.schemas import CreatedTask, DeletedTask, DryRun, ShownTask, TaskPage
from app.tasks.service import TaskService
from app.tenants.caller import admit, count_create, identify
from app.tenants.permissions import Permission

# A deletion needs no body. All names in a body of this length are checked within some milliseconds.
_MAX_DELETE_BODY_BYTES = 16 * 1024

router = APIRouter(tags=["video tasks"], responses=tenant_errors(400, 401, 403, 404, 429, 502, 503))


@router.post(
    COLLECTION,
    summary="Create a video task",
    response_model=CreatedTask | DryRun,
    responses=tenant_errors(409, 413, 415),
    openapi_extra=documentation.CREATE,
)
async def create_task(request: Request) -> Response:
    """Creates a video task; with ``dry_run=true`` only validates it and tells what it will cost at most."""
    sender = await admit(request, Permission.TASKS)
    creation: TaskCreation = request.state.task_creation
    bodies: BodyAdmission = request.state.bodies
    is_dry_run = parse_dry_run(read_query(request))
    idempotency_key = read_idempotency_key(request.headers.raw)
    async with bodies.read(request, sender) as held:
        # Checked again: the key may have been revoked while the body was arriving.
        principal, body = await identify(request, Permission.TASKS), NativeBody(held)
        if is_dry_run:
            return json_response(await creation.dry_run(principal, body))
        await count_create(request, principal)
        async with client_disconnected(request) as gone:
            client = ClientRequest(
                id=request.state.request_id,
                idempotency_key=idempotency_key,
                is_marked_retry=is_marked_as_retry(request.headers),
                gone=gone,
            )
            task_id = await creation.create(principal, body, client)
    add_log_fields(task=task_id)
    return json_response({"id": task_id})


@router.get(COLLECTION, summary="List video tasks", response_model=TaskPage, openapi_extra=documentation.LIST)
async def list_tasks(request: Request) -> Response:
    """Lists the tenant's tasks as stored, newest first."""
    principal = await identify(request, Permission.READ)
    service: TaskService = request.state.tasks
    query = parse_list(read_query(request))
    page = await service.page(principal, query.wanted, page_num=query.page_num, page_size=query.page_size)
    return rendered_response(page)


@router.get(
    COLLECTION + "/{task_id}",
    summary="Query a video task",
    response_model=ShownTask,
    responses=STALE_RESPONSE,
    openapi_extra=documentation.ONE,
)
async def get_task(request: Request) -> Response:
    """Returns one task; ``X-Seedgate-Stale`` is the age in seconds of a stale answer."""
    principal = await identify(request, Permission.READ)
    service: TaskService = request.state.tasks
    task_id = _task_id(request)
    view = await service.get(principal, task_id)
    response = json_response(view.body, headers=stale_header(view.stale_seconds))
    if view.ready_position is not None:
        ready_answers: ReadyAnswers = request.state.ready_answers
        answer = ready_answer(
            bytes(response.body), task_id=task_id, channel_id=view.channel_id, usable_until=view.usable_until
        )
        ready_answers.put(principal.tenant_id, task_id, answer, position=view.ready_position)
    return response


@router.delete(
    COLLECTION + "/{task_id}",
    summary="Cancel or delete a video task",
    response_model=DeletedTask,
    responses=tenant_errors(409),
    openapi_extra=documentation.ONE,
)
async def delete_task(request: Request) -> Response:
    """Cancels a queued task, removes a finished one; an optional body is ignored unless it asks for a dry run."""
    sender = await admit(request, Permission.TASKS)
    await _check_no_dry_run(request, sender)
    # Checked again: the key may have been revoked while the body was arriving.
    principal = await identify(request, Permission.TASKS)
    deletion: TaskDeletion = request.state.task_deletion
    await deletion.delete(principal, _task_id(request))
    return json_response({})


async def _check_no_dry_run(request: Request, sender: Sender) -> None:
    """Refuses a body that asks for a dry run, which a deletion does not have; a body that is no JSON is ignored.

    Raises:
        InvalidParameterError: 400, the body asks for a dry run.
        RequestTooSlowError: 408, the body did not arrive in time.
        ServiceUnavailableError: 503, there is no memory for it.
    """
    bodies: BodyAdmission = request.state.bodies
    try:
        async with bodies.read(request, sender, limit_bytes=_MAX_DELETE_BODY_BYTES) as body:
            members = parse_json_object(body.data)
    except InvalidParameterError as error:
        # The error of a repeated member; it is ignored unless the member is the dry run.
        if error.param is not None and is_dry_run_name(skeleton(error.param)):
            raise
        return
    except (RequestTooLargeError, UnsupportedMediaTypeError):
        return
    dry_run = find_dry_run(members)
    if dry_run is not None:
        text = f"The parameter `{dry_run}` is not supported: a deletion has no dry run. Nothing was done."
        raise InvalidParameterError(dry_run, text)


def _task_id(request: Request) -> str:
    return checked_task_id(request.path_params["task_id"])
