"""The official Python SDKs and plain HTTP, through a proxy."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import volcenginesdkcore
from volcenginesdkarkruntime import Ark
from volcenginesdkcore.universal import UniversalApi, UniversalInfo

from tests.support.answers import check_shape
from tests.support.plain import PLAIN

MODEL = "doubao-seedance-2"
NOWHERE = "http://127.0.0.1:1"
"""An address without a listener."""
GATEWAYS_ID = re.compile(r"\d{14}[0-9A-F]{20}")
"""The form of the gateway's own request ids, which no proxy's have."""
Call = Callable[..., Awaitable[Any]]
_STRINGS = dict.fromkeys(("RequestId", "Action", "Version", "Service", "Region"), str)


def tasks(url: str, key: str) -> Callable[..., Awaitable[Any]]:
    """Returns a function that calls a method of the Ark SDK's tasks, with the SDK's own retries."""

    def call(method: str, **arguments: Any) -> Any:
        with Ark(base_url=f"{url}/api/v3", api_key=key) as client:
            return getattr(client.content_generation.tasks, method)(**arguments)

    return lambda method, **arguments: asyncio.to_thread(call, method, **arguments)


def text(words: str) -> dict[str, Any]:
    """Returns the arguments of a create with this prompt."""
    return {"model": MODEL, "content": [{"type": "text", "text": words}]}


def actions(url: str, *, access_key: str, secret_key: str = "unused", path: str = "") -> Call:
    """Returns a function that calls an Assets action with the OpenAPI SDK."""
    configuration = volcenginesdkcore.Configuration()
    configuration.ak, configuration.sk = access_key, secret_key
    configuration.region, configuration.scheme = "cn-beijing", "http"
    configuration.host = url.removeprefix("http://") + path
    api = UniversalApi(volcenginesdkcore.ApiClient(configuration))

    def call(action: str, **body: Any) -> Any:
        return api.do_call(UniversalInfo("POST", "ark", "2024-01-01", action, "application/json"), body)

    return lambda action, **body: asyncio.to_thread(call, action, **body)


def plain(url: str, key: str = "", *, address: str = "127.0.0.1", timeout_seconds: float = 60.0) -> httpx.AsyncClient:
    """Returns a client that comes from an address of this machine."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.AsyncHTTPTransport(verify=PLAIN, local_address=address)
    return httpx.AsyncClient(verify=PLAIN, transport=transport, base_url=url, headers=headers, timeout=timeout_seconds)


def check_error(body: str | bytes, code: str) -> dict[str, Any]:
    """Checks that a body is an error in both of its shapes, with this code; returns it."""
    answer: dict[str, Any] = json.loads(body)
    check_shape(answer["error"], {"code": str, "message": str, "param": type(None), "type": str})
    check_shape(answer["ResponseMetadata"], {**_STRINGS, "Error": {"Code": str, "Message": str}})
    assert answer["error"]["code"] == answer["ResponseMetadata"]["Error"]["Code"] == code
    return answer
