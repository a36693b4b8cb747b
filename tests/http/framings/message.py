"""How a framing is written: the bytes of a client, and what must come of them."""

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
        status: the HTTP status of that answer, where there is only one right.
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


def served(name: str, data: bytes, answers: int = 2) -> Framing:
    return Framing(name, data, answers)


def refused(name: str, data: bytes, *, answers: int = 1, status: int | None = None) -> Framing:
    return Framing(name, data, answers, is_refused=True, status=status)


def judged(name: str, data: bytes) -> Framing:
    return Framing(name, data)


def with_body(*headers: str | bytes, method: str = "POST", version: str = "HTTP/1.1", target: str = FIRST) -> bytes:
    return message(*headers, LENGTH, method=method, version=version, target=target) + SMUGGLED + NEXT


def chunked(body: bytes, *headers: str | bytes) -> bytes:
    return message(*headers, CHUNKED) + body + NEXT
