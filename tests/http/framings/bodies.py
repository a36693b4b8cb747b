"""Where a body ends: lengths, codings, chunks and trailers."""

from collections.abc import Iterator

from tests.http.framings.message import (
    CHUNK,
    CHUNKED,
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

_REFUSED_LENGTHS = {
    "signed": "+35",
    "empty": "",
    "two with a space": "35 35",
    "of more digits than 64 bits have": "1" + "0" * 20,
    "in other digits": "\xb3\xb5",
    "unequal in one line": "35, 36",
    "with a control character": "35\x0b",
    "with NUL": "35\x00",
    "with a bare CR": "35\r",
}


def lengths() -> Iterator[Framing]:
    for name, value in _REFUSED_LENGTHS.items():
        yield refused(f"length: {name}", message(f"Content-Length: {value}") + SMUGGLED + NEXT)
    yield refused("length: twice, unequal", message("Content-Length: 0", LENGTH) + SMUGGLED + NEXT, status=400)
    yield refused("length: twice, unequal, the other way", message(LENGTH, "Content-Length: 0") + SMUGGLED + NEXT)
    yield judged("length: twice, equal", message(LENGTH, LENGTH) + SMUGGLED + NEXT)
    yield judged("length: equal in one line", message(f"{LENGTH}, {len(SMUGGLED)}") + SMUGGLED + NEXT)
    yield judged("length: zero twice", message("Content-Length: 0", "Content-Length: 00") + NEXT)
    yield served("length: with blanks around", message(f"Content-Length: \t {len(SMUGGLED)} \t") + SMUGGLED + NEXT)
    yield served("length: with leading zeros", message(f"Content-Length: 000{len(SMUGGLED)}") + SMUGGLED + NEXT)
    yield served("length: in capitals", message(f"CONTENT-LENGTH:{len(SMUGGLED)}") + SMUGGLED + NEXT)
    yield served("length: of GET", with_body(method="GET"))
    yield served("length: of DELETE", with_body(method="DELETE"))
    yield served("length: of OPTIONS *", with_body(method="OPTIONS", target="*"))
    yield judged("length: of CONNECT", with_body(method="CONNECT", target="x:80"))
    yield judged("length: of TRACE", with_body(method="TRACE"))
    yield judged("length: in a folded line", message(b"Content-Length:\r\n %d\r\n" % len(SMUGGLED)) + SMUGGLED + NEXT)
    yield judged("length: that goes on in a folded line", message(b"Content-Length: 3\r\n 5\r\n") + SMUGGLED + NEXT)
    yield refused("length: with a space before the colon", message(f"Content-Length : {len(SMUGGLED)}") + SMUGGLED)
    yield refused("length: with a tab before the colon", message(f"Content-Length\t: {len(SMUGGLED)}") + SMUGGLED)
    yield refused("length: with NUL in its name", message(f"Content-Length\x00: {len(SMUGGLED)}") + SMUGGLED)
    yield refused("length: with a bare CR in its name", message(f"Content-Length\r: {len(SMUGGLED)}") + SMUGGLED)
    yield served("length: longer than what comes", message("Content-Length: 4000") + SMUGGLED + NEXT, answers=0)
    yield judged("length: of 64 bits", message(f"Content-Length: {2**63 - 1}") + SMUGGLED + NEXT)


_REFUSED_CODINGS = {
    "unknown": "xchunked",
    "chunked is not the last": "chunked, identity",
    "identity": "identity",
    "gzip, then chunked": "gzip, chunked",
    "chunked twice in one line": "chunked, chunked",
    "before a vertical tab": "chunked\x0b",
    "before NUL": "chunked\x00",
    "before a bare CR": "chunked\r",
    "after a byte of Latin-1": "\xa0chunked",
    "empty": "",
}


def codings() -> Iterator[Framing]:
    body = CHUNK + LAST_CHUNK + NEXT
    for name, value in _REFUSED_CODINGS.items():
        yield refused(f"coding: {name}", message(f"Transfer-Encoding: {value}") + body)
    for name, value in _REFUSED_CODINGS.items():
        yield refused(f"coding: {name}, and a length", message(LENGTH, f"Transfer-Encoding: {value}") + SMUGGLED + NEXT)
    yield served("coding: chunked", message(CHUNKED) + body)
    yield served("coding: in capitals", message("TRANSFER-ENCODING:CHUNKED") + body)
    yield served("coding: with blanks before it", message("Transfer-Encoding: \t chunked") + body)
    yield judged("coding: with blanks behind it", message("Transfer-Encoding: chunked \t ") + body)
    yield served("coding: of GET", message(CHUNKED, method="GET") + body)
    yield judged("coding: chunked in two lines", message(CHUNKED, CHUNKED) + body)
    yield refused(
        "coding: chunked, then identity in a line of its own", message(CHUNKED, "Transfer-Encoding: identity") + body
    )
    yield judged(
        "coding: identity in a line of its own, then chunked", message("Transfer-Encoding: identity", CHUNKED) + body
    )
    yield judged("coding: with a length, which comes first", message(LENGTH, CHUNKED) + body)
    yield judged("coding: with a length, which comes later", message(CHUNKED, LENGTH) + body)
    yield judged("coding: with length zero", message("Content-Length: 0", CHUNKED) + body)
    yield judged(
        "coding: with a length, and a last chunk first",
        message(CHUNKED, f"Content-Length: {5 + len(SMUGGLED)}") + LAST_CHUNK + SMUGGLED,
    )
    yield judged("coding: in HTTP/1.0", message(CHUNKED, version="HTTP/1.0") + body)
    yield judged(
        "coding: in HTTP/1.0, kept alive", message(CHUNKED, "Connection: keep-alive", version="HTTP/1.0") + body
    )
    yield judged("coding: in a folded line", message(b"Transfer-Encoding:\r\n chunked\r\n") + body)
    yield judged(
        "coding: in a folded line, and a length",
        message(LENGTH, b"Transfer-Encoding:\r\n chunked\r\n") + SMUGGLED + NEXT,
    )
    yield refused("coding: with a space before the colon", message("Transfer-Encoding : chunked") + body)
    yield refused(
        "coding: with a space before the colon, and a length",
        message(LENGTH, "Transfer-Encoding : chunked") + SMUGGLED + NEXT,
    )
    yield refused(
        "coding: in a first line with a blank before it",
        b"POST " + FIRST.encode() + b" HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: x\r\n\r\n" + body,
    )
    yield served("coding: TE is another header", with_body("TE: chunked"))
    yield served(
        "coding: an underscore makes another header", message("Transfer_Encoding: chunked", LENGTH) + SMUGGLED + NEXT
    )
    yield judged("coding: of CONNECT", message(CHUNKED, method="CONNECT", target="x:80") + body)


_REFUSED_SIZES = {
    "with 0x": b"0x23",
    "negative": b"-23",
    "with an underscore": b"2_3",
    "with a space before it": b" 23",
    "empty": b"",
    "a digit of another kind": b"23g",
    "with NUL": b"23\x00",
    "with a bare CR": b"23\r",
}


def chunks() -> Iterator[Framing]:
    ended = b"\r\n" + SMUGGLED + b"\r\n" + LAST_CHUNK
    for name, size in _REFUSED_SIZES.items():
        yield refused(f"chunk size: {name}", chunked(size + ended))
    yield served("chunk size: leading zeros", chunked(b"000000023" + ended))
    yield served("chunk size: in small letters", chunked(b"a\r\n0123456789\r\n" + LAST_CHUNK))
    yield served("chunk size: in capitals", chunked(b"A\r\n0123456789\r\n" + LAST_CHUNK))
    yield judged("chunk size: a space behind it", chunked(b"23 " + ended))
    yield judged("chunk size: of 17 digits", chunked(b"10000000000000023" + ended))
    yield judged("chunk size: of 64 bits", chunked(b"ffffffffffffffff" + ended))
    yield judged("chunk size: of 64 bits and a little", chunked(b"10000000000000000" + b"\r\n\r\n" + SMUGGLED))
    yield refused("chunk size: of 30 digits", chunked(b"1" + b"0" * 27 + b"23" + ended))
    yield served("chunk: extension", chunked(b"23;a=b" + ended))
    yield served("chunk: extension without a value", chunked(b"23;a" + ended))
    yield served("chunk: quoted extension", chunked(b'23;a="b;c"' + ended))
    yield judged("chunk: quoted extension with a line end", chunked(b'23;a="\r\n' + SMUGGLED + b'"\r\n' + LAST_CHUNK))
    yield judged("chunk: extension with a bare LF", chunked(b"23;a\nb" + ended))
    yield judged("chunk: extension with a bare CR", chunked(b"23;a\rb" + ended))
    yield judged("chunk: extension that a bare LF ends", chunked(b"23;a\n" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield refused("chunk: size that a bare LF ends", chunked(b"23\n" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield refused("chunk: size that a bare CR ends", chunked(b"23\r" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield refused("chunk: no line end behind the data", chunked(b"23\r\n" + SMUGGLED + LAST_CHUNK))
    yield refused("chunk: a bare LF behind the data", chunked(b"23\r\n" + SMUGGLED + b"\n" + LAST_CHUNK))
    yield refused("chunk: a bare CR behind the data", chunked(b"23\r\n" + SMUGGLED + b"\r" + LAST_CHUNK))
    yield refused("chunk: more data than its size", chunked(b"22\r\n" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield judged("chunk: less data than its size", chunked(b"25\r\n" + SMUGGLED + b"\r\n" + LAST_CHUNK))
    yield served("chunk: three of them", chunked(CHUNK * 3 + LAST_CHUNK))
    yield served("chunk: none", chunked(LAST_CHUNK))
    yield served("chunk: last one of many zeros", chunked(CHUNK + b"00000\r\n\r\n"))
    yield served("chunk: last one with an extension", chunked(CHUNK + b"0;a=b\r\n\r\n"))
    yield refused("chunk: last one with 0x", chunked(CHUNK + b"0x0\r\n\r\n"))
    yield refused("chunk: last one that bare LFs end", chunked(CHUNK + b"0\n\n"))
    yield refused("chunk: last one without its empty line", chunked(CHUNK + b"0\r\n") + NEXT)
    yield refused("chunk: last one that is followed by text", chunked(CHUNK + b"0\r\nX"))
    yield served("chunk: no last one", message(CHUNKED) + CHUNK, answers=0)
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
            yield judged(f"trailer: {name}", chunked(CHUNK + b"0\r\n" + trailer + b"\r\n", f"Trailer: {name}"))
        else:
            yield served(f"trailer: {name}", chunked(CHUNK + b"0\r\n" + trailer + b"\r\n", f"Trailer: {name}"))
    yield served("trailer: ordinary", chunked(CHUNK + b"0\r\nX-Trailer: a\r\nX-More: b\r\n\r\n", "Trailer: X-Trailer"))
    yield served("trailer: not announced", chunked(CHUNK + b"0\r\nX-Trailer: a\r\n\r\n"))
    yield judged("trailer: folded", chunked(CHUNK + b"0\r\nX-Trailer: a\r\n b\r\n\r\n"))
    yield judged("trailer: folded before it begins", chunked(CHUNK + b"0\r\n X-Trailer: a\r\n\r\n"))
    yield refused("trailer: a request line", chunked(CHUNK + b"0\r\n" + SMUGGLED))
    yield refused("trailer: a space before the colon", chunked(CHUNK + b"0\r\nX-Trailer : a\r\n\r\n"))
    yield refused("trailer: NUL", chunked(CHUNK + b"0\r\nX-Trailer: a\x00\r\n\r\n"))
    yield judged("trailer: a bare LF", chunked(CHUNK + b"0\r\nX-Trailer: a\nX-More: b\r\n\r\n"))
    yield judged("trailer: a bare LF ends it", chunked(CHUNK + b"0\r\nX-Trailer: a\r\n\n") + SMUGGLED)
