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
    found: list[Answer] = []
    while data:
        head, separator, data = data.partition(b"\r\n\r\n")
        assert separator, head
        line, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = line.split(" ", 2)
        assert version == "HTTP/1.1", line
        if status.startswith("1"):
            continue
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        length = int(headers["content-length"])
        assert len(data) >= length, head
        found.append(Answer(int(status), headers, data[:length]))
        data = data[length:]
    return found
