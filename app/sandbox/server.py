"""The sandbox on a socket."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import uvicorn

from app.sandbox.app import create_sandbox
from app.sandbox.config import DEFAULT_ACCOUNT, DEFAULT_PORT, SandboxConfig
from app.sandbox.control_api import CONTROL_PREFIX
from app.sandbox.protocol import SandboxProtocol
from app.sandbox.store import Sandbox, Store

_KEEP_ALIVE_SECONDS = 60
_SHUTDOWN_SECONDS = 2


class SandboxServer:
    """A sandbox in the running event loop, for tests and for ``dev``.

    ::

        async with SandboxServer(SandboxConfig(time_scale=100)) as server:
            ... server.ark_base_url, server.openapi_url, server.store ...

    Args:
        config: the configuration of a new sandbox; None for the defaults.
        host: address to listen on.
        port: 0 takes a free one.
        sandbox: an existing sandbox to serve, such as that of a stopped server; ``config`` is then ignored.

    Attributes:
        sandbox: the served sandbox.
        port: the port in use, once the server is entered.
    """

    def __init__(
        self,
        config: SandboxConfig | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        sandbox: Sandbox | None = None,
    ) -> None:
        self.sandbox = sandbox or Sandbox(config or SandboxConfig())
        self.port = port
        self._host = host
        self._server: _EmbeddedServer | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def store(self) -> Store:
        """The present state of the sandbox."""
        return self.sandbox.store

    @property
    def config(self) -> SandboxConfig:
        """The settings of the sandbox."""
        return self.sandbox.config

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return _origin(self._host, self.port)

    @property
    def ark_base_url(self) -> str:
        """Base URL of the data plane."""
        return f"{self.origin}/api/v3"

    @property
    def openapi_url(self) -> str:
        """URL of the control plane."""
        return self.origin

    @property
    def control_url(self) -> str:
        """Base URL of the sandbox's control API."""
        return f"{self.origin}{CONTROL_PREFIX}"

    async def __aenter__(self) -> Self:
        listener = _listen(self._host, self.port)
        self.port = listener.getsockname()[1]
        self.sandbox.origin = self.origin
        self._server = _EmbeddedServer(self.sandbox)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise RuntimeError("the sandbox did not start")
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._serving is not None:
            self._server.stop()
            await self._serving


def run_sandbox(
    *, host: str = "127.0.0.1", port: int = DEFAULT_PORT, time_scale: float = 1.0, public_url: str | None = None
) -> None:
    """Serves a sandbox with the default account until SIGINT or SIGTERM; the ``sandbox`` command.

    Writes to standard output, once it listens, the settings for a gateway in front of it.

    Args:
        host: address to listen on.
        port: 0 for a free one.
        time_scale: sandbox seconds of work per real second.
        public_url: origin in the URLs that the sandbox returns, when host and port cannot be reached (in a container).

    Raises:
        SystemExit: the address cannot be listened on.
    """
    try:
        listener = _listen(host, port)
    except OSError as error:
        raise SystemExit(f"The sandbox cannot listen on {host}:{port}: {error.strerror}.") from None
    origin = public_url or _origin(host, listener.getsockname()[1])
    sandbox = Sandbox(SandboxConfig(time_scale=time_scale, public_url=origin))
    _StandaloneServer(sandbox).run(sockets=[listener])


def _origin(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol left open, asyncio would not set TCP_NODELAY on the connections: an answer whose head and body
    # are two writes would wait some 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    def __init__(self, sandbox: Sandbox) -> None:
        config = uvicorn.Config(
            create_sandbox(sandbox=sandbox),
            http=SandboxProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            # The middleware sends its own, by the sandbox's clock.
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        super().__init__(config)
        self._sandbox = sandbox

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Scripted delays end first: uvicorn waits for open requests.
        self._sandbox.closing.set()
        await super().shutdown(sockets)


class _StandaloneServer(_Server):
    """The server of the ``sandbox`` command, which prints the settings for a gateway."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        origin, account = self._sandbox.origin, DEFAULT_ACCOUNT
        sys.stdout.write(
            f"Sandbox upstream on {origin}: nothing is real, nothing is billed. To point a gateway at it:\n"
            f"SEEDGATE_ARK_BASE_URL={origin}/api/v3\n"
            f"SEEDGATE_ARK_API_KEY={account.api_key}\n"
            f"SEEDGATE_OPENAPI_URL={origin}\n"
            f"SEEDGATE_ACCESS_KEY_ID={account.access_key_id}\n"
            f"SEEDGATE_SECRET_ACCESS_KEY={account.secret_access_key}\n"
        )
        sys.stdout.flush()


class _EmbeddedServer(_Server):
    """A server that leaves signal handling to its process, and ends at once when it is stopped."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._is_stopped = asyncio.Event()

    def stop(self) -> None:
        """Ends the server."""
        self._is_stopped.set()

    async def main_loop(self) -> None:
        # Uvicorn's own wakes ten times a second, for the header Date and to see whether it was stopped.
        await self._is_stopped.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
