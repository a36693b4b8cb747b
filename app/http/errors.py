"""Renders every error as a response.

Below ``/api/v3`` and on ``/`` the body has two parts, ``error`` for the task SDKs and ``ResponseMetadata`` for the
OpenAPI SDKs: every released SDK parses its own part and ignores the other
(Source: SDK measurements, "one error body satisfies all parsers"). The admin API returns only ``error``, and so do the
routes of OpenAI's dialect, with the types of OpenAI.
"""

from collections.abc import Iterable
from http import HTTPStatus

import structlog
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

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
_OPENAI_PREFIX = "/v1/"
_OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_OPEN_PREFIX = "/api/v3/open/"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_ROUTED_METHODS = "DELETE, GET, HEAD, PATCH, POST, PUT"

RawHeaders = Iterable[tuple[bytes, bytes]]

_log = structlog.get_logger()


class ErrorDetail(BaseModel):
    """An error, for the task SDKs and the admin API."""

    code: str
    message: str
    param: str | None
    type: str


class _PascalModel(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True)


class MetadataError(_PascalModel):
    """An error, for the OpenAPI SDKs."""

    code: str
    message: str


class ResponseMetadata(_PascalModel):
    """What the OpenAPI SDKs read beside a result."""

    request_id: str
    action: str
    version: str
    service: str
    region: str


class FailedMetadata(ResponseMetadata):
    """What the OpenAPI SDKs read of an error."""

    error: MetadataError


class AdminErrorBody(BaseModel):
    """The body of an error of the admin API, and of OpenAI's dialect."""

    error: ErrorDetail


class TenantErrorBody(AdminErrorBody):
    """The body of every other error, with a part for each family of SDKs."""

    metadata: FailedMetadata = Field(alias="ResponseMetadata")


def render_error(error: SeedgateError, scope: Scope) -> Response:
    """Returns the response for ``error``: its status, the body, and the headers that control retries."""
    request_id = scope.get("state", {}).get("request_id", "")
    message = error.message
    if request_id and "request id:" not in message.lower():
        message = f"{message} Request id: {request_id}"
    path = scope["path"]
    is_openai = path.startswith(_OPENAI_PREFIX)
    type_ = _openai_type(error.status) if is_openai else error.type
    detail = ErrorDetail(code=error.code, message=message, param=error.param, type=type_)
    body = AdminErrorBody(error=detail)
    if not (is_openai or path.startswith(_ADMIN_PREFIX)):
        failure = MetadataError(code=error.code, message=message)
        metadata = FailedMetadata(**_metadata(scope), error=failure)
        body = TenantErrorBody(error=detail, ResponseMetadata=metadata)
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.is_retry_refused:
        headers["x-should-retry"] = "false"
    return json_response(body, status=error.status, headers=headers)


def range_not_satisfiable(scope: Scope, content_range: str | None) -> Response:
    """Returns the 416 to a request for a part of a file that it does not have; ``content_range`` tells its length."""
    error = SeedgateError("The file has no such part.", status=416, code="InvalidRange")
    scope["state"]["error_code"] = error.code
    response = render_error(error, scope)
    if content_range is not None:
        response.headers["Content-Range"] = content_range
    return response


def render_refusal(error: SeedgateError, path: str, *, request_id: str, region: str, headers: RawHeaders) -> bytes:
    """Returns the bytes of the response to a head that is refused before there is a request; it closes the connection.

    ``path`` is empty where it cannot be read; ``headers`` are the server's own.
    """
    response = render_error(error, {"path": path, "state": {"request_id": request_id, "region": region}})
    if isinstance(error, MethodNotAllowedError):
        response.headers["Allow"] = _ROUTED_METHODS
    own = [(b"x-request-id", request_id.encode()), (b"connection", b"close")]
    fields = [b"%b: %b\r\n" % field for field in (*headers, *response.raw_headers, *own)]
    return b"".join([STATUS_LINE[error.status], *fields, b"\r\n", bytes(response.body)])


def response_metadata(scope: Scope) -> ResponseMetadata:
    """Returns the ``ResponseMetadata`` of a request."""
    return ResponseMetadata(**_metadata(scope))


def to_seedgate_error(error: Exception, method: str) -> SeedgateError:
    """Returns the client's error for an exception; an unexpected one becomes a 500 without details."""
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


def to_logged_error(error: Exception, method: str) -> SeedgateError:
    """Does what ``to_seedgate_error`` does, and logs what only the operator may see."""
    shown = to_seedgate_error(error, method)
    if shown.internal:
        _log.warning("request_failed", code=shown.code, internal=shown.internal)
    return shown


async def handle_error(request: Request, error: Exception) -> Response:
    """Renders any exception; the handler of all exceptions that routes raise."""
    shown = to_logged_error(error, request.method)
    request.state.error_code = shown.code
    response = render_error(shown, request.scope)
    if isinstance(shown, MethodNotAllowedError):
        response.headers["Allow"] = ", ".join(_allowed_methods(request))
    return response


def install_error_handlers(app: FastAPI) -> None:
    """Makes ``app`` render all errors with ``handle_error``, including the framework's 404 and 405."""
    app.add_exception_handler(SeedgateError, handle_error)
    app.add_exception_handler(HTTPException, handle_error)


def _openai_type(status: int) -> str:
    is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return "server_error" if is_fault else _OPENAI_TYPES.get(status, "invalid_request_error")


def _from_framework(error: HTTPException, method: str) -> SeedgateError:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowedError(method)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFoundError("The requested route does not exist.")
    return SeedgateError(str(error.detail), status=error.status_code, code="InvalidParameter")


def _allowed_methods(request: Request) -> list[str]:
    """Returns the methods of all routes with this path; the framework only names those of the first one.

    A path that a route writes out, such as `/v1/videos/edits`, is not at the same time an id of `/v1/videos/{id}`.
    The refused method is left out, although a route may accept it under other conditions.
    """
    routes = list(iter_route_contexts(request.app.routes))
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    matching = [
        (method, route.path)
        for method, scope in scopes.items()
        for route in routes
        if route.matches(scope)[0] is Match.FULL
    ]
    written_out = {method for method, path in matching if path == request.scope["path"]}
    found = (written_out or {method for method, _ in matching}) - {request.method}
    # HEAD is routed like GET (``app.http.middleware``).
    found = found | {"HEAD"} if "GET" in found else found - {"HEAD"}
    return [method for method in _METHODS if method in found]


def _metadata(scope: Scope) -> dict[str, str]:
    action, version = _action_and_version(scope)
    state = scope.get("state", {})
    return {
        "request_id": state.get("request_id", ""),
        "action": action,
        "version": version,
        "service": _SERVICE,
        "region": state.get("region", ""),
    }


def _action_and_version(scope: Scope) -> tuple[str, str]:
    path: str = scope["path"]
    if path.startswith(_OPEN_PREFIX):
        return shown_name(path.removeprefix(_OPEN_PREFIX).strip("/")), API_VERSION
    query: Query = scope.get("state", {}).get("query") or Query(b"")
    return shown_name(query.first("Action", "")), shown_name(query.first("Version", API_VERSION))
