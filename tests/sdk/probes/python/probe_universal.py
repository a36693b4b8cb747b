"""Drives ``volcenginesdkcore``'s ``UniversalApi``, the call of any action of any service."""

import json
from typing import Any

import volcenginesdkcore
from probing import answer
from volcenginesdkcore.interceptor import RequestInterceptor
from volcenginesdkcore.rest import ApiException
from volcenginesdkcore.universal import UniversalApi, UniversalInfo


class BearerAfterSigning(RequestInterceptor):
    """Puts the key where the signer has just put its signature."""

    def __init__(self, key: str) -> None:
        self._key = key

    def name(self) -> str:
        return "bearer-after-signing"

    def intercept(self, context: Any) -> Any:
        context.request.header_params["Authorization"] = f"Bearer {self._key}"
        return context


def call(request: dict[str, Any]) -> Any:
    configuration = volcenginesdkcore.Configuration()
    way, key = request["way"], request["api_key"]
    configuration.ak, configuration.sk = "unused", "unused"
    if way == "access_key":
        configuration.ak = request["access_key_id"] or key
        configuration.sk = request["secret_access_key"] or "unused"
    configuration.region = request["region"]
    configuration.scheme, configuration.host = request["endpoint"].split("://")
    client = volcenginesdkcore.ApiClient(configuration)
    if way == "x_api_key":
        client.set_default_header("X-Api-Key", key)
    elif way == "bearer":
        client.interceptor_chain.append_request_interceptor(BearerAfterSigning(key))
    elif way == "printed":
        client.set_default_header("Authorization", f"Bearer {key}")
    what = UniversalInfo("POST", "ark", "2024-01-01", request["action"], "application/json")
    return UniversalApi(client).do_call(what, request["body"], _request_timeout=request["timeout_seconds"])


def explain(error: ApiException) -> dict[str, Any]:
    """Reads the error where the documentation of the SDK tells to: in the body."""
    shown: dict[str, Any] = {"status": error.status or None, "message": str(error.body or error.reason)}
    try:
        metadata = json.loads(error.body)["ResponseMetadata"]
        message = {"code": metadata["Error"]["Code"], "message": metadata["Error"]["Message"]}
        return {**shown, **message, "request_id": metadata["RequestId"]}
    except (TypeError, ValueError, KeyError):
        return shown


answer(call, Exception, lambda error: explain(error) if isinstance(error, ApiException) else {})
