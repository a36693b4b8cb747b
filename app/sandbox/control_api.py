"""The control API under ``/_sandbox/``: clock, faults, forced states, settings, ledger.

It needs no credential, so a sandbox belongs on a loopback address or in a test network.
"""

import re
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.sandbox.config import MIN_TIME_SCALE
from app.sandbox.faults import FaultScript
from app.sandbox.rate_limits import Limits
from app.sandbox.store import Sandbox
from app.sandbox.tasks import to_wire

CONTROL_PREFIX = "/_sandbox"
_MAX_CLOCK_SECONDS = 10 * 366 * 86_400
_REQUEST_NUMBER = re.compile(r"[0-9]{1,18}")


class ClockChange(BaseModel):
    """Body of ``POST /clock``.

    Attributes:
        advance_seconds: time to advance by.
        skew_seconds: new error of the clock against callers' clocks; None leaves it unchanged.
    """

    model_config = ConfigDict(extra="forbid")

    advance_seconds: float = Field(default=0, ge=0, le=_MAX_CLOCK_SECONDS)
    skew_seconds: float | None = Field(default=None, ge=-_MAX_CLOCK_SECONDS, le=_MAX_CLOCK_SECONDS)


class TaskChange(BaseModel):
    """Body of ``POST /tasks/{id}``, which pins a task to a status.

    Attributes:
        status: any string, known to the upstream or not; None leaves it unchanged.
        code: the code of the error, for ``failed``.
        message: the message of the error.
        extra: members to add to the task's JSON.
    """

    model_config = ConfigDict(extra="forbid")

    status: str | None = Field(default=None, min_length=1)
    code: str | None = None
    message: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class AssetChange(BaseModel):
    """Body of ``POST /assets/{id}``, which ends the processing of an asset.

    Attributes:
        status: its new status.
        code: the code of the failure.
        message: the message of the failure; None for the default.
    """

    model_config = ConfigDict(extra="forbid")

    status: Literal["Active", "Failed"]
    code: str = "InternalError"
    message: str | None = None


class SettingsChange(BaseModel):
    """Body of ``POST /settings``; a change lasts until the next reset, None leaves a setting unchanged.

    Attributes:
        time_scale: the time scale of work that starts later.
        limits: ``on`` for the configured rate limits and quotas, ``off`` for none.
        consistency_delay_seconds: how long assets created later are invisible.
        token_ttl_seconds: the lifetime of sessions created later.
    """

    model_config = ConfigDict(extra="forbid")

    time_scale: float | None = Field(default=None, ge=MIN_TIME_SCALE)
    limits: Literal["on", "off"] | None = None
    consistency_delay_seconds: float | None = Field(default=None, ge=0)
    token_ttl_seconds: float | None = Field(default=None, gt=0)


_Body = TypeVar("_Body", bound=BaseModel)


def control_api_routes(sandbox: Sandbox) -> list[Route]:
    """Returns the routes of the control API."""
    api = _ControlApi(sandbox)
    return [
        Route(f"{CONTROL_PREFIX}/ledger", api.ledger, methods=["GET"]),
        Route(f"{CONTROL_PREFIX}/faults", api.list_faults, methods=["GET"]),
        Route(f"{CONTROL_PREFIX}/faults", api.add_fault, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/faults", api.clear_faults, methods=["DELETE"]),
        Route(f"{CONTROL_PREFIX}/faults/{{fault_id}}", api.remove_fault, methods=["DELETE"]),
        Route(f"{CONTROL_PREFIX}/clock", api.clock, methods=["GET"]),
        Route(f"{CONTROL_PREFIX}/clock", api.change_clock, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/tasks/{{task_id}}", api.change_task, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/assets/{{asset_id}}", api.change_asset, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/settings", api.change_settings, methods=["POST"]),
        Route(f"{CONTROL_PREFIX}/reset", api.reset, methods=["POST"]),
    ]


class _ControlApi:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def ledger(self, request: Request) -> Response:
        store = self._sandbox.store
        store.catch_up()
        after = request.query_params.get("after", "0")
        if not _REQUEST_NUMBER.fullmatch(after):
            return _bad_request("after is a request number")
        operation = request.query_params.get("operation")
        return JSONResponse(store.ledger.report(store.tasks.by_id, store.assets, operation=operation, after=int(after)))

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
        return JSONResponse(self._clock_to_wire())

    async def change_clock(self, request: Request) -> Response:
        change = await _read(request, ClockChange)
        if isinstance(change, Response):
            return change
        clock = self._sandbox.store.clock
        clock.advance(change.advance_seconds)
        clock.skew_seconds = clock.skew_seconds if change.skew_seconds is None else change.skew_seconds
        self._sandbox.store.save_settings()
        self._sandbox.store.catch_up()
        self._sandbox.wake.set()
        return JSONResponse(self._clock_to_wire())

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
            store.lifecycle.apply_limits()
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

    def _clock_to_wire(self) -> dict[str, Any]:
        clock = self._sandbox.store.clock
        return {"now": clock.now().isoformat(), "skew_seconds": clock.skew_seconds, "time_scale": clock.time_scale}


async def _read(request: Request, model: type[_Body]) -> _Body | Response:
    """Returns the parsed body, or a 400 response."""
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        return _bad_request(str(error))


def _bad_request(why: str) -> Response:
    return JSONResponse({"error": why}, 400)


def _not_found(name: str) -> Response:
    return JSONResponse({"error": f"{name} is not known"}, 404)
