"""Parsing of the responses in a server's bytes."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """A final answer.

    Attributes:
        status: the HTTP status of the answer.
        headers: names in small letters.
        body: whole.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_servers_own(self) -> bool:
        """Whether the application had no part in it."""
        return "x-app" not in self.headers

    @property
    def code(self) -> str:
        """The code of an error in the shape that clients are promised.

        Raises:
            AssertionError: it has another shape.
        """
        assert self.headers["content-type"] == "application/json", self
        answer = json.loads(self.body)
        assert set(answer["error"]) == {"code", "message", "param", "type"}, answer
        assert answer["ResponseMetadata"]["Error"] == {
            "Code": answer["error"]["code"],
            "Message": answer["error"]["message"],
        }
        assert self.headers["x-request-id"] == answer["ResponseMetadata"]["RequestId"], answer
        return str(answer["error"]["code"])


def final_answers(data: bytes) -> list[Answer]:
    """Returns the final answers in everything that a server has sent; each tells the length of its body.

    Raises:
        AssertionError: something in between is no answer.
    """
    answers, rest = _split(data)
    assert not rest, rest
    return answers


def is_whole(data: bytes) -> bool:
    """Says whether what a server has sent ends with the end of an answer."""
    return not _split(data)[1]


def _split(data: bytes) -> tuple[list[Answer], bytes]:
    """Returns the final answers, and the beginning of one that is not complete."""
    found: list[Answer] = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        if not separator:
            break
        line, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = line.split(" ", 2)
        assert version == "HTTP/1.1", line
        if status.startswith("1"):
            data = rest
            continue
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        length = int(headers["content-length"])
        if len(rest) < length:
            break
        found.append(Answer(int(status), headers, rest[:length]))
        data = rest[length:]
    return found, data
