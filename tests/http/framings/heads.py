"""Heads: request lines, targets, header lines, and what is too large."""

from collections.abc import Iterator

from tests.http.framings.message import (
    CHUNK,
    FIRST,
    LAST_CHUNK,
    LENGTH,
    NEXT,
    SMUGGLED,
    Framing,
    chunked,
    judged,
    message,
    refused,
    served,
    with_body,
)


def targets() -> Iterator[Framing]:
    yield served("target: absolute", message(method="GET", target=f"http://x{FIRST}") + NEXT)
    yield served("target: absolute, with a body", with_body(target=f"http://x{FIRST}"))
    yield judged("target: absolute, of another host", with_body(target=f"http://other{FIRST}"))
    yield judged("target: absolute, without a path", with_body(target="http://x"))
    yield judged("target: absolute, of another scheme", with_body(target=f"gopher://x{FIRST}"))
    yield judged("target: absolute, with a user", with_body(target=f"http://a:b@x{FIRST}"))
    yield judged("target: authority", with_body(target="x:80"))
    yield judged("target: asterisk of GET", message(method="GET", target="*") + NEXT)
    yield served("target: asterisk of OPTIONS", message(method="OPTIONS", target="*") + NEXT)
    yield judged("target: no slash first", with_body(target="callbacks/first"))
    yield judged("target: a fragment", with_body(target=f"{FIRST}#a"))
    yield judged("target: a question mark alone", with_body(target="?"))
    yield judged("target: two slashes", with_body(target="//x/y"))
    yield refused("target: empty", with_body(target=""))
    yield refused("target: a space", with_body(target="/a b"))
    yield refused("target: a tab", with_body(target="/a\tb"))
    yield refused("target: NUL", with_body(target="/a\x00b"))
    yield refused("target: a bare CR", with_body(target="/a\rb"))
    yield judged("target: a bare LF", with_body(target="/a\nb"))
    yield judged("target: bytes above ASCII", with_body(target="/\xc3\xa9\xff"))
    yield served("target: an encoded line end", with_body(target=f"{FIRST}%0d%0aX:%20y"))
    yield judged("target: a bad port", with_body(target=f"http://x:99999999{FIRST}"))


