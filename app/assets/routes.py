"""The three entries to the Assets actions. All of them find the action in one table.

- ``POST /api/v3/open/{Action}``: a route of its own for each action; bare results.
- ``POST /api/v3/assets?Action=…&Version=2024-01-01``: bare results.
- ``POST /?Action=…&Version=2024-01-01``: the native OpenAPI form, results in ``{ResponseMetadata, Result}``.

OpenAPI SDKs add a slash to the endpoint's path and do not follow redirects, so a trailing slash is ignored
(``app.http.exact_paths``).
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.assets.actions import ACTIONS, VERSION, Action, AssetService, KeyUse, find_action
from app.assets.documentation import ANY_RESULT, OPEN_QUERY, NativeResult, open_operation, query_operation
from app.assets.responses import Reply
from app.assets.schemas import parse_request
from app.core.json_hash import hash_json
from app.core.strict_json import BOM, parse_json_object
from app.creates.attempts import Client, RequestFingerprint
from app.creates.idempotency import IdempotencyKey
from app.creates.sdk_retry_headers import is_marked_as_retry, read_idempotency_key
from app.errors import InvalidParameterError, MissingParameterError
from app.http.body import BodyAdmission
from app.http.body_budget import Sender, UnprovenSigner
from app.http.disconnect import client_disconnected
from app.http.errors import response_metadata
from app.http.openapi import STALE_RESPONSE, tenant_errors
from app.http.query import read_query
from app.http.responses import json_response, stale_header
from app.observability.log_context import add_log_fields
from app.tenants.caller import admit, admit_on_native_entry, identify, identify_on_native_entry, sender_of

_OPEN = "/api/v3/open/"
# Actions take names and URLs, no media. A body of this size can be parsed and checked in the event loop.
_MAX_BODY_BYTES = 1024 * 1024

router = APIRouter(
    tags=["assets"], responses=STALE_RESPONSE | tenant_errors(400, 401, 403, 404, 413, 415, 429, 502, 503)
)


async def call_by_query(request: Request) -> Response:
    """Calls the action that the query names; responds with the bare result."""
    sender = await admit(request, None)
    return _respond(await _call(request, sender, lambda: _action_of_query(request)))


async def call_natively(request: Request) -> Response:
    """Calls the action that the query names; responds with ``{ResponseMetadata, Result}``.

    In addition to API keys this entry takes requests that are signed with a signing key (HMAC-SHA256).
    """
    sender = await admit_on_native_entry(request)
    reply = await _call(request, sender, lambda: _action_of_query(request), is_native=True)
    return _respond(reply, metadata=response_metadata(request.scope).model_dump(by_alias=True))


async def call_by_path(request: Request) -> Response:
    """Responds that the action does not exist: each existing one has a route of its own."""
    sender = await admit(request, None)
    return _respond(await _call(request, sender, lambda: _action_of_path(request, request.path_params["action"])))


def _endpoint_of(action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def call_action(request: Request) -> Response:
        sender = await admit(request, None)
        return _respond(await _call(request, sender, lambda: _action_of_path(request, action.name)))

    return call_action


async def _call(request: Request, sender: Sender, find: Callable[[], Action], *, is_native: bool = False) -> Reply:
    if not isinstance(sender, UnprovenSigner):
        find()  # to an authenticated client an unknown action is reported before the body is read
    service: AssetService = request.state.assets
    bodies: BodyAdmission = request.state.bodies
    async with bodies.read(request, sender, limit_bytes=_MAX_BODY_BYTES) as body:
        body_hash = hashlib.sha256(body.data).digest()
        # Once more: the key may have been revoked while the body arrived, and a signature can be checked only now.
        principal = await (identify_on_native_entry(request, body_hash.hex()) if is_native else identify(request, None))
        body.move_to(sender_of(principal))
        action = find()
        add_log_fields(action=action.name)
        principal.check_permission(action.permission)
        # What is parsed from the body is short, so it is not counted in the budget while the action is carried out.
        key = _key_of(request, action)
        members = parse_json_object(body.data) if body.data.removeprefix(BOM).strip() else {}
        parsed = parse_request(action.request, members)
        idempotency_key = None if key is None else IdempotencyKey(key, hash_json(members))
    fingerprint = RequestFingerprint(
        tenant_id=principal.tenant_id,
        key_id=principal.key_id,
        route=action.name,
        body_hash=body_hash,
        is_marked_retry=is_marked_as_retry(request.headers),
        idempotency_key=idempotency_key,
    )
    async with client_disconnected(request) as gone:
        return await action.use_case(service, principal, parsed, Client(fingerprint, gone))


def _key_of(request: Request, action: Action) -> str | None:
    """Returns the ``Idempotency-Key`` of a request, or None when the action ignores it."""
    if action.key_use is KeyUse.IGNORED:
        return None
    key = read_idempotency_key(request.headers.raw)
    if key is not None and action.key_use is KeyUse.REFUSED:
        text = f"{action.name} takes no `Idempotency-Key`: it opens a new link each time, and none is kept."
        raise InvalidParameterError("Idempotency-Key", text)
    return key


def _respond(reply: Reply, *, metadata: dict[str, str] | None = None) -> Response:
    result = reply.body.to_wire()
    payload: Mapping[str, Any] = result if metadata is None else {"ResponseMetadata": metadata, "Result": result}
    return json_response(payload, headers=stale_header(reply.stale_seconds))


def _action_of_query(request: Request) -> Action:
    query = read_query(request)
    name = query.one("Action")
    if not name:
        raise MissingParameterError("Action")
    return find_action(name, query.one("Version") or VERSION)


def _action_of_path(request: Request, name: str) -> Action:
    """Returns the action that a path names. OpenAPI SDKs name it in the query, too."""
    query = read_query(request)
    if query.one("Action") not in {None, "", name}:
        raise InvalidParameterError(
            "Action", "The parameter `Action` must be the action that the path names, or absent."
        )
    return find_action(name, query.one("Version") or VERSION)


def _add_routes() -> None:
    for action in ACTIONS.values():
        router.add_api_route(
            _OPEN + action.name,
            _endpoint_of(action),
            methods=["POST"],
            operation_id=action.name,
            summary=action.summary,
            response_model=action.response,
            responses=tenant_errors(*action.errors),
            openapi_extra=open_operation(action),
        )
    router.add_api_route(
        _OPEN + "{action:path}",
        call_by_path,
        methods=["POST"],
        include_in_schema=False,
        openapi_extra=OPEN_QUERY,
    )
    router.add_api_route(
        "/api/v3/assets",
        call_by_query,
        methods=["POST"],
        operation_id="call_asset_action",
        summary="Call an Assets action by name",
        response_model=ANY_RESULT,
        responses=tenant_errors(409),
        openapi_extra=query_operation(),
    )
    router.add_api_route(
        "/",
        call_natively,
        methods=["POST"],
        operation_id="call_asset_action_natively",
        summary="Call an Assets action in the native OpenAPI form",
        response_model=NativeResult,
        responses=tenant_errors(409),
        openapi_extra=query_operation(),
    )


_add_routes()
