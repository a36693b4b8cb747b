"""Breaking connections on the wire.

ASGI has no way to close a connection without an answer, so the sandbox's own uvicorn protocol puts each connection's
transport into ``scope["extensions"]``. A cut that is asked for under another server is an error, never silently
a clean answer.
"""

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope

from app.http.protocol import HttpProtocol
from app.sandbox.faults import CONNECT, Faults

_TRANSPORT = "app.sandbox.transport"
_LINGER_ZERO = struct.pack("ii", 1, 0)


class SandboxProtocol(HttpProtocol):
    """The gateway's HTTP protocol, which lends its transport to the application.

    The lifespan state's ``faults`` (a callable that returns them) may have a new connection closed at once.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accepts a connection, or closes it when a ``connect`` fault says so."""
        super().connection_made(transport)
        faults: Faults = self.app_state["faults"]()
        fault = faults.take(CONNECT)
        if fault is not None:
            _close(transport, is_reset=fault.script.effect.reset)

    def on_message_begin(self) -> None:
        """Starts a request's scope and adds the transport."""
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


async def cut(scope: Scope, receive: Receive, *, is_reset: bool, first: bytes = b"") -> None:
    """Closes a request's connection without (the rest of) an answer, and returns when it is gone.

    Args:
        scope: of the request.
        receive: of the request.
        is_reset: sends a TCP reset instead of an orderly end.
        first: raw bytes to put on the wire before.

    Raises:
        RuntimeError: another server than ``app.sandbox.server`` runs the sandbox.
    """
    extension: dict[str, Any] | None = scope.get("extensions", {}).get(_TRANSPORT)
    if extension is None:
        raise RuntimeError("connections can only be cut under app.sandbox.server")
    transport: asyncio.Transport = extension["transport"]
    if first:
        transport.write(first)
        # A reset throws away what is still unsent, so the bytes get a turn of the loop to leave.
        await asyncio.sleep(0.01)
    _close(transport, is_reset=is_reset)
    while (await receive())["type"] != "http.disconnect":
        pass


def render_head(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Returns an answer's status line and headers as raw bytes, with the empty line."""
    lines = [f"HTTP/1.1 {status} Cut".encode(), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _close(transport: asyncio.Transport, *, is_reset: bool) -> None:
    if not is_reset:
        transport.close()
        return
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()
