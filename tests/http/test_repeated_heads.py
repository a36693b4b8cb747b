"""A head whose fields came just before on the connection is read as if it came for the first time."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.errors import SeedgateError
from app.http.head_parser import HeadParser, parse_head

LINES = (
    *(b"GET /api/v3/contents/generations/tasks/cgt-1 HTTP/1.1", b"GET // HTTP/1.1", b"GET /a/../b HTTP/1.1"),
    *(b"GET /healthz HTTP/1.0", b"GET /a?b=c HTTP/1.1", b"GET /%61 HTTP/1.1", b"GET http://x/a HTTP/1.1", b"GET /a"),
    *(b"HEAD /a HTTP/1.1", b"POST /a HTTP/1.1", b"CONNECT x:1 HTTP/1.1", b"GET /a HTTP/1.2", b"GET  /a HTTP/1.1"),
)
FIELDS = (
    *(b"Host: x", b"host: y", b"Host : x", b"Authorization: Bearer sk-a", b"authorization:Bearer sk-b \t"),
    *(b"Content-Length: 0", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Expect: 100-continue"),
    *(
        b"Connection: close",
        b"Connection: upgrade",
        b"Upgrade: h2c",
        b" folded",
        b"no colon",
        b"X-Long: " + b"x" * 2000,
    ),
)


@given(
    fields=st.lists(st.sampled_from(FIELDS), max_size=5), lines=st.lists(st.sampled_from(LINES), min_size=2, max_size=4)
)
def test_a_head_is_read_alike_however_often_its_fields_came_before(fields: list[bytes], lines: list[bytes]) -> None:
    parser = HeadParser()
    for line in (*lines, *lines):
        data = b"\r\n".join([line, *fields, b"", b""])
        assert read(parser.parse, data) == read(parse_head, data)


def test_requests_with_the_same_fields_share_what_was_read_of_them() -> None:
    parser = HeadParser()
    first, second, other = (
        parser.parse(b"GET %b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n\r\n" % pair)
        for pair in ((b"/a", b"sk-a"), (b"/b", b"sk-a"), (b"/a", b"sk-b"))
    )
    assert first.notes is second.notes
    assert first.notes is not other.notes
    assert (first.raw_path, second.raw_path) == (b"/a", b"/b")


def test_long_fields_are_not_kept() -> None:
    parser = HeadParser()
    for fields in (b"X-Long: %b\r\n" % (b"x" * 2000), b"X: y\r\n" * 50):
        first, second = (parser.parse(b"GET /a HTTP/1.1\r\nHost: x\r\n%b\r\n" % fields) for _ in range(2))
        assert first.notes is not second.notes


def read(parse: Any, data: bytes) -> Any:
    try:
        return vars(parse(data)) | {"notes": None}
    except SeedgateError as error:
        return type(error), str(error)
