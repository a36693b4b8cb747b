"""Liveness and readiness."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter
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


@router.get("/healthz", summary="Is the process alive?")
async def healthz(request: Request) -> Response:  # noqa: ARG001 - every route takes the request
    """Answers without any I/O."""
    return json_response({"status": "ok"})


@router.get("/readyz", summary="Should it be sent requests?")
async def readyz(request: Request) -> Response:
    """Answers 200 when every check passes, else 503; the body names each check."""
    readiness: Readiness = request.state.readiness
    reasons = await asyncio.gather(*(check() for check in readiness.checks.values()))
    results = {name: reason or "ok" for name, reason in zip(readiness.checks, reasons, strict=True)}
    if readiness.is_draining:
        results["draining"] = "shutting down"
    is_ready = all(result == "ok" for result in results.values())
    return json_response({"ready": is_ready, "checks": results}, status=200 if is_ready else 503)
