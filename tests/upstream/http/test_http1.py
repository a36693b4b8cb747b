"""Encoding and parsing of HTTP/1.1, without sockets."""

import contextlib
import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.upstream.errors import NotSentError, OutcomeUnknownError
from app.upstream.http.http1 import ResponseParser, decode_body, encode_head
from app.upstream.http.messages import HttpResponse

ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Empty:\r\nX-A: 1\r\n\r\n{}",
    b"HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nX-Trailer: 1\r\n\r\n",
]


def test_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(OutcomeUnknownError):
            decode_body(HttpResponse(200, [(b"Content-Encoding", b"gzip")], bomb), 1000)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1_000_000


@given(answer=st.sampled_from(ANSWERS), cuts=st.lists(st.integers(1, 100), max_size=8))
def test_an_answer_reads_alike_however_it_is_cut_into_pieces(answer: bytes, cuts: list[int]) -> None:
    parser = ResponseParser(is_head=False, max_body_bytes=100)
    marks = sorted({cut for cut in cuts if cut < len(answer)})
    for start, end in zip([0, *marks], [*marks, len(answer)], strict=True):
        assert not parser.is_complete
        parser.feed(answer[start:end])
    assert parser.is_complete
    assert parser.is_keep_alive
    assert not parser.has_trailing_bytes
    assert parser.response().body == b"{}"


@given(answer=st.sampled_from(ANSWERS), data=st.data())
def test_no_beginning_of_an_answer_passes_for_the_whole(answer: bytes, data: st.DataObject) -> None:
    parser = ResponseParser(is_head=False, max_body_bytes=100)
    parser.feed(answer[: data.draw(st.integers(0, len(answer) - 1))])
    assert not parser.is_complete
    with pytest.raises(OutcomeUnknownError):
        parser.feed_end()


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_a_failure_of_ours(data: bytes) -> None:
    parser = ResponseParser(is_head=False, max_body_bytes=100)
    with contextlib.suppress(OutcomeUnknownError):
        parser.feed(b"HTTP/1.1 200 OK\r\n" + data)
    assert parser.status in {None, 200}


def test_trailers_are_no_headers() -> None:
    parser = ResponseParser(is_head=False, max_body_bytes=100)
    parser.feed(ANSWERS[2])
    assert parser.response().headers == [(b"Transfer-Encoding", b"chunked")]


def test_the_client_sets_the_content_length_itself() -> None:
    head = encode_head(
        "POST", b"/a?b", [(b"Host", b"h"), (b"Transfer-Encoding", b"chunked"), (b"content-length", b"9")], 3
    )
    assert head == b"POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"
    assert encode_head("POST", b"/", [], 0).endswith(b"Content-Length: 0\r\n\r\n")
    assert encode_head("GET", b"/", [], 0) == b"GET / HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize("target", [b"", b"/a b", b"/a\r\nX: 1", b"/\xc3\xa4", b"/\x00"])
def test_a_target_that_would_break_the_request_line_is_not_sent(target: bytes) -> None:
    with pytest.raises(NotSentError):
        encode_head("GET", target, [], 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"", b"1"), (b"A B", b"1"), (b"A:B", b"1"), (b"A\r\nB", b"1"), (b"A", b"1\n2"), (b"A", b"1\r2"), (b"A", b"\x00")],
)
def test_a_header_that_would_break_the_head_is_not_sent(name: bytes, value: bytes) -> None:
    with pytest.raises(NotSentError):
        encode_head("GET", b"/", [(name, value)], 0)


@pytest.mark.parametrize("method", ["", "GET /", "GE\r\nT"])
def test_a_method_that_would_break_the_request_line_is_not_sent(method: str) -> None:
    with pytest.raises(NotSentError):
        encode_head(method, b"/", [], 0)
