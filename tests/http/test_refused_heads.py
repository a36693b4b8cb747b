"""A head that is refused before it is a request is answered in the error shape of its path."""

import json
from typing import Any

import pytest

from app.http.connections import ConnectionLimits
from tests.http.answers import final_answers
from tests.http.driven import Server, TurnLoop

FAULTS = {
    "empty length": (b"Host: x\r\nContent-Length: \r\n\r\n", 400),
    "two lengths": (b"Host: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    "no host": (b"Accept: */*\r\n\r\n", 400),
    "no colon": (b"Host: x\r\nnonsense\r\n\r\n", 400),
    "a line that ends in LF": (b"Host: x\n\r\n", 400),
    "many fields": (b"Host: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
    "a long field that goes on": (b"Host: x\r\nA: " + b"b" * 70_000, 431),
    "no end": (b"Host: x\r\n", 408),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("target", "shape"),
    [
        (b"/admin/v1/assets/0/media", "admin"),
        (b"/%61dmin/v1/tenants?limit=1", "admin"),
        (b"http://gateway/admin/v1/tenants", "admin"),
        (b"/v1/videos", "openai"),
        (b"//v1/videos/", "openai"),
        (b"/v1%2Fvideos", "both"),
        (b"//api/v3//open/GetAsset/", "both"),
        (b"/api/v3/contents/generations/tasks", "both"),
        (b"/api/v3/open/GetAsset", "both"),
        (b"/", "both"),
    ],
)
def test_a_refused_head_is_answered_in_the_shape_of_its_path(
    loop: TurnLoop, target: bytes, shape: str, fault: str
) -> None:
    fields, status = FAULTS[fault]
    error = refusal(loop, b"GET %b HTTP/1.1\r\n%b" % (target, fields), status)

    assert ("ResponseMetadata" in error) == (shape == "both")
    if status == 400:
        assert error["error"]["type"] == ("invalid_request_error" if shape == "openai" else "BadRequest")
    if b"GetAsset" in target:
        assert error["ResponseMetadata"]["Action"] == "GetAsset"


@pytest.mark.parametrize(
    "head", [b"\x16\x03\x01\x02", b"GET\r\n\r\n", b"GET  /admin HTTP/1.1\r\n\r\n", b"GET /a#b HTTP/1.1\r\n\r\n"]
)
def test_a_head_without_a_readable_path_is_answered_in_both_shapes(loop: TurnLoop, head: bytes) -> None:
    assert refusal(loop, head, 400).keys() == {"error", "ResponseMetadata"}


def refusal(loop: TurnLoop, head: bytes, status: int) -> dict[str, Any]:
    """Sends a head, waits for longer than one may take, and returns the body of the one answer."""
    server = Server(loop, limits=ConnectionLimits(max_connections=1000))
    connection = server.connect()
    connection.send([head])
    loop.pass_time(20)
    (answer,) = final_answers(bytes(connection.pipe.written))
    assert answer.status == status
    assert server.app.requests == []
    body: dict[str, Any] = json.loads(answer.body)
    return body
