"""Liveness and readiness."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.http.responses import json_response

router = APIRouter(tags=["operations"])


@dataclass
class Readiness:
    """The conditions under which this process should get requests.

    Attributes:
        checks: name → function that returns None, or why the process is not ready.
        is_draining: set on SIGTERM; requests are still accepted for a while.
    """

    checks: dict[str, Callable[[], Awaitable[str | None]]]
    is_draining: bool = False


class LivenessView(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadinessView(BaseModel):
    """Whether the process should get requests, and of each check `ok` or why not."""

    ready: bool
    checks: dict[str, str]


@router.get("/healthz", summary="Is the process alive?", response_model=LivenessView)
async def healthz(request: Request) -> Response:  # noqa: ARG001 - every route takes the request
    """Answers without any I/O."""
    return json_response(LivenessView())


@router.get(
    "/readyz",
    summary="Should it be sent requests?",
    response_model=ReadinessView,
    responses={503: {"model": ReadinessView}},
)
async def readyz(request: Request) -> Response:
    """Answers 200 when every check passes, else 503; the body names each check."""
    readiness: Readiness = request.state.readiness
    reasons = await asyncio.gather(*(check() for check in readiness.checks.values()))
    results = {name: reason or "ok" for name, reason in zip(readiness.checks, reasons, strict=True)}
    if readiness.is_draining:
        results["draining"] = "shutting down"
    is_ready = all(result == "ok" for result in results.values())
    return json_response(ReadinessView(ready=is_ready, checks=results), status=200 if is_ready else 503)
