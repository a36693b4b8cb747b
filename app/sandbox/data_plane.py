"""The data plane over HTTP: video tasks and the list of models, with a Bearer key."""

from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.answers import error_body
from app.sandbox.config import Account, Limits
from app.sandbox.errors import RefusedError, invalid
from app.sandbox.model_list import to_model_list
from app.sandbox.operations import MODELS_PATH, TASKS_PATH, Call
from app.sandbox.state import SandboxState
from app.sandbox.tasks import to_wire
from app.sandbox.verification import check_bearer


def data_plane_routes(state: SandboxState) -> list[Route]:
    """Returns the routes under ``/api/v3/contents/generations/tasks``, and ``/api/v3/models``."""
    plane = _DataPlane(state)
    one = TASKS_PATH + "/{task_id}"
    return [
        Route(TASKS_PATH, plane.create, methods=["POST"]),
        Route(TASKS_PATH, plane.list, methods=["GET"]),
        Route(one, plane.get, methods=["GET"]),
        Route(one, plane.delete, methods=["DELETE"]),
        Route(TASKS_PATH + "/{rest:path}", plane.create, methods=["POST"]),
        Route(MODELS_PATH, plane.models, methods=["GET"]),
    ]


class _DataPlane:
    def __init__(self, state: SandboxState) -> None:
        self._state = state

    async def create(self, request: Request) -> Response:
        return self._answer(request, self._create)

    async def get(self, request: Request) -> Response:
        return self._answer(request, self._get)

    async def list(self, request: Request) -> Response:
        return self._answer(request, self._list)

    async def delete(self, request: Request) -> Response:
        return self._answer(request, self._delete)

    async def models(self, request: Request) -> Response:
        return self._answer(request, self._models)

    def _answer(self, request: Request, operation: Callable[[Account, Call, Request], object]) -> Response:
        call: Call = request.state.call
        try:
            account = check_bearer(self._state.config.accounts, call.headers)
            self._state.world.catch_up()
            result = operation(account, call, request)
        except RefusedError as error:
            return Response(
                error_body(call, error, self._state.config.region), error.status, media_type="application/json"
            )
        return Response(orjson.dumps(result), media_type="application/json")

    def _create(self, account: Account, call: Call, _request: Request) -> object:
        try:
            body = orjson.loads(call.body)
        except orjson.JSONDecodeError:
            raise invalid("body", "the request body is not valid JSON.") from None
        if not isinstance(body, dict):
            raise invalid("body", "expected a JSON object.")
        world = self._state.world
        task = world.tasks.create(account, body, world.limits)
        world.ledger.note_made(call.entry, task.id)
        world.catch_up()
        return {"id": task.id}

    def _get(self, account: Account, _call: Call, request: Request) -> object:
        self._throttle(account, "get", lambda limits: limits.get_per_second)
        return to_wire(self._state.world.tasks.get(account, request.path_params["task_id"]))

    def _list(self, account: Account, call: Call, _request: Request) -> object:
        self._throttle(account, "list", lambda limits: limits.list_per_second)
        tasks, total = self._state.world.tasks.list(account, call.query)
        return {"items": [to_wire(task) for task in tasks], "total": total}

    def _delete(self, account: Account, _call: Call, request: Request) -> object:
        self._throttle(account, "delete", lambda limits: limits.delete_per_second)
        self._state.world.tasks.delete(account, request.path_params["task_id"])
        return {}

    def _models(self, _account: Account, _call: Call, _request: Request) -> object:
        return to_model_list(self._state.world.catalogue.models)

    def _throttle(self, account: Account, operation: str, rate: Callable[[Limits], int]) -> None:
        world = self._state.world
        if world.limits is None:
            return
        if not world.throttle.is_allowed((operation, account.name), calls=rate(world.limits), seconds=1):
            raise RefusedError("AccountRateLimitExceeded", "The request rate exceeds the limit of your account.")
