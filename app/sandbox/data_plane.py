"""The data plane over HTTP: video tasks and the list of models, with a Bearer key."""

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.authentication import check_bearer
from app.sandbox.calls import MODELS_PATH, TASKS_PATH, Call, error_body
from app.sandbox.catalog import to_model_list
from app.sandbox.config import Account
from app.sandbox.errors import RefusedError, invalid
from app.sandbox.rate_limits import Limits
from app.sandbox.store import Sandbox
from app.sandbox.tasks import to_wire


def data_plane_routes(sandbox: Sandbox) -> list[Route]:
    """Returns the routes of ``/api/v3/contents/generations/tasks`` and ``/api/v3/models``."""
    plane = _DataPlane(sandbox)
    one = TASKS_PATH + "/{task_id}"
    return [
        Route(TASKS_PATH, plane.endpoint(plane.create), methods=["POST"]),
        Route(TASKS_PATH, plane.endpoint(plane.list), methods=["GET"]),
        Route(one, plane.endpoint(plane.get), methods=["GET"]),
        Route(one, plane.endpoint(plane.delete), methods=["DELETE"]),
        Route(TASKS_PATH + "/{rest:path}", plane.endpoint(plane.create), methods=["POST"]),
        Route(MODELS_PATH, plane.endpoint(plane.models), methods=["GET"]),
    ]


class _DataPlane:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def endpoint(
        self, operation: Callable[[Account, Call, Request], object]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Returns the endpoint of an operation, which authenticates the call and renders the result or the error."""

        async def serve(request: Request) -> Response:
            call: Call = request.state.call
            config = self._sandbox.config
            try:
                account = check_bearer(config.accounts, call.headers)
                self._sandbox.store.catch_up()
                result = operation(account, call, request)
            except RefusedError as error:
                return Response(error_body(call, error, config.region), error.status, media_type="application/json")
            return Response(orjson.dumps(result), media_type="application/json")

        return serve

    def create(self, account: Account, call: Call, _request: Request) -> object:
        try:
            body = orjson.loads(call.body)
        except orjson.JSONDecodeError:
            raise invalid("body", "the request body is not valid JSON.") from None
        if not isinstance(body, dict):
            raise invalid("body", "expected a JSON object.")
        store = self._sandbox.store
        task = store.tasks.create(account, body, store.limits)
        store.ledger.record_created(call.entry, task.id)
        store.catch_up()
        return {"id": task.id}

    def get(self, account: Account, _call: Call, request: Request) -> object:
        self._check_rate(account, "get", lambda limits: limits.get_per_second)
        return to_wire(self._sandbox.store.tasks.get(account, request.path_params["task_id"]))

    def list(self, account: Account, call: Call, _request: Request) -> object:
        self._check_rate(account, "list", lambda limits: limits.list_per_second)
        tasks, total = self._sandbox.store.tasks.list(account, call.query)
        return {"items": [to_wire(task) for task in tasks], "total": total}

    def delete(self, account: Account, _call: Call, request: Request) -> object:
        self._check_rate(account, "delete", lambda limits: limits.delete_per_second)
        self._sandbox.store.tasks.delete(account, request.path_params["task_id"])
        return {}

    def models(self, _account: Account, _call: Call, _request: Request) -> object:
        return to_model_list(self._sandbox.store.catalog.models)

    def _check_rate(self, account: Account, operation: str, rate: Callable[[Limits], int]) -> None:
        store = self._sandbox.store
        if store.limits is None:
            return
        if not store.rate_limiter.is_allowed((operation, account.name), calls=rate(store.limits), seconds=1):
            raise RefusedError("AccountRateLimitExceeded", "The request rate exceeds the limit of your account.")
