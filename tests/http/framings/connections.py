"""What follows a request on its connection: another protocol, more requests, a body that waits for 100."""

from collections.abc import Iterator

from tests.http.framings.message import (
    CHUNK,
    CHUNKED,
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
    "several lines": ("Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"),
    "other letter case": ("cOnNeCtIoN: uPgRaDe", "uPGRADE: H2C"),
    "several options": ("Connection: keep-alive, Upgrade", "Upgrade: h2c"),
    "before its Connection": ("Upgrade: h2c", "Connection: Upgrade"),
    "no blanks": ("Connection:Upgrade", "Upgrade:h2c"),
    "Connection alone": ("Connection: Upgrade",),
    "Upgrade alone": ("Upgrade: h2c",),
    "Proxy-Connection": ("Proxy-Connection: Upgrade", "Upgrade: h2c"),
    "empty protocol": ("Connection: Upgrade", "Upgrade:"),
}


def upgrades() -> Iterator[Framing]:
    for name, headers in _UPGRADES.items():
        yield served(f"upgrade: {name}", with_body(*headers))
    headers = _UPGRADES["h2c"]
    yield served("upgrade: chunked", chunked(CHUNK + LAST_CHUNK, *headers))
    yield served("upgrade: on a GET without a body", message(*headers, method="GET") + NEXT)
    yield served("upgrade: after the length", message(LENGTH, *headers) + SMUGGLED + NEXT)
    yield judged("upgrade: with close", message("Connection: close, Upgrade", "Upgrade: h2c", LENGTH) + SMUGGLED + NEXT)
    yield served("upgrade: on a POST without a body", message(*headers) + NEXT)
    yield served("upgrade: on a GET with a body", with_body(*headers, method="GET"))
    yield served("upgrade: on OPTIONS", with_body(*headers, method="OPTIONS", target="*"))
    yield judged("upgrade: on CONNECT", with_body(*headers, method="CONNECT", target="x:80"))
    yield served("upgrade: in HTTP/1.0", with_body(*headers, version="HTTP/1.0"), answers=1)
    yield served("upgrade: empty body", message(*headers, "Content-Length: 0") + NEXT)
    yield judged("upgrade: in a folded line", with_body(b"Connection:\r\n Upgrade\r\n", b"Upgrade:\r\n\th2c\r\n"))
    for name, line in {
        "behind a length": b"Content-Length: 3\r\nUpgrade: h2c\r\n 5\r\n",
        "behind a coding": b"Transfer-Encoding: x\r\nUpgrade: h2c\r\n chunked\r\n",
        "behind a name": b"Content-Length:\r\nUpgrade: h2c\r\n 35\r\n",
        "of blanks, behind a length": b"Content-Length: 35\r\nUpgrade: h2c\r\n \r\n",
        "behind another": b"X-A: b\r\nUpgrade: h2c\r\n c\r\nContent-Length: 35\r\n",
        "behind Connection": b"Connection: close\r\n , Upgrade\r\nUpgrade: h2c\r\nContent-Length: 35\r\n",
        "that is its name": b"X-A: b\r\n Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 35\r\n",
    }.items():
        yield judged(f"upgrade: in a folded line {name}", message(b"Connection: Upgrade\r\n", line) + SMUGGLED + NEXT)
    yield judged(
        "upgrade: first and folded", b"POST / HTTP/1.1\r\nUpgrade: h2c\r\n Host: y\r\nHost: x\r\n\r\n" + SMUGGLED
    )
    for name, line in {
        "a bare CR": b"Upgrade: h2c\rX-A: b\r\n",
        "NUL": b"Upgrade: h2c\x00\r\n",
        "a space before the colon": b"Upgrade : h2c\r\n",
        "NUL in Connection": b"Connection: Upgrade\x00\r\nUpgrade: h2c\r\n",
        "a space before the colon of Connection": b"Connection : Upgrade\r\nUpgrade: h2c\r\n",
    }.items():
        yield refused(f"upgrade: with {name}", with_body(b"Connection: Upgrade\r\n", line))
    yield served(
        "upgrade: in trailers",
        chunked(CHUNK + b"0\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "Trailer: Upgrade"),
    )
    yield served("upgrade: with an expectation", with_body(*headers, "Expect: 100-continue"))
    yield served("upgrade: on every one of a pipeline", with_body(*headers) * 3, answers=6)
    yield refused(
        "upgrade: with a length and chunked, of which one is wrong",
        message(*headers, "Content-Length: x", CHUNKED) + SMUGGLED,
    )


def pipelines() -> Iterator[Framing]:
    bad = message("Content-Length: x")
    body = message(LENGTH) + SMUGGLED
    for count in (2, 7, 8, 9, 20):
        yield served(f"pipeline: {count} GETs", NEXT * count, answers=count)
    yield served("pipeline: 20 with bodies", body * 20, answers=20)
    yield served("pipeline: GET with a body, GET, POST", with_body(method="GET") + body, answers=3)
    yield served(
        "pipeline: chunked, length, none, chunked",
        chunked(CHUNK + LAST_CHUNK) + body + chunked(LAST_CHUNK),
        answers=5,
    )
    yield refused("pipeline: an error in its midst", NEXT + body + bad + SMUGGLED + NEXT, answers=3)
    yield refused("pipeline: an error behind ten", NEXT * 10 + bad + SMUGGLED * 3, answers=11)
    yield refused("pipeline: an error in a chunk in its midst", NEXT + chunked(b"z\r\n" + SMUGGLED), answers=2)
    yield served(
        "pipeline: close in its midst", NEXT + message("Connection: close", method="GET") + SMUGGLED * 2, answers=2
    )
    yield served("pipeline: close with a body", message("Connection: close", LENGTH) + SMUGGLED + SMUGGLED, answers=1)
    yield served(
        "pipeline: close in capitals among others", message("Connection: x, CLOSE", LENGTH) + SMUGGLED * 2, answers=1
    )
    yield served(
        "pipeline: HTTP/1.0 in its midst", NEXT + message(version="HTTP/1.0", method="GET") + SMUGGLED, answers=2
    )
    yield served("pipeline: an empty line before each", b"\r\n".join([b"", body, NEXT, body]), answers=3)
    yield served("pipeline: an empty line behind the last", NEXT + body + b"\r\n")
    yield judged("pipeline: several empty lines before each", b"\r\n\r\n" + NEXT + b"\r\n\r\n\r\n" + NEXT)
    yield judged("pipeline: bare line ends before each", b"\n\n" + NEXT + b"\n" + NEXT)
    yield refused(
        "pipeline: a body that is longer than said", message("Content-Length: 3") + b"abcdef" + SMUGGLED, answers=2
    )
    yield judged("pipeline: half a request at its end", NEXT + SMUGGLED[:-2])
    yield judged("pipeline: half a request line at its end", NEXT + SMUGGLED[:15])


def expectations() -> Iterator[Framing]:
    yield served("expect: 100-continue", with_body("Expect: 100-continue"))
    yield served("expect: in capitals", with_body("EXPECT: 100-CONTINUE"))
    yield served("expect: chunked", chunked(CHUNK + LAST_CHUNK, "Expect: 100-continue"))
    yield served("expect: without a body", message("Expect: 100-continue", method="GET") + NEXT)
    yield served("expect: with an empty body", message("Expect: 100-continue", "Content-Length: 0") + NEXT)
    yield judged("expect: something else", with_body("Expect: 200-ok"))
    yield judged("expect: two", with_body("Expect: 100-continue, 200-ok"))
    yield judged("expect: twice", with_body("Expect: 100-continue", "Expect: 100-continue"))
    yield served("expect: in HTTP/1.0", with_body("Expect: 100-continue", version="HTTP/1.0"), answers=1)
