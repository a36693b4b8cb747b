"""The one place where an error becomes bytes.

Below ``/api/v3`` and on ``/`` the body has two halves, ``error`` for the task SDKs and ``ResponseMetadata`` for
the OpenAPI SDKs, since every released SDK finds its own half in it and ignores the other
(Source: shared SDK measurements, "one error body satisfies all parsers"). The admin API shows ``error`` alone.
"""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from app.db.engine import is_unavailable
from app.errors import (
    MethodNotAllowedError,
    NotFoundError,
    SeedgateError,
    ServiceUnavailableError,
    shown_name,
)
from app.http.query import Query
from app.http.responses import json_response

API_VERSION = "2024-01-01"
_SERVICE = "ark"
_ADMIN_PREFIX = "/admin"
_OPEN_PREFIX = "/api/v3/open/"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_log = structlog.get_logger()


def render_error(error: SeedgateError, scope: Scope) -> Response:
    """Returns the answer for ``error``: its status, both error shapes, and the headers that clients obey."""
    request_id = scope.get("state", {}).get("request_id", "")
    message = error.message
    if request_id and "request id:" not in message.lower():
        message = f"{message} Request id: {request_id}"
    body: dict[str, Any] = {"error": {"code": error.code, "message": message, "param": error.param, "type": error.type}}
    if not scope["path"].startswith(_ADMIN_PREFIX):
        metadata = response_metadata(scope)
        body["ResponseMetadata"] = {**metadata, "Error": {"Code": error.code, "Message": message}}
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.is_retry_refused:
        headers["x-should-retry"] = "false"
    return json_response(body, status=error.status, headers=headers)


def response_metadata(scope: Scope) -> dict[str, str]:
    """Returns the ``ResponseMetadata`` of a request, without ``Error``."""
    action, version = _action_and_version(scope)
    return {
        "RequestId": scope.get("state", {}).get("request_id", ""),
        "Action": action,
        "Version": version,
        "Service": _SERVICE,
        "Region": scope.get("state", {}).get("region", ""),
    }


def to_seedgate_error(error: Exception, method: str) -> SeedgateError:
    """Returns what the client is told about any exception; what is not foreseen is a 500 without detail."""
    if isinstance(error, SeedgateError):
        return error
    if isinstance(error, HTTPException):
        return _from_framework(error, method)
    if is_unavailable(error):
        return ServiceUnavailableError(internal=f"database unavailable: {type(error).__name__}")
    return SeedgateError(
        "The service encountered an unexpected internal error.",
        status=500,
        code="InternalServiceError",
        internal=repr(error),
    )


async def handle_error(request: Request, error: Exception) -> Response:
    """Renders any exception; the handler of every one that a route raises."""
    told = to_seedgate_error(error, request.method)
    request.state.error_code = told.code
    if told.internal:
        _log.warning("request_failed", code=told.code, internal=told.internal)
    response = render_error(told, request.scope)
    if isinstance(told, MethodNotAllowedError):
        response.headers["Allow"] = ", ".join(_allowed_methods(request))
    return response


def install_error_handlers(app: FastAPI) -> None:
    """Makes every error of ``app`` ours, the framework's 404 and 405 included."""
    app.add_exception_handler(SeedgateError, handle_error)
    app.add_exception_handler(HTTPException, handle_error)


def _from_framework(error: HTTPException, method: str) -> SeedgateError:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowedError(method)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFoundError("The requested route does not exist.")
    return SeedgateError(str(error.detail), status=error.status_code, code="InvalidParameter")


def _allowed_methods(request: Request) -> list[str]:
    """Returns every method that some route takes at this path; the framework only names those of the first one.

    One that was just refused is none of them, though a route may take it in other circumstances.
    """
    routes = request.app.routes
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    found = {method for method, scope in scopes.items() if any(each.matches(scope)[0] is Match.FULL for each in routes)}
    found.discard(request.method)
    # Both are answered by the routes of GET (``app.http.head_requests``).
    found = found | {"HEAD"} if "GET" in found else found - {"HEAD"}
    return [method for method in _METHODS if method in found]


def _action_and_version(scope: Scope) -> tuple[str, str]:
    path: str = scope["path"]
    if path.startswith(_OPEN_PREFIX):
        return shown_name(path.removeprefix(_OPEN_PREFIX).strip("/")), API_VERSION
    query: Query = scope.get("state", {}).get("query") or Query(b"")
    return shown_name(query.first("Action", "")), shown_name(query.first("Version", API_VERSION))
