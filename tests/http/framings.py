"""Raw HTTP/1.x messages: every spelling that has made two parsers disagree on where a request ends.

Each framing begins with a request to ``FIRST``. Wherever bytes must not be a request, they are ``SMUGGLED``, which
would be one if they were read as one. Most framings end with ``NEXT``, an ordinary request, so that bytes that are
swallowed are missed. The expectation is what RFC 9112 decides; where it leaves a choice, h11 is the judge
(``tests.http.strict``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

FIRST = "/callbacks/first"
SMUGGLED_PATH = "/smuggled"
NEXT_PATH = "/next"
SMUGGLED = f"GET {SMUGGLED_PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
NEXT = f"GET {NEXT_PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
CHUNK = b"%x\r\n%b\r\n" % (len(SMUGGLED), SMUGGLED)
LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True)
class Framing:
    """Some bytes of a client.

    Attributes:
        name: unlike any other.
        data: what is sent.
        answers: how many final answers an application that answers every request leads to; None where the RFC
            leaves a choice.
        is_refused: the last of these answers is the server's own 4xx or 5xx, and the connection ends.
        status: of that answer, where there is only one right.
    """

    name: str
    data: bytes
    answers: int | None = None
    is_refused: bool = False
    status: int | None = None

    @property
    def head_bytes(self) -> int:
        """Length of the first head, or of everything when no empty line ends it."""
        end = self.data.find(b"\r\n\r\n")
        return len(self.data) if end < 0 else end + 4


def message(
    *headers: str | bytes, method: str = "POST", target: str = FIRST, version: str = "HTTP/1.1", host: str | None = "x"
) -> bytes:
    """Returns a head; header lines that are given as bytes keep their own line end, or lack of one."""
    lines = [f"{method} {target} {version}\r\n".encode("latin-1")]
    if host is not None:
        lines.append(f"Host: {host}\r\n".encode())
    lines += [each if isinstance(each, bytes) else f"{each}\r\n".encode("latin-1") for each in headers]
    return b"".join(lines) + b"\r\n"


LENGTH = f"Content-Length: {len(SMUGGLED)}"
CHUNKED = "Transfer-Encoding: chunked"


def _served(name: str, data: bytes, answers: int = 2) -> Framing:
    return Framing(name, data, answers)


def _refused(name: str, data: bytes, *, answers: int = 1, status: int | None = None) -> Framing:
    return Framing(name, data, answers, is_refused=True, status=status)


def _judged(name: str, data: bytes) -> Framing:
    return Framing(name, data)


def _with_body(*headers: str | bytes, method: str = "POST", version: str = "HTTP/1.1", target: str = FIRST) -> bytes:
    return message(*headers, LENGTH, method=method, version=version, target=target) + SMUGGLED + NEXT


def _chunked(body: bytes, *headers: str | bytes) -> bytes:
    return message(*headers, CHUNKED) + body + NEXT


_UPGRADES: dict[str, tuple[str | bytes, ...]] = {
    "h2c": ("Connection: Upgrade", "Upgrade: h2c"),
    "h2c with its settings, as Java and curl send it": (
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    ),
    "websocket": (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ),
    "TLS": ("Connection: Upgrade", "Upgrade: TLS/1.2"),
    "several protocols": ("Connection: Upgrade", "Upgrade: h2c, websocket;q=1, TLS/1.0, IRC/6.9"),
    "several lines": ("Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"),
    "other letter case": ("cOnNeCtIoN: uPgRaDe", "uPGRADE: H2C"),
    "several options": ("Connection: keep-alive, Upgrade", "Upgrade: h2c"),
    "several lines of options": ("Connection: keep-alive", "Connection: Upgrade", "Upgrade: h2c"),
    "before its Connection": ("Upgrade: h2c", "Connection: Upgrade"),
    "no blanks": ("Connection:Upgrade", "Upgrade:h2c"),
    "many blanks": ("Connection: \t Upgrade \t ", "Upgrade: \t h2c \t "),
    "Connection alone": ("Connection: Upgrade",),
    "Upgrade alone": ("Upgrade: h2c",),
    "Connection that names it as a header": ("Connection: Upgrade, Host, Content-Length", "Upgrade: h2c"),
    "Proxy-Connection": ("Proxy-Connection: Upgrade", "Upgrade: h2c"),
    "empty protocol": ("Connection: Upgrade", "Upgrade:"),
}


def _upgrades() -> Iterator[Framing]:
    for name, headers in _UPGRADES.items():
        yield _served(f"upgrade: {name}, with a length", _with_body(*headers))
        yield _served(f"upgrade: {name}, chunked", _chunked(CHUNK + LAST_CHUNK, *headers))
        yield _served(f"upgrade: {name}, without a body", message(*headers, method="GET") + NEXT)
    headers = _UPGRADES["h2c"]
    yield _served("upgrade: after the length", message(LENGTH, *headers) + SMUGGLED + NEXT)
    yield _judged(
        "upgrade: with close", message("Connection: close, Upgrade", "Upgrade: h2c", LENGTH) + SMUGGLED + NEXT
    )
    yield _served("upgrade: on a POST without a body", message(*headers) + NEXT)
    yield _served("upgrade: on a GET with a body", _with_body(*headers, method="GET"))
    yield _served("upgrade: on OPTIONS", _with_body(*headers, method="OPTIONS", target="*"))
    yield _judged("upgrade: on CONNECT", _with_body(*headers, method="CONNECT", target="x:80"))
    yield _served("upgrade: in HTTP/1.0", _with_body(*headers, version="HTTP/1.0"), answers=1)
    yield _served("upgrade: empty body", message(*headers, "Content-Length: 0") + NEXT)
    yield _judged("upgrade: in a folded line", _with_body(b"Connection:\r\n Upgrade\r\n", b"Upgrade:\r\n\th2c\r\n"))
    for name, line in {
        "behind a length": b"Content-Length: 3\r\nUpgrade: h2c\r\n 5\r\n",
        "behind a coding": b"Transfer-Encoding: x\r\nUpgrade: h2c\r\n chunked\r\n",
        "behind a name": b"Content-Length:\r\nUpgrade: h2c\r\n 35\r\n",
        "of blanks, behind a length": b"Content-Length: 35\r\nUpgrade: h2c\r\n \r\n",
        "behind another": b"X-A: b\r\nUpgrade: h2c\r\n c\r\nContent-Length: 35\r\n",
        "behind Connection": b"Connection: close\r\n , Upgrade\r\nUpgrade: h2c\r\nContent-Length: 35\r\n",
        "that is its name": b"X-A: b\r\n Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 35\r\n",
    }.items():
        yield _judged(f"upgrade: in a folded line {name}", message(b"Connection: Upgrade\r\n", line) + SMUGGLED + NEXT)
    yield _judged(
        "upgrade: first and folded", b"POST / HTTP/1.1\r\nUpgrade: h2c\r\n Host: y\r\nHost: x\r\n\r\n" + SMUGGLED
    )
    for name, line in {
        "a bare CR": b"Upgrade: h2c\rX-A: b\r\n",
        "NUL": b"Upgrade: h2c\x00\r\n",
        "a space before the colon": b"Upgrade : h2c\r\n",
        "NUL in Connection": b"Connection: Upgrade\x00\r\nUpgrade: h2c\r\n",
        "a space before the colon of Connection": b"Connection : Upgrade\r\nUpgrade: h2c\r\n",
    }.items():
        yield _refused(f"upgrade: with {name}", _with_body(b"Connection: Upgrade\r\n", line))
    yield _served(
        "upgrade: in trailers",
        _chunked(CHUNK + b"0\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "Trailer: Upgrade"),
    )
    yield _served("upgrade: with an expectation", _with_body(*headers, "Expect: 100-continue"))
    yield _served("upgrade: on every one of a pipeline", _with_body(*headers) * 3, answers=6)
    yield _refused(
        "upgrade: with a length and chunked, of which one is wrong",
        message(*headers, "Content-Length: x", CHUNKED) + SMUGGLED,
    )


_REFUSED_LENGTHS = {
    "signed": "+35",
    "negative": "-35",
    "hexadecimal": "0x23",
    "empty": "",
    "blank": " ",
    "two with a space": "35 35",
    "of more digits than 64 bits have": "1" + "0" * 20,
    "with an underscore": "3_5",
    "with a fraction": "35.0",
    "with an exponent": "35e0",
    "with a parameter": "35;q=1",
    "quoted": '"35"',
    "in other digits": "\xb3\xb5",
    "unequal in one line": "35, 36",
    "with a control character": "35\x0b",
    "with NUL": "35\x00",
    "with a bare CR": "35\r",
    "with a bare CR inside": "3\r5",
}


def _lengths() -> Iterator[Framing]:
    for name, value in _REFUSED_LENGTHS.items():
        yield _refused(f"length: {name}", message(f"Content-Length: {value}") + SMUGGLED + NEXT)
    yield _refused("length: twice, unequal", message("Content-Length: 0", LENGTH) + SMUGGLED + NEXT, status=400)
    yield _refused("length: twice, unequal, the other way", message(LENGTH, "Content-Length: 0") + SMUGGLED + NEXT)
    yield _judged("length: twice, equal", message(LENGTH, LENGTH) + SMUGGLED + NEXT)
    yield _judged("length: equal in one line", message(f"{LENGTH}, {len(SMUGGLED)}") + SMUGGLED + NEXT)
    yield _judged("length: zero twice", message("Content-Length: 0", "Content-Length: 00") + NEXT)
    yield _served("length: with blanks around", message(f"Content-Length: \t {len(SMUGGLED)} \t") + SMUGGLED + NEXT)
    yield _served("length: with leading zeros", message(f"Content-Length: 000{len(SMUGGLED)}") + SMUGGLED + NEXT)
    yield _served("length: in capitals", message(f"CONTENT-LENGTH:{len(SMUGGLED)}") + SMUGGLED + NEXT)
    yield _served("length: of GET", _with_body(method="GET"))
    yield _served("length: of DELETE", _with_body(method="DELETE"))
    yield _served("length: of OPTIONS *", _with_body(method="OPTIONS", target="*"))
    yield _judged("length: of CONNECT", _with_body(method="CONNECT", target="x:80"))
    yield _judged("length: of TRACE", _with_body(method="TRACE"))
    yield _judged("length: in a folded line", message(b"Content-Length:\r\n %d\r\n" % len(SMUGGLED)) + SMUGGLED + NEXT)
    yield _judged("length: that goes on in a folded line", message(b"Content-Length: 3\r\n 5\r\n") + SMUGGLED + NEXT)
    yield _refused("length: with a space before the colon", message(f"Content-Length : {len(SMUGGLED)}") + SMUGGLED)
    yield _refused("length: with a tab before the colon", message(f"Content-Length\t: {len(SMUGGLED)}") + SMUGGLED)
    yield _refused("length: with NUL in its name", message(f"Content-Length\x00: {len(SMUGGLED)}") + SMUGGLED)
    yield _refused("length: with a bare CR in its name", message(f"Content-Length\r: {len(SMUGGLED)}") + SMUGGLED)
    yield _served("length: longer than what comes", message("Content-Length: 4000") + SMUGGLED + NEXT, answers=0)
    yield _judged("length: of 64 bits", message(f"Content-Length: {2**63 - 1}") + SMUGGLED + NEXT)


_REFUSED_CODINGS = {
    "unknown": "xchunked",
    "chunked with a letter more": "chunkedx",
    "chunked is not the last": "chunked, identity",
    "identity": "identity",
    "identity first": "identity, chunked",
    "gzip alone": "gzip",
    "gzip, then chunked": "gzip, chunked",
    "chunked twice in one line": "chunked, chunked",
    "after a vertical tab": "\x0bchunked",
    "before a vertical tab": "chunked\x0b",
    "before NUL": "chunked\x00",
    "before a bare CR": "chunked\r",
    "quoted": '"chunked"',
    "with a parameter": "chunked;q=1",
    "after a byte of Latin-1": "\xa0chunked",
    "empty": "",
    "two words": "chunked identity",
    "in brackets": "(chunked)",
}


def _codings() -> Iterator[Framing]:
    body = CHUNK + LAST_CHUNK + NEXT
    for name, value in _REFUSED_CODINGS.items():
        yield _refused(f"coding: {name}", message(f"Transfer-Encoding: {value}") + body)
    for name, value in _REFUSED_CODINGS.items():
        yield _refused(
            f"coding: {name}, and a length", message(LENGTH, f"Transfer-Encoding: {value}") + SMUGGLED + NEXT
        )
    yield _served("coding: chunked", message(CHUNKED) + body)
    yield _served("coding: in capitals", message("TRANSFER-ENCODING:CHUNKED") + body)
    yield _served("coding: with blanks before it", message("Transfer-Encoding: \t chunked") + body)
    yield _judged("coding: with blanks behind it", message("Transfer-Encoding: chunked \t ") + body)
    yield _served("coding: of GET", message(CHUNKED, method="GET") + body)
    yield _judged("coding: chunked in two lines", message(CHUNKED, CHUNKED) + body)
    yield _refused(
        "coding: chunked, then identity in a line of its own", message(CHUNKED, "Transfer-Encoding: identity") + body
    )
    yield _judged(
        "coding: identity in a line of its own, then chunked", message("Transfer-Encoding: identity", CHUNKED) + body
    )
    yield _judged("coding: with a length, which comes first", message(LENGTH, CHUNKED) + body)
    yield _judged("coding: with a length, which comes later", message(CHUNKED, LENGTH) + body)
    yield _judged("coding: with length zero", message("Content-Length: 0", CHUNKED) + body)
    yield _judged(
        "coding: with a length, and a last chunk first",
        message(CHUNKED, f"Content-Length: {5 + len(SMUGGLED)}") + LAST_CHUNK + SMUGGLED,
    )
    yield _judged("coding: in HTTP/1.0", message(CHUNKED, version="HTTP/1.0") + body)
    yield _judged(
        "coding: in HTTP/1.0, kept alive", message(CHUNKED, "Connection: keep-alive", version="HTTP/1.0") + body
    )
    yield _judged("coding: in a folded line", message(b"Transfer-Encoding:\r\n chunked\r\n") + body)
    yield _judged(
        "coding: in a folded line, and a length",
        message(LENGTH, b"Transfer-Encoding:\r\n chunked\r\n") + SMUGGLED + NEXT,
    )
    yield _refused("coding: with a space before the colon", message("Transfer-Encoding : chunked") + body)
    yield _refused(
        "coding: with a space before the colon, and a length",
        message(LENGTH, "Transfer-Encoding : chunked") + SMUGGLED + NEXT,
    )
    yield _refused(
        "coding: in a first line with a blank before it",
        b"POST " + FIRST.encode() + b" HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: x\r\n\r\n" + body,
    )
    yield _served("coding: TE is another header", _with_body("TE: chunked"))
    yield _served(
        "coding: an underscore makes another header", message("Transfer_Encoding: chunked", LENGTH) + SMUGGLED + NEXT
    )
    yield _judged("coding: of CONNECT", message(CHUNKED, method="CONNECT", target="x:80") + body)


_REFUSED_SIZES = {
    "with 0x": b"0x23",
    "with a plus": b"+23",
    "negative": b"-23",
    "with an underscore": b"2_3",
    "with a space before it": b" 23",
    "with a tab before it": b"\t23",
    "empty": b"",
    "an extension alone": b";a=b",
    "no digit": b"z3",
    "a digit of another kind": b"23g",
    "with NUL": b"23\x00",
    "with a bare CR": b"23\r",
}


def _chunks() -> Iterator[Framing]:
    ended = b"\r\n" + SMUGGLED + b"\r\n" + LAST_CHUNK
    for name, size in _REFUSED_SIZES.items():
        yield _refused(f"chunk size: {name}", _chunked(size + ended))
    yield _served("chunk size: leading zeros", _chunked(b"000000023" + ended))
    yield _served("chunk size: in small letters", _chunked(b"a\r\n0123456789\r\n" + LAST_CHUNK))
    yield _served("chunk size: in capitals", _chunked(b"A\r\n0123456789\r\n" + LAST_CHUNK))
    yield _judged("chunk size: a space behind it", _chunked(b"23 " + ended))
    yield _judged("chunk size: of 17 digits", _chunked(b"10000000000000023" + ended))
    yield _judged("chunk size: of 64 bits", _chunked(b"ffffffffffffffff" + ended))
    yield _judged("chunk size: of 64 bits and a little", _chunked(b"10000000000000000" + b"\r\n\r\n" + SMUGGLED))
    yield _refused("chunk size: of 30 digits", _chunked(b"1" + b"0" * 27 + b"23" + ended))
    yield _served("chunk: extension", _chunked(b"23;a=b" + ended))
    yield _served("chunk: extension without a value", _chunked(b"23;a" + ended))
    yield _served("chunk: quoted extension", _chunked(b'23;a="b;c"' + ended))
    yield _judged("chunk: quoted extension with a line end", _chunked(b'23;a="\r\n' + SMUGGLED + b'"\r\n' + LAST_CHUNK))
    yield _judged("chunk: extension with a bare LF", _chunked(b"23;a\nb" + ended))
    yield _judged("chunk: extension with a bare CR", _chunked(b"23;a\rb" + ended))
    yield _judged("chunk: extension that a bare LF ends", _chunked(b"23;a\n" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield _refused("chunk: size that a bare LF ends", _chunked(b"23\n" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield _refused("chunk: size that a bare CR ends", _chunked(b"23\r" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield _refused("chunk: no line end behind the data", _chunked(b"23\r\n" + SMUGGLED + LAST_CHUNK))
    yield _refused("chunk: a bare LF behind the data", _chunked(b"23\r\n" + SMUGGLED + b"\n" + LAST_CHUNK))
    yield _refused("chunk: a bare CR behind the data", _chunked(b"23\r\n" + SMUGGLED + b"\r" + LAST_CHUNK))
    yield _refused("chunk: more data than its size", _chunked(b"22\r\n" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield _judged("chunk: less data than its size", _chunked(b"25\r\n" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield _served("chunk: three of them", _chunked(CHUNK * 3 + LAST_CHUNK))
    yield _served("chunk: none", _chunked(LAST_CHUNK))
    yield _served("chunk: last one of many zeros", _chunked(CHUNK + b"00000\r\n\r\n"))
    yield _served("chunk: last one with an extension", _chunked(CHUNK + b"0;a=b\r\n\r\n"))
    yield _refused("chunk: last one with 0x", _chunked(CHUNK + b"0x0\r\n\r\n"))
    yield _refused("chunk: last one that bare LFs end", _chunked(CHUNK + b"0\n\n"))
    yield _refused("chunk: last one without its empty line", _chunked(CHUNK + b"0\r\n") + NEXT)
    yield _refused("chunk: last one that is followed by text", _chunked(CHUNK + b"0\r\nX"))
    yield _served("chunk: no last one", message(CHUNKED) + CHUNK, answers=0)
    yield from _trailers()


def _trailers() -> Iterator[Framing]:
    forbidden = {
        "Content-Length": "5",
        "Transfer-Encoding": "chunked",
        "Authorization": "Bearer smuggled",
        "Host": "smuggled",
        "X-Forwarded-For": "10.0.0.1",
        "Content-Type": "smuggled/type",
        "Expect": "100-continue",
        "Connection": "close",
    }
    for name, value in forbidden.items():
        trailer = f"{name}: {value}\r\n".encode()
        if name in {"Connection", "Content-Length", "Transfer-Encoding"}:
            yield _judged(f"trailer: {name}", _chunked(CHUNK + b"0\r\n" + trailer + b"\r\n", f"Trailer: {name}"))
        else:
            yield _served(f"trailer: {name}", _chunked(CHUNK + b"0\r\n" + trailer + b"\r\n", f"Trailer: {name}"))
    yield _served(
        "trailer: ordinary", _chunked(CHUNK + b"0\r\nX-Trailer: a\r\nX-More: b\r\n\r\n", "Trailer: X-Trailer")
    )
    yield _served("trailer: not announced", _chunked(CHUNK + b"0\r\nX-Trailer: a\r\n\r\n"))
    yield _judged("trailer: folded", _chunked(CHUNK + b"0\r\nX-Trailer: a\r\n b\r\n\r\n"))
    yield _judged("trailer: folded before it begins", _chunked(CHUNK + b"0\r\n X-Trailer: a\r\n\r\n"))
    yield _refused("trailer: a request line", _chunked(CHUNK + b"0\r\n" + SMUGGLED))
    yield _refused("trailer: a space before the colon", _chunked(CHUNK + b"0\r\nX-Trailer : a\r\n\r\n"))
    yield _refused("trailer: NUL", _chunked(CHUNK + b"0\r\nX-Trailer: a\x00\r\n\r\n"))
    yield _judged("trailer: a bare LF", _chunked(CHUNK + b"0\r\nX-Trailer: a\nX-More: b\r\n\r\n"))
    yield _judged("trailer: a bare LF ends it", _chunked(CHUNK + b"0\r\nX-Trailer: a\r\n\n") + SMUGGLED)


def _pipelines() -> Iterator[Framing]:
    bad = message("Content-Length: x")
    body = message(LENGTH) + SMUGGLED
    for count in (2, 7, 8, 9, 20):
        yield _served(f"pipeline: {count} GETs", NEXT * count, answers=count)
    yield _served("pipeline: 20 with bodies", body * 20, answers=20)
    yield _served("pipeline: GET with a body, GET, POST", _with_body(method="GET") + body, answers=3)
    yield _served(
        "pipeline: chunked, length, none, chunked",
        _chunked(CHUNK + LAST_CHUNK) + body + _chunked(LAST_CHUNK),
        answers=5,
    )
    yield _refused("pipeline: an error in its midst", NEXT + body + bad + SMUGGLED + NEXT, answers=3)
    yield _refused("pipeline: an error behind ten", NEXT * 10 + bad + SMUGGLED * 3, answers=11)
    yield _refused("pipeline: an error in a chunk in its midst", NEXT + _chunked(b"z\r\n" + SMUGGLED), answers=2)
    yield _served(
        "pipeline: close in its midst", NEXT + message("Connection: close", method="GET") + SMUGGLED * 2, answers=2
    )
    yield _served("pipeline: close with a body", message("Connection: close", LENGTH) + SMUGGLED + SMUGGLED, answers=1)
    yield _served(
        "pipeline: close in capitals among others", message("Connection: x, CLOSE", LENGTH) + SMUGGLED * 2, answers=1
    )
    yield _served(
        "pipeline: HTTP/1.0 in its midst", NEXT + message(version="HTTP/1.0", method="GET") + SMUGGLED, answers=2
    )
    yield _served("pipeline: an empty line before each", b"\r\n".join([b"", body, NEXT, body]), answers=3)
    yield _served("pipeline: an empty line behind the last", NEXT + body + b"\r\n")
    yield _judged("pipeline: several empty lines before each", b"\r\n\r\n" + NEXT + b"\r\n\r\n\r\n" + NEXT)
    yield _judged("pipeline: bare line ends before each", b"\n\n" + NEXT + b"\n" + NEXT)
    yield _refused(
        "pipeline: a body that is longer than said", message("Content-Length: 3") + b"abcdef" + SMUGGLED, answers=2
    )
    yield _judged("pipeline: half a request at its end", NEXT + SMUGGLED[:-2])
    yield _judged("pipeline: half a request line at its end", NEXT + SMUGGLED[:15])


def _expectations() -> Iterator[Framing]:
    yield _served("expect: 100-continue", _with_body("Expect: 100-continue"))
    yield _served("expect: in capitals", _with_body("EXPECT: 100-CONTINUE"))
    yield _served("expect: chunked", _chunked(CHUNK + LAST_CHUNK, "Expect: 100-continue"))
    yield _served("expect: without a body", message("Expect: 100-continue", method="GET") + NEXT)
    yield _served("expect: with an empty body", message("Expect: 100-continue", "Content-Length: 0") + NEXT)
    yield _judged("expect: something else", _with_body("Expect: 200-ok"))
    yield _judged("expect: two", _with_body("Expect: 100-continue, 200-ok"))
    yield _judged("expect: twice", _with_body("Expect: 100-continue", "Expect: 100-continue"))
    yield _served("expect: in HTTP/1.0", _with_body("Expect: 100-continue", version="HTTP/1.0"), answers=1)


def _targets() -> Iterator[Framing]:
    yield _served("target: absolute", message(method="GET", target=f"http://x{FIRST}") + NEXT)
    yield _served("target: absolute, with a body", _with_body(target=f"http://x{FIRST}"))
    yield _judged("target: absolute, of another host", _with_body(target=f"http://other{FIRST}"))
    yield _judged("target: absolute, without a path", _with_body(target="http://x"))
    yield _judged("target: absolute, of another scheme", _with_body(target=f"gopher://x{FIRST}"))
    yield _judged("target: absolute, with a user", _with_body(target=f"http://a:b@x{FIRST}"))
    yield _judged("target: authority", _with_body(target="x:80"))
    yield _judged("target: asterisk of GET", message(method="GET", target="*") + NEXT)
    yield _served("target: asterisk of OPTIONS", message(method="OPTIONS", target="*") + NEXT)
    yield _judged("target: no slash first", _with_body(target="callbacks/first"))
    yield _judged("target: a fragment", _with_body(target=f"{FIRST}#a"))
    yield _judged("target: a question mark alone", _with_body(target="?"))
    yield _judged("target: two slashes", _with_body(target="//x/y"))
    yield _refused("target: empty", _with_body(target=""))
    yield _refused("target: a space", _with_body(target="/a b"))
    yield _refused("target: a tab", _with_body(target="/a\tb"))
    yield _refused("target: NUL", _with_body(target="/a\x00b"))
    yield _refused("target: a bare CR", _with_body(target="/a\rb"))
    yield _judged("target: a bare LF", _with_body(target="/a\nb"))
    yield _judged("target: bytes above ASCII", _with_body(target="/\xc3\xa9\xff"))
    yield _served("target: an encoded line end", _with_body(target=f"{FIRST}%0d%0aX:%20y"))
    yield _judged("target: a bad port", _with_body(target=f"http://x:99999999{FIRST}"))


def _request_lines() -> Iterator[Framing]:
    for version in (
        "HTTP/0.9",
        "HTTP/2.0",
        "HTTP/3.0",
        "HTTP/9.9",
        "HTTP/1.10",
        "HTTP/1",
        "HTTP/11",
        "HTTP/1,1",
        "http/1.1",
        "HTTQ/1.1",
        "HTTP /1.1",
        "ICE/1.0",
        "RTSP/1.0",
    ):
        yield _refused(f"version: {version}", _with_body(version=version))
    for method, version in (
        ("SOURCE", "ICE/1.0"),
        ("GET", "RTSP/1.0"),
        ("DESCRIBE", "RTSP/1.0"),
        ("OPTIONS", "RTSP/1.0"),
    ):
        yield _refused(f"version: {method} of {version}", _with_body(method=method, version=version))
    yield _judged("version: HTTP/1.2", _with_body(version="HTTP/1.2"))
    yield _served("version: HTTP/1.0", _with_body(version="HTTP/1.0"), answers=1)
    yield _judged("version: HTTP/1.0, kept alive", _with_body("Connection: keep-alive", version="HTTP/1.0"))
    yield _served(
        "version: HTTP/1.0 without a Host", message(version="HTTP/1.0", method="GET", host=None) + SMUGGLED, answers=1
    )
    yield _refused("version: none (HTTP/0.9)", f"GET {FIRST}\r\n".encode(), status=400)
    yield _refused("version: none, then an empty line", f"GET {FIRST}\r\n\r\n".encode() + NEXT, status=400)
    yield _refused("version: none, then headers", f"GET {FIRST}\r\nHost: x\r\n\r\n".encode() + NEXT, status=400)
    yield _refused("version: none, then a bare LF", f"GET {FIRST}\n".encode() + NEXT)
    yield _refused("version: preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED)
    yield _judged("method: in small letters", _with_body(method="post"))
    yield _judged("method: unknown", _with_body(method="BREW"))
    yield _judged("method: of another protocol", _with_body(method="M-SEARCH"))
    yield _judged("method: SOURCE, of Icecast", _with_body(method="SOURCE"))
    yield _judged("method: PRI", _with_body(method="PRI", target="*"))
    yield _refused("method: empty", _with_body(method=""))
    yield _refused("method: with a slash", _with_body(method="PO/ST"))
    yield _refused("method: with NUL", _with_body(method="POST\x00"))
    yield _refused("method: with a colon", _with_body(method="POST:"))
    yield _judged("method: CONNECT without a body", message(method="CONNECT", target="x:80") + NEXT)
    yield _judged("method: HEAD with a body", _with_body(method="HEAD"))
    yield _refused("line: two spaces before the target", _with_body(target=f" {FIRST}"))
    yield _refused("line: two spaces behind the target", _with_body(target=f"{FIRST} "))
    yield _refused("line: a tab before the target", _with_body(method="POST\t", target=FIRST))
    yield _judged("line: a space behind the version", _with_body(version="HTTP/1.1 "))
    yield _refused("line: a space before the method", b" " + _with_body())
    yield _refused("line: an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + SMUGGLED)
    yield _judged("line: bare LFs", _with_body().replace(b"\r\n", b"\n"))
    yield _judged("line: bare CRs", _with_body().replace(b"\r\n", b"\r"))
    yield _refused(
        "line: a ClientHello of TLS",
        bytes.fromhex("16030100c8010000c40303") + bytes(range(32)) + b"\x00" * 20 + SMUGGLED,
    )
    yield _refused("line: NULs", bytes(64) + SMUGGLED)
    yield _refused("line: a header of the PROXY protocol", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + SMUGGLED)
    yield _refused(
        "line: a header of the PROXY protocol's second version",
        b"\r\n\r\n\x00\r\nQUIT\n!\x11\x00\x0c" + bytes(12) + SMUGGLED,
    )
    yield _served("line: an empty line alone", b"\r\n", answers=0)
    yield _judged("line: empty lines alone", b"\r\n\r\n")
    yield _judged("line: UTF-8 with a byte order mark", b"\xef\xbb\xbf" + NEXT)


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


def _headers() -> Iterator[Framing]:
    for name, line in _REFUSED_LINES.items():
        yield _refused(f"header: {name}", _with_body(line))
    yield _judged("header: bare LF between two", _with_body(b"X-A: b\nX-B: c\r\n"))
    yield _judged(
        "header: bare LF before a length", message(b"X-A: b\nContent-Length: 0\r\n", LENGTH) + SMUGGLED + NEXT
    )
    yield _judged("header: bare LF, then an empty line", message(b"X-A: b\n\r\n") + SMUGGLED)
    yield _judged("header: bare LF ends the head", message(b"X-A: b\r\n\n", LENGTH) + SMUGGLED)
    yield _judged("header: CR CR LF ends the head", message(b"X-A: b\r\n\r\r\n", LENGTH) + SMUGGLED)
    yield _judged("header: a control character in the value", _with_body(b"X-A: b\x01c\r\n"))
    yield _judged("header: DEL in the value", _with_body(b"X-A: b\x7fc\r\n"))
    yield _served("header: a tab in the value", _with_body(b"X-A: b\tc\r\n"))
    yield _served("header: bytes above ASCII in the value", _with_body(b"X-A: \xc3\xa9\xff\r\n"))
    yield _served("header: an empty value", _with_body(b"X-A:\r\n"))
    yield _served("header: every letter of a token in the name", _with_body(b"!#$%&'*+-.^_`|~09azAZ: b\r\n"))
    yield _judged("header: folded", _with_body(b"X-A: b\r\n c\r\n\td\r\n"))
    yield _judged("header: folded, with an empty line of blanks", _with_body(b"X-A: b\r\n \r\n"))
    yield _judged("header: folded request", _with_body(b"X-A: b\r\n " + SMUGGLED[:-4] + b"\r\n"))
    yield _refused("host: none", message(LENGTH, host=None) + SMUGGLED + NEXT, status=400)
    yield _refused("host: two", _with_body("Host: y"), status=400)
    yield _refused("host: two that are equal", _with_body("Host: x"), status=400)
    yield _refused("host: none in a GET", message(method="GET", host=None) + NEXT, status=400)
    yield _judged("host: empty", message(LENGTH, host="") + SMUGGLED + NEXT)
    yield _judged("host: a path", message(LENGTH, host="x/y") + SMUGGLED + NEXT)
    yield _judged("host: two in one", message(LENGTH, host="x, y") + SMUGGLED + NEXT)


def _large() -> Iterator[Framing]:
    line = "X-A: " + "a" * 900
    yield _served("large: 100 headers", message(*["X-A: b"] * 98, LENGTH) + SMUGGLED + NEXT)
    yield _refused("large: 101 headers", message(*["X-A: b"] * 99, LENGTH) + SMUGGLED + NEXT, status=431)
    yield _served("large: a head of 60 KiB", message(*[line] * 68, LENGTH) + SMUGGLED + NEXT)
    yield _refused("large: a head of 70 KiB", message(*[line] * 80, LENGTH) + SMUGGLED + NEXT, status=431)
    long = "a" * 70_000
    yield _refused("large: a value", message(f"X-A: {long}", LENGTH) + SMUGGLED + NEXT, status=431)
    yield _refused("large: a name", message(f"{long}: b", LENGTH) + SMUGGLED + NEXT, status=431)
    yield _refused("large: a target", _with_body(target=f"/{long}"), status=431)
    yield _refused(
        "large: blanks before a value", message(f"X-A:{' ' * len(long)}b", LENGTH) + SMUGGLED + NEXT, status=431
    )
    yield _refused("large: a folded line", message(b"X-A: b\r\n" + b" a\r\n" * 20_000, LENGTH) + SMUGGLED + NEXT)
    yield _refused("large: a method", _with_body(method=long.upper()))
    yield _refused("large: empty lines before a request", b"\r\n" * 40_000 + NEXT)
    yield _refused("large: a trailer", _chunked(CHUNK + f"0\r\nX-A: {long}\r\n\r\n".encode()), status=431)
    yield _refused("large: 101 trailers", _chunked(CHUNK + b"0\r\n" + b"X-A: b\r\n" * 101 + b"\r\n"), status=431)
    yield _refused(
        "large: a chunk extension", _chunked(f"23;a={long}\r\n".encode() + SMUGGLED + b"\r\n" + LAST_CHUNK), status=431
    )
    yield _refused(
        "large: many chunk extensions", _chunked((f"1;a={'b' * 1000}\r\nx\r\n".encode()) * 80 + LAST_CHUNK), status=431
    )
    yield _refused(
        "large: zeros of a chunk size", _chunked(f"{'0' * len(long)}23\r\n".encode() + SMUGGLED + b"\r\n" + LAST_CHUNK)
    )
    yield _refused("large: a head behind nine requests", NEXT * 9 + message(f"X-A: {long}"), answers=10, status=431)


SMALL: tuple[Framing, ...] = (
    *_upgrades(),
    *_lengths(),
    *_codings(),
    *_chunks(),
    *_pipelines(),
    *_expectations(),
    *_targets(),
    *_request_lines(),
    *_headers(),
)
"""Framings that are short enough to be cut at every byte."""
LARGE: tuple[Framing, ...] = tuple(_large())
"""Framings about the bounds of a head."""
FRAMINGS = SMALL + LARGE
"""All."""
