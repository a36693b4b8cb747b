"""What the server asks before it starts the ASGI application for a request."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from enum import Enum, auto
from typing import Any, Protocol

from app.core.watched_event import WatchedEvent
from app.http.head_parser import RequestHead

MAX_BODY_BYTES = 4096
"""Of a request that is answered so: one that usually arrives together with its head, and is not accounted."""


class Later(Enum):
    """The kind of an answer that is not ready yet."""

    LATER = auto()


class FastPath(Protocol):
    """Answers some requests at once, exactly as the application would."""

    def awaits_body(self, head: RequestHead) -> bool:
        """Says whether ``answer`` may answer a request whose short body has not arrived with its head.

        Some clients write the two one after the other. When the body does not come within a second, the request is left
        to the application.
        """

    def answer(
        self,
        head: RequestHead,
        body: bytes,
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
    ) -> bytes | Later | None:
        """Returns the whole response to a request, or None to leave it to the application.

        It does not raise, has done what belongs to the request when it returns a response (log line, metrics), and
        nothing when it returns None. After ``LATER`` it calls ``respond`` once, with a response or None.

        Args:
            head: the head of the request.
            body: the whole body, under ``MAX_BODY_BYTES``; empty without one.
            peer: the address of the connection's other end; empty on a Unix socket.
            port: the port on which the request came, if any.
            default_headers: the server's own, such as ``Date``.
            respond: takes a response that was not ready.
        """


class FastPaths:
    """Several of them, of which the first that answers a request does so."""

    def __init__(self, paths: Sequence[FastPath]) -> None:
        self._paths = paths

    def awaits_body(self, head: RequestHead) -> bool:
        """As ``FastPath.awaits_body``."""
        return any(path.awaits_body(head) for path in self._paths)

    def answer(
        self,
        head: RequestHead,
        body: bytes,
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
    ) -> bytes | Later | None:
        """As ``FastPath.answer``."""
        for path in self._paths:
            answer = path.answer(head, body, peer=peer, port=port, default_headers=default_headers, respond=respond)
            if answer is not None:
                return answer
        return None


class FastExchange(Protocol):
    """Answers some requests with a body of some size, errors too, exactly as the application would."""

    def admit(
        self,
        head: RequestHead,
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
    ) -> Any | None:
        """Returns what ``answer`` needs of a request, or None to leave it to the application.

        It does no I/O and nothing that belongs to the request, so that a request which was admitted may still be left
        to the application. The arguments are those of ``FastPath.answer``.
        """

    def answer(self, admitted: Any, body: bytes, gone: WatchedEvent) -> Coroutine[Any, Any, None]:
        """Answers an admitted request by ``respond``, once the result is awaited; that does not raise.

        Args:
            admitted: from ``admit``.
            body: all of it; nothing keeps it for longer than the request needs it.
            gone: set when the client disconnects before it is answered.
        """
