"""The control plane over HTTP: ``POST /?Action=…&Version=2024-01-01``, signed, in the OpenAPI envelope."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.asset_actions import Action
from app.sandbox.authentication import check_signature
from app.sandbox.calls import VERSION, Call, error_body, response_metadata
from app.sandbox.config import Account
from app.sandbox.errors import RefusedError
from app.sandbox.store import Sandbox

_MINUTE_SECONDS = 60


def control_plane_routes(sandbox: Sandbox) -> list[Route]:
    """Returns the one route of the control plane."""
    plane = _ControlPlane(sandbox)
    return [Route("/", plane.handle, methods=["GET", "POST"])]


class _ControlPlane:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def handle(self, request: Request) -> Response:
        call: Call = request.state.call
        region = self._sandbox.config.region
        try:
            result = self._call(request.method, call)
        except RefusedError as error:
            return Response(error_body(call, error, region), error.status, media_type="application/json")
        envelope = {"ResponseMetadata": response_metadata(call, region), "Result": result}
        return Response(orjson.dumps(envelope), media_type="application/json")

    def _call(self, method: str, call: Call) -> dict[str, Any]:
        store = self._sandbox.store
        query = dict(call.query)
        name, version = query.get("Action", ""), query.get("Version", "")
        action = store.actions.table.get(name)
        if action is None or version != VERSION:
            text = f"Could not find operation {name} for version {version}."
            raise RefusedError("InvalidActionOrVersion", text)
        account = check_signature(
            self._sandbox.config.accounts,
            region=self._sandbox.config.region,
            method=method,
            path=call.raw_path,
            query_pairs=call.query,
            headers=call.headers,
            body=call.body,
            now=store.clock.wire_now(),
        )
        if method != "POST":
            raise RefusedError("MethodNotAllowed", f"{name} expects POST.", status=405)
        body = _parse_body(call)
        self._check_rate(account, name, action)
        store.catch_up()
        result = action.run(account, body)
        if name in {"CreateAsset", "CreateAssetGroup"}:
            store.ledger.record_created(call.entry, result["Id"])
        return result

    def _check_rate(self, account: Account, name: str, action: Action) -> None:
        store = self._sandbox.store
        limits = store.limits
        if limits is None:
            return
        key = (name, account.name)
        if action.calls_per_second is None:
            if not store.rate_limiter.is_allowed(key, calls=limits.create_asset_per_minute, seconds=_MINUTE_SECONDS):
                raise RefusedError("QuotaWriteQPMExceeded", "The write quota per minute is exceeded.")
        elif not store.rate_limiter.is_allowed(key, calls=action.calls_per_second, seconds=1):
            text = "Request speed exceeds the account flow control limit."
            raise RefusedError("AccountFlowLimitExceeded", text)


def _parse_body(call: Call) -> dict[str, Any]:
    content_type = call.headers.get("content-type", "application/json").partition(";")[0].strip(" \t").lower()
    if content_type != "application/json":
        raise RefusedError("InvalidParameter", f"The content type {content_type} is not supported.")
    try:
        body = orjson.loads(call.body or b"{}")
    except orjson.JSONDecodeError:
        raise RefusedError("InvalidParameter", "The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise RefusedError("InvalidParameter", "The request body is not a JSON object.")
    return body