def request_lines() -> Iterator[Framing]:
    for version in (
        "HTTP/2.0",
        "HTTP/1.10",
        "HTTP/1",
        "http/1.1",
        "HTTP /1.1",
        "ICE/1.0",
    ):
        yield refused(f"version: {version}", with_body(version=version))
    for method, version in (
        ("SOURCE", "ICE/1.0"),
        ("GET", "RTSP/1.0"),
    ):
        yield refused(f"version: {method} of {version}", with_body(method=method, version=version))
    yield judged("version: HTTP/1.2", with_body(version="HTTP/1.2"))
    yield served("version: HTTP/1.0", with_body(version="HTTP/1.0"), answers=1)
    yield judged("version: HTTP/1.0, kept alive", with_body("Connection: keep-alive", version="HTTP/1.0"))
    yield served(
        "version: HTTP/1.0 without a Host", message(version="HTTP/1.0", method="GET", host=None) + SMUGGLED, answers=1
    )
    yield refused("version: none (HTTP/0.9)", f"GET {FIRST}\r\n".encode(), status=400)
    yield refused("version: none, then an empty line", f"GET {FIRST}\r\n\r\n".encode() + NEXT, status=400)
    yield refused("version: none, then headers", f"GET {FIRST}\r\nHost: x\r\n\r\n".encode() + NEXT, status=400)
    yield refused("version: none, then a bare LF", f"GET {FIRST}\n".encode() + NEXT)
    yield refused("version: preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED)
    yield judged("method: in small letters", with_body(method="post"))
    yield judged("method: unknown", with_body(method="BREW"))
    yield judged("method: of another protocol", with_body(method="M-SEARCH"))
    yield judged("method: SOURCE, of Icecast", with_body(method="SOURCE"))
    yield judged("method: PRI", with_body(method="PRI", target="*"))
    yield refused("method: empty", with_body(method=""))
    yield refused("method: with a slash", with_body(method="PO/ST"))
    yield refused("method: with NUL", with_body(method="POST\x00"))
    yield refused("method: with a colon", with_body(method="POST:"))
    yield judged("method: CONNECT without a body", message(method="CONNECT", target="x:80") + NEXT)
    yield judged("method: HEAD with a body", with_body(method="HEAD"))
    yield refused("line: two spaces before the target", with_body(target=f" {FIRST}"))
    yield refused("line: two spaces behind the target", with_body(target=f"{FIRST} "))
    yield refused("line: a tab before the target", with_body(method="POST\t", target=FIRST))
    yield judged("line: a space behind the version", with_body(version="HTTP/1.1 "))
    yield refused("line: a space before the method", b" " + with_body())
    yield refused("line: an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + SMUGGLED)
    yield judged("line: bare LFs", with_body().replace(b"\r\n", b"\n"))
    yield judged("line: bare CRs", with_body().replace(b"\r\n", b"\r"))
    yield refused(
        "line: a ClientHello of TLS",
        bytes.fromhex("16030100c8010000c40303") + bytes(range(32)) + b"\x00" * 20 + SMUGGLED,
    )
    yield refused("line: NULs", bytes(64) + SMUGGLED)
    yield refused("line: a header of the PROXY protocol", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + SMUGGLED)
    yield refused(
        "line: a header of the PROXY protocol's second version",
        b"\r\n\r\n\x00\r\nQUIT\n!\x11\x00\x0c" + bytes(12) + SMUGGLED,
    )
    yield served("line: an empty line alone", b"\r\n", answers=0)
    yield judged("line: empty lines alone", b"\r\n\r\n")
    yield judged("line: UTF-8 with a byte order mark", b"\xef\xbb\xbf" + NEXT)


_REFUSED_LINES = {
    "a space before the colon": b"X-A : b\r\n",
    "no name": b": b\r\n",
    "no colon": b"X-A\r\n",
    "a space in the name": b"X A: b\r\n",
    "NUL in the name": b"X\x00A: b\r\n",
    "NUL in the value": b"X-A: b\x00c\r\n",
    "a bare CR in the value": b"X-A: b\rc\r\n",
    "a bare CR and a header": b"X-A: b\rContent-Length: 0\r\n",
    "a bare CR at its end": b"X-A: b\r\r\n",
    "a byte above ASCII in the name": b"X-\xc3\xa9: b\r\n",
    "a bracket in the name": b"X(A): b\r\n",
    "a second request line": SMUGGLED[:-4] + b"\r\n",
}


def headers() -> Iterator[Framing]:
    for name, line in _REFUSED_LINES.items():
        yield refused(f"header: {name}", with_body(line))
    yield judged("header: bare LF between two", with_body(b"X-A: b\nX-B: c\r\n"))
    yield judged("header: bare LF before a length", message(b"X-A: b\nContent-Length: 0\r\n", LENGTH) + SMUGGLED + NEXT)
    yield judged("header: bare LF, then an empty line", message(b"X-A: b\n\r\n") + SMUGGLED)
    yield judged("header: bare LF ends the head", message(b"X-A: b\r\n\n", LENGTH) + SMUGGLED)
    yield judged("header: CR CR LF ends the head", message(b"X-A: b\r\n\r\r\n", LENGTH) + SMUGGLED)
    yield judged("header: a control character in the value", with_body(b"X-A: b\x01c\r\n"))
    yield judged("header: DEL in the value", with_body(b"X-A: b\x7fc\r\n"))
    yield served("header: a tab in the value", with_body(b"X-A: b\tc\r\n"))
    yield served("header: bytes above ASCII in the value", with_body(b"X-A: \xc3\xa9\xff\r\n"))
    yield served("header: an empty value", with_body(b"X-A:\r\n"))
    yield served("header: every letter of a token in the name", with_body(b"!#$%&'*+-.^_`|~09azAZ: b\r\n"))
    yield judged("header: folded", with_body(b"X-A: b\r\n c\r\n\td\r\n"))
    yield judged("header: folded, with an empty line of blanks", with_body(b"X-A: b\r\n \r\n"))
    yield judged("header: folded request", with_body(b"X-A: b\r\n " + SMUGGLED[:-4] + b"\r\n"))
    yield refused("host: none", message(LENGTH, host=None) + SMUGGLED + NEXT, status=400)
    yield refused("host: two", with_body("Host: y"), status=400)
    yield refused("host: two that are equal", with_body("Host: x"), status=400)
    yield refused("host: none in a GET", message(method="GET", host=None) + NEXT, status=400)
    yield judged("host: empty", message(LENGTH, host="") + SMUGGLED + NEXT)
    yield judged("host: a path", message(LENGTH, host="x/y") + SMUGGLED + NEXT)
    yield judged("host: two in one", message(LENGTH, host="x, y") + SMUGGLED + NEXT)


def large() -> Iterator[Framing]:
    line = "X-A: " + "a" * 900
    yield served("large: 100 headers", message(*["X-A: b"] * 98, LENGTH) + SMUGGLED + NEXT)
    yield refused("large: 101 headers", message(*["X-A: b"] * 99, LENGTH) + SMUGGLED + NEXT, status=431)
    yield served("large: a head of 60 KiB", message(*[line] * 68, LENGTH) + SMUGGLED + NEXT)
    yield refused("large: a head of 70 KiB", message(*[line] * 80, LENGTH) + SMUGGLED + NEXT, status=431)
    long = "a" * 70_000
    yield refused("large: a value", message(f"X-A: {long}", LENGTH) + SMUGGLED + NEXT, status=431)
    yield refused("large: a name", message(f"{long}: b", LENGTH) + SMUGGLED + NEXT, status=431)
    yield refused("large: a target", with_body(target=f"/{long}"), status=431)
    yield refused(
        "large: blanks before a value", message(f"X-A:{' ' * len(long)}b", LENGTH) + SMUGGLED + NEXT, status=431
    )
    yield refused("large: a folded line", message(b"X-A: b\r\n" + b" a\r\n" * 20_000, LENGTH) + SMUGGLED + NEXT)
    yield refused("large: a method", with_body(method=long.upper()))
    yield refused("large: empty lines before a request", b"\r\n" * 40_000 + NEXT)
    yield refused("large: a trailer", chunked(CHUNK + f"0\r\nX-A: {long}\r\n\r\n".encode()), status=431)
    yield refused("large: 101 trailers", chunked(CHUNK + b"0\r\n" + b"X-A: b\r\n" * 101 + b"\r\n"), status=431)
    yield refused(
        "large: a chunk extension", chunked(f"23;a={long}\r\n".encode() + SMUGGLED + b"\r\n" + LAST_CHUNK), status=431
    )
    yield refused(
        "large: many chunk extensions", chunked((f"1;a={'b' * 1000}\r\nx\r\n".encode()) * 80 + LAST_CHUNK), status=431
    )
    yield refused(
        "large: zeros of a chunk size", chunked(f"{'0' * len(long)}23\r\n".encode() + SMUGGLED + b"\r\n" + LAST_CHUNK)
    )
    yield refused("large: a head behind nine requests", NEXT * 9 + message(f"X-A: {long}"), answers=10, status=431)
