"""The form of every answer of the gateway, good or bad."""

from collections.abc import Mapping
from typing import Any

import httpx

Shape = Mapping[str, Any]
"""Member name → the exact JSON type, None for null, a list of one type, or the shape of an object within."""


def check_shape(value: Any, shape: Shape, path: str = "answer") -> None:
    """Checks that an object has these members, no others, each of its exact type: 5 is an int, neither 5.0 nor true."""
    assert type(value) is dict, f"{path}: {value!r}"
    assert set(value) == set(shape), f"{path} has {sorted(value)}, should have {sorted(shape)}"
    for name, expected in shape.items():
        _check_member(value[name], expected, f"{path}.{name}")


def _check_member(value: Any, expected: Any, path: str) -> None:
    if isinstance(expected, Mapping):
        check_shape(value, expected, path)
    elif isinstance(expected, list):
        assert type(value) is list, f"{path}: {value!r}"
        for index, item in enumerate(value):
            _check_member(item, expected[0], f"{path}[{index}]")
    elif expected is None:
        assert value is None, f"{path}: {value!r}"
    else:
        assert type(value) is expected, f"{path}: {value!r} is no {expected.__name__}"


def check_error(
    response: httpx.Response, status: int, code: str, param: str | None = None, *, is_upstreams: bool = False
) -> dict[str, Any]:
    """Checks an error in both halves, as the task SDKs and as the OpenAPI SDKs read it; returns ``error``.

    The message ends in our request id, unless it is the upstream's sentence, which ends in the upstream's own.
    """
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    request_id = response.headers["x-request-id"]
    assert set(body) == {"error", "ResponseMetadata"}, response.text
    error, metadata = body["error"], body["ResponseMetadata"]
    assert (response.status_code, error["code"], error["param"]) == (status, code, param), response.text
    check_shape(error, {"code": str, "message": str, "param": None if param is None else str, "type": str})
    strings = dict.fromkeys(("RequestId", "Action", "Version", "Service", "Region"), str)
    check_shape(metadata, {**strings, "Error": {"Code": str, "Message": str}})
    assert metadata["RequestId"] == request_id
    assert metadata["Error"] == {"Code": code, "Message": error["message"]}
    assert error["message"].endswith(f"Request id: {request_id}") is not is_upstreams, error["message"]
    assert "Traceback" not in response.text
    result: dict[str, Any] = error
    return result
