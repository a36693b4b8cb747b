"""The sandbox's own controls under ``/_sandbox/``: time, faults, forced states, the ledger.

They take no credential: a sandbox belongs on a loopback address or in a test network.
"""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.header_text import parse_decimal
from app.sandbox.config import MIN_TIME_SCALE
from app.sandbox.faults import FaultScript
from app.sandbox.rate_limits import Limits
from app.sandbox.store import Sandbox
from app.sandbox.tasks import to_wire

CONTROL_PREFIX = "/_sandbox"
_MAX_CLOCK_SECONDS = 10 * 366 * 86_400


class ClockChange(BaseModel):
    """Moves the sandbox's clock.

    Attributes:
        advance_seconds: lets so much time pass at once.
        skew_seconds: makes the clock wrong by so much against callers' clocks; None leaves it.
    """

    model_config = ConfigDict(extra="forbid")

    advance_seconds: float = Field(default=0, ge=0, le=_MAX_CLOCK_SECONDS)
    skew_seconds: float | None = Field(default=None, ge=-_MAX_CLOCK_SECONDS, le=_MAX_CLOCK_SECONDS)


class TaskChange(BaseModel):
    """Forces a task into a state, where it stays.

    Attributes:
        status: any text, even a status that the upstream does not have; None leaves it.
        code: of the error, for ``failed``.
        message: of the error.
        extra: members added to the task's wire object.
    """

    model_config = ConfigDict(extra="forbid")

    status: str | None = Field(default=None, min_length=1)
    code: str | None = None
    message: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class AssetChange(BaseModel):
    """Ends an asset's processing at once.

    Attributes:
        status: what becomes of it.
        code: of the failure.
        message: of the failure; None for the usual one.
    """

    model_config = ConfigDict(extra="forbid")

    status: Literal["Active", "Failed"]
    code: str = "InternalError"
    message: str | None = None


class SettingsChange(BaseModel):
    """Changes settings until the next reset; None leaves one as it is.

    Attributes:
        time_scale: for work that starts from now on.
        limits: ``on`` for the upstream's usual rates and caps, ``off`` for none.
        consistency_delay_seconds: for assets made from now on.
        token_ttl_seconds: for sessions opened from now on.
    """

    model_config = ConfigDict(extra="forbid")

    time_scale: float | None = Field(default=None, ge=MIN_TIME_SCALE)
    limits: Literal["on", "off"] | None = None
    consistency_delay_seconds: float | None = Field(default=None, ge=0)
    token_ttl_seconds: float | None = Field(default=None, gt=0)


_Body = TypeVar("_Body", bound=BaseModel)


