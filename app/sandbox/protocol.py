"""The HTTP protocol of ``app.sandbox.server``, which can close a connection without an answer.

ASGI has no message for that, so the protocol puts the connection's transport into ``scope["extensions"]``. Under
another server a cut raises an error; it never becomes a complete answer.
"""

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.sandbox.faults import CONNECT, Faults

_TRANSPORT = "app.sandbox.transport"
_LINGER_ZERO = struct.pack("ii", 1, 0)


class SandboxProtocol(HttpToolsProtocol):
    """uvicorn's protocol with ``connect`` faults and a transport that the application can close."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Accepts a connection, or closes it when a ``connect`` fault applies."""
        super().connection_made(transport)
        faults: Faults = self.app_state["faults"]()
        fault = faults.take(CONNECT)
        if fault is not None:
            _close(transport, is_reset=fault.script.effect.reset)

    def on_message_begin(self) -> None:
        """Starts the scope of a request and adds the transport."""
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


async def cut(scope: Scope, receive: Receive, *, is_reset: bool, first: bytes = b"") -> None:
    """Closes the connection of a request without an answer, or within it, and returns when it is closed.

    Args:
        scope: the ASGI scope of the request.
        receive: the ASGI callable of the request.
        is_reset: whether to send a TCP reset instead of FIN.
        first: raw bytes to send before.

    Raises:
        RuntimeError: the sandbox runs under another server.
    """
    extension: dict[str, Any] | None = scope.get("extensions", {}).get(_TRANSPORT)
    if extension is None:
        raise RuntimeError("connections can only be cut under app.sandbox.server")
    transport: asyncio.Transport = extension["transport"]
    if first:
        transport.write(first)
        # A reset discards unsent bytes, so the event loop needs time to send them.
        await asyncio.sleep(0.01)
    _close(transport, is_reset=is_reset)
    while (await receive())["type"] != "http.disconnect":
        pass


def render_head(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Returns status line, headers and the empty line as raw bytes."""
    lines = [f"HTTP/1.1 {status} Cut".encode(), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _close(transport: asyncio.Transport, *, is_reset: bool) -> None:
    if not is_reset:
        transport.close()
        return
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()
