"""Forms and their files through the gateway: what arrives upstream, and what is refused on the way."""

from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from app.errors import RequestTooLargeError, ServiceUnavailableError
from app.http.body import BodyAdmission
from app.http.body_budget import KeySender
from app.http.body_thread import BodyThread
from app.openai.multipart import MAX_PICTURES_BYTES
from app.openai.video_body import read_body
from tests.http.wires import MEBIBYTE
from tests.openai.driving import VIDEOS, check_refused, multipart, post_form
from tests.openai.pictures import AVIF, MP4, data_uri, png
from tests.support.gateway import MODEL, Gateway, text

NEWEST = "doubao-seedance-2-5-260628"
PICTURE, OTHER = png(1600, 900), png(900, 1600)
FIELDS = [("model", MODEL), ("prompt", "a kitten"), ("seconds", "5"), ("size", "1280x720")]


def frame(picture: bytes, role: str = "first_frame") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_uri(picture)}, "role": role}


async def test_a_form_with_a_picture_becomes_a_video_from_it(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    answer = await post_form(tenant, [*FIELDS, ("input_reference", PICTURE)])
    assert answer.status_code == 200, answer.text
    assert gateway.sent_body()["content"] == [*text("a kitten"), frame(PICTURE)]
    assert (answer.json()["seconds"], answer.json()["size"]) == ("5", "1280x720")
    several = [("images[]", PICTURE), ("images[]", OTHER)]
    assert (await post_form(tenant, [*FIELDS, *several])).status_code == 200
    assert gateway.sent_body()["content"][1:] == [frame(PICTURE), frame(OTHER, "last_frame")]


async def test_every_kind_of_body_means_the_same(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    written = {**dict(FIELDS), "metadata[ratio]": "16:9", "watermark": "false"}
    json = {**dict(FIELDS), "metadata": {"ratio": "16:9"}, "watermark": False}
    sent = []
    for request in (
        tenant.http.post(VIDEOS, json=json),
        tenant.http.post(VIDEOS, data=written),
        tenant.http.post(VIDEOS, data={**written, "metadata[ratio]": [], "metadata": '{"ratio":"16:9"}'}),
        tenant.http.post(
            VIDEOS,
            content=httpx.Request("POST", "/", json=json).content,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ),
        post_form(tenant, list(written.items())),
    ):
        answer = await request
        assert answer.status_code == 200, answer.text
        sent.append(gateway.sent_body())
    assert sent == [sent[0]] * 5
    assert sent[0]["watermark"] is False


async def test_a_first_frame_of_another_shape_is_refused_where_the_video_would_have_it(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    form = [("model", NEWEST), *FIELDS[1:]]
    assert (await post_form(tenant, [*form, ("input_reference", PICTURE)])).status_code == 200
    assert gateway.sent_body()["ratio"] == "adaptive"
    refused = await post_form(tenant, [*form, ("input_reference", OTHER)])
    check_refused(refused, 400, "InvalidParameter.size", "size")
    assert len(gateway.received("create_task")) == 1


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (MP4, "the file is video; pass a URL or an asset"),
        (AVIF, "is image/avif, which the upstream does not take"),
        (b"<svg>", "is no picture that is known"),
        (b"", "no picture"),
    ],
)
async def test_a_file_that_is_no_picture_is_refused(gateway: Gateway, file: bytes, said: str) -> None:
    tenant = await gateway.tenant()
    refused = await post_form(tenant, [*FIELDS, ("input_reference", file)])
    check_refused(refused, 400, "InvalidParameter.input_reference", "input_reference")
    assert said in refused.json()["error"]["message"]
    assert gateway.received("create_task") == []


async def test_a_misspelt_picture_is_refused_and_not_made_a_video_from_text(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    refused = await post_form(tenant, [*FIELDS, ("input_refrence", PICTURE)])
    check_refused(refused, 400, "unknown_parameter", "input_refrence")
    assert gateway.received("create_task") == []


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {"Content-Type": "multipart/form-data"}, 400, "InvalidParameter"),
        (b"--x\r\n", {"Content-Type": "multipart/form-data; boundary=x"}, 400, "InvalidParameter"),
        (b"{}", {"Content-Type": "multipart/form-data; boundary=x"}, 400, "InvalidParameter"),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415, "UnsupportedMediaType"),
        (
            b"--x",
            {"Content-Type": "multipart/form-data; boundary=x", "Content-Encoding": "gzip"},
            415,
            "UnsupportedMediaType",
        ),
        (b"{}", {"Content-Type": "application/xml"}, 415, "UnsupportedMediaType"),
        (b"x", {"Content-Type": "multipart/mixed; boundary=x"}, 415, "UnsupportedMediaType"),
        (b"prompt=%ff", {"Content-Type": "application/x-www-form-urlencoded"}, 400, "InvalidParameter"),
        (b"a&" * 600, {"Content-Type": "application/x-www-form-urlencoded"}, 400, "InvalidParameter"),
        (b"a" * 2**20 + b"a", {"Content-Type": "application/x-www-form-urlencoded"}, 413, "RequestTooLarge"),
        (b"not json", {"Content-Type": "application/json"}, 400, "InvalidParameter"),
        (b'{"model":"a","model":"b"}', {"Content-Type": "application/json"}, 400, "InvalidParameter.model"),
        (b"[]", {}, 400, "InvalidParameter"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_clearly(
    gateway: Gateway, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    tenant = await gateway.tenant()
    answer = await tenant.http.post(VIDEOS, content=body, headers=headers)
    param = code.partition(".")[2] or None
    check_refused(answer, status, code, param)


@pytest.mark.parametrize(
    ("part", "status", "code", "said"),
    [
        (b'name="%b"' % (b"n" * 2**20), 431, "RequestHeaderFieldsTooLarge", "header fields"),
        (b'name="a"\r\nX-A: %b' % (b"v" * 2**20), 431, "RequestHeaderFieldsTooLarge", "header fields"),
        (b'name="a"\r\n' + b"X-A: v\r\n" * 5000, 431, "RequestHeaderFieldsTooLarge", "header fields"),
        (b'name="%b"' % (b"n" * 300), 400, "InvalidParameter", "name of a part has more than 256 bytes"),
        (b'name="a"\r\n\r\nx\r\n--x\r\nContent-Disposition: form-data; ' * 600, 400, "InvalidParameter", "500 parts"),
    ],
    ids=["a name of 1 MiB", "a header of 1 MiB", "thousands of headers", "a long name", "many parts"],
)
async def test_a_form_beyond_its_limits_is_refused_clearly(
    gateway: Gateway, part: bytes, status: int, code: str, said: str
) -> None:
    tenant = await gateway.tenant()
    body = b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n\r\na\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await tenant.http.post(VIDEOS, content=body, headers=headers)
    check_refused(answer, status, code)
    assert said in answer.json()["error"]["message"]
    assert gateway.received("create_task") == []


async def test_a_very_long_boundary_is_refused_clearly(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    for length, status in ((300, 400), (70_000, 431)):
        body, headers = multipart(FIELDS, boundary="x" * length)
        answer = await tenant.http.post(VIDEOS, content=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert ("boundary is too long" in answer.text) is (status == 400)


@pytest.mark.parametrize("size", ["99999x99999", "10x10", "7680x4320000"])
async def test_an_absurd_size_is_refused_and_nothing_is_made(gateway: Gateway, size: str) -> None:
    tenant = await gateway.tenant()
    answer = await post_form(tenant, [("model", MODEL), ("prompt", "a kitten"), ("size", size)])
    check_refused(answer, 400, "InvalidParameter.size", "size")
    assert gateway.received("create_task") == []


async def held_while(body: bytes, headers: dict[str, str], admission: BodyAdmission, thread: BodyThread) -> int:
    """Reads a body in pieces of 100 kB; returns how much memory the budget says that it takes."""
    pieces = [body[start : start + 100_000] for start in range(0, len(body), 100_000)]

    async def receive() -> Message:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    raw = [(b"content-type", headers["Content-Type"].encode())]
    request = Request({"type": "http", "method": "POST", "path": VIDEOS, "headers": raw}, receive)
    async with read_body(request, admission, KeySender("tenant", "key"), thread):
        return admission.held_bytes


async def test_a_form_counts_in_the_budget_as_what_is_kept_of_it() -> None:
    limit, thread = 4 * MEBIBYTE, BodyThread()
    admission = BodyAdmission(limit_bytes=limit, budget_bytes=3 * limit)
    file = png(16, 9, padding=2 * MEBIBYTE)
    held = await held_while(*multipart([*FIELDS, ("input_reference", file)]), admission, thread)
    assert 0 <= held - len(data_uri(file)) < 100
    assert admission.held_bytes == 0
    # Its base64 is larger than the limit, although the form is not.
    too_large = multipart([("input_reference", png(16, 9, padding=3 * MEBIBYTE + 200_000))])
    with pytest.raises(RequestTooLargeError):
        await held_while(*too_large, admission, thread)
    # Of a video nothing is kept, but it is not read without limit either.
    assert await held_while(*multipart([("videos", MP4 + bytes(3 * MEBIBYTE))]), admission, thread) < 100
    with pytest.raises(RequestTooLargeError):
        await held_while(*multipart([("videos", MP4 + bytes(5 * MEBIBYTE))]), admission, thread)
    # In JSON a text is up to six times as long, and a form could make a process hold and send so much.
    long = "a" * MEBIBYTE
    assert 0 <= await held_while(*multipart([("prompt", long)]), admission, thread) - len(long) < 100
    for escaped in ("\x01", "\\", '"\n'):
        text_of_escapes = multipart([("prompt", escaped * MEBIBYTE)])
        with pytest.raises(RequestTooLargeError):
            await held_while(*text_of_escapes, admission, thread)
    # Another body of the same key has left no room.
    other = admission.open(KeySender("tenant", "key"), announced_bytes=limit)
    assert other.grow(limit - MEBIBYTE)
    with pytest.raises(ServiceUnavailableError):
        await held_while(*multipart([("input_reference", file)]), admission, thread)
    other.release()
    assert admission.held_bytes == 0
    thread.close()


def test_the_share_of_a_key_holds_all_pictures_of_a_form() -> None:
    admission = BodyAdmission(limit_bytes=64 * MEBIBYTE, budget_bytes=512 * MEBIBYTE)
    assert admission.max_bytes(KeySender("tenant", "key")) > MAX_PICTURES_BYTES * 4 / 3


@pytest.mark.parametrize("ending", [b"", b"\r\n--x"])
async def test_a_form_that_is_cut_makes_nothing(gateway: Gateway, ending: bytes) -> None:
    tenant = await gateway.tenant()
    body, headers = multipart([*FIELDS, ("input_reference", PICTURE)], boundary="x")
    answer = await tenant.http.post(VIDEOS, content=body.removesuffix(b"\r\n--x--\r\n") + ending, headers=headers)
    check_refused(answer, 400, "InvalidParameter")
    assert gateway.received("create_task") == []