def control_api_routes(sandbox: Sandbox) -> list[Route]:
    """Returns the control routes of a sandbox."""
    control_api = _ControlApi(sandbox)
    return [
        Route(f"{CONTROL_PREFIX}/ledger", control_api.ledger, methods=["GET"]),
        Route(f"{CONTROL_PREFIX}/faults", control_api.list_faults, methods=["GET"]),
        Route(f"{CONTROL_PREFIX}/faults", control_api.add_fault, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/faults", control_api.clear_faults, methods=["DELETE"]),
        Route(f"{CONTROL_PREFIX}/faults/{{fault_id}}", control_api.remove_fault, methods=["DELETE"]),
        Route(f"{CONTROL_PREFIX}/clock", control_api.clock, methods=["GET"]),
        Route(f"{CONTROL_PREFIX}/clock", control_api.move_clock, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/tasks/{{task_id}}", control_api.change_task, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/assets/{{asset_id}}", control_api.change_asset, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/settings", control_api.change_settings, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/reset", control_api.reset, methods=["POST"]),
    ]


class _ControlApi:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def ledger(self, request: Request) -> Response:
        store = self._sandbox.store
        store.catch_up()
        after = parse_decimal(request.query_params.get("after", "0"))
        if after is None:
            return _refuse("after is a request number")
        operation = request.query_params.get("operation")
        return JSONResponse(store.ledger.report(store.tasks.by_id, store.assets, operation=operation, after=after))

    async def list_faults(self, _request: Request) -> Response:
        return JSONResponse({"faults": [fault.to_wire() for fault in self._sandbox.store.faults.list()]})

    async def add_fault(self, request: Request) -> Response:
        script = await _read(request, FaultScript)
        if isinstance(script, Response):
            return script
        return JSONResponse(self._sandbox.store.faults.add(script).to_wire(), 201)

    async def clear_faults(self, _request: Request) -> Response:
        self._sandbox.store.faults.clear()
        return JSONResponse({})

    async def remove_fault(self, request: Request) -> Response:
        fault_id = request.path_params["fault_id"]
        return JSONResponse({}) if self._sandbox.store.faults.remove(fault_id) else _not_found(fault_id)

    async def clock(self, _request: Request) -> Response:
        return JSONResponse(self._show_clock())

    async def move_clock(self, request: Request) -> Response:
        change = await _read(request, ClockChange)
        if isinstance(change, Response):
            return change
        clock = self._sandbox.store.clock
        clock.advance(change.advance_seconds)
        clock.skew_seconds = clock.skew_seconds if change.skew_seconds is None else change.skew_seconds
        self._sandbox.store.save_settings()
        self._sandbox.store.catch_up()
        self._sandbox.wake.set()
        return JSONResponse(self._show_clock())

    async def change_task(self, request: Request) -> Response:
        change = await _read(request, TaskChange)
        if isinstance(change, Response):
            return change
        store = self._sandbox.store
        store.catch_up()
        task = store.tasks.by_id.get(request.path_params["task_id"])
        if task is None:
            return _not_found(request.path_params["task_id"])
        task.extra |= change.extra
        store.tasks.save(task)
        if change.status is not None:
            store.lifecycle.force(task, change.status, code=change.code, message=change.message)
        return JSONResponse(to_wire(task))

    async def change_asset(self, request: Request) -> Response:
        change = await _read(request, AssetChange)
        if isinstance(change, Response):
            return change
        store = self._sandbox.store
        asset = store.assets.assets.get(request.path_params["asset_id"])
        if asset is None:
            return _not_found(request.path_params["asset_id"])
        asset.ready_at = store.clock.now()
        asset.failure = change.code if change.status == "Failed" else None
        asset.failure_message = change.message
        store.assets.save(asset)
        return JSONResponse({"id": asset.id, "status": asset.status_at(store.clock.now())})

    async def change_settings(self, request: Request) -> Response:
        change = await _read(request, SettingsChange)
        if isinstance(change, Response):
            return change
        store = self._sandbox.store
        if change.time_scale is not None:
            store.clock.time_scale = change.time_scale
        if change.limits is not None:
            store.limits = (self._sandbox.config.limits or Limits()) if change.limits == "on" else None
            store.lifecycle.refill()
        if change.consistency_delay_seconds is not None:
            store.consistency_delay_seconds = change.consistency_delay_seconds
        if change.token_ttl_seconds is not None:
            store.token_ttl_seconds = change.token_ttl_seconds
        store.save_settings()
        return JSONResponse(
            {
                "time_scale": store.clock.time_scale,
                "limits": "off" if store.limits is None else "on",
                "consistency_delay_seconds": store.consistency_delay_seconds,
                "token_ttl_seconds": store.token_ttl_seconds,
            }
        )

    async def reset(self, _request: Request) -> Response:
        await self._sandbox.reset()
        return JSONResponse({})

    def _show_clock(self) -> dict[str, Any]:
        clock = self._sandbox.store.clock
        return {"now": clock.now().isoformat(), "skew_seconds": clock.skew_seconds, "time_scale": clock.time_scale}


async def _read(request: Request, model: type[_Body]) -> _Body | Response:
    """Returns the parsed body, or the 400 that says what is wrong with it."""
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        return _refuse(str(error))


def _refuse(why: str) -> Response:
    return JSONResponse({"error": why}, 400)


def _not_found(name: str) -> Response:
    return JSONResponse({"error": f"{name} is not known"}, 404)
