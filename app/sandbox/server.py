"""The sandbox on a socket."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

import uvicorn

from app.http.connections import ConnectionLimits, ConnectionTable
from app.sandbox.app import create_sandbox
from app.sandbox.config import DEFAULT_ACCOUNT, DEFAULT_PORT, SandboxConfig
from app.sandbox.control_api import CONTROL_PREFIX
from app.sandbox.protocol import SandboxProtocol
from app.sandbox.store import Sandbox, Store

_KEEP_ALIVE_SECONDS = 60
# A gateway is its one client.
_ANY = sys.maxsize
_GRACE_SECONDS = 2


class SandboxServer:
    """A sandbox in the running event loop, for tests and for ``dev``.

    ::

        async with SandboxServer(SandboxConfig(time_scale=100)) as server:
            ... server.ark_base_url, server.openapi_url, server.store ...

    Args:
        config: how it behaves.
        host: address to listen on.
        port: 0 takes a free one.
        sandbox: of a stopped server, to come back with everything it knew; ``config`` is then ignored.

    Attributes:
        sandbox: what it serves; its ``store`` is open to tests.
        port: in use, once entered.
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
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def store(self) -> Store:
        """Everything that the sandbox knows at present."""
        return self.sandbox.store

    @property
    def config(self) -> SandboxConfig:
        """How the sandbox behaves."""
        return self.sandbox.config

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

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
        """Base URL of the sandbox's own controls."""
        return f"{self.origin}{CONTROL_PREFIX}"

    async def __aenter__(self) -> Self:
        listener = _listen(self._host, self.port)
        self.port = listener.getsockname()[1]
        self.sandbox.origin = self.origin
        self._server = _GuestServer(self.sandbox)
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
            self._server.should_exit = True
            await self._serving


def run_sandbox(
    *, host: str = "127.0.0.1", port: int = DEFAULT_PORT, time_scale: float = 1.0, public_url: str | None = None
) -> None:
    """Serves a sandbox with the default account until SIGINT or SIGTERM; for the command line.

    Writes to standard output, once it listens, the settings that point a gateway at it.

    Args:
        host: address to listen on.
        port: fixed, or 0 for a free one.
        time_scale: sandbox seconds of work per real second.
        public_url: origin under which others reach it, when that is not host and port (in a container).

    Raises:
        SystemExit: the address cannot be listened on.
    """
    try:
        listener = _listen(host, port)
    except OSError as error:
        raise SystemExit(f"The sandbox cannot listen on {host}:{port}: {error.strerror}.") from None
    shown = f"[{host}]" if ":" in host else host
    origin = public_url or f"http://{shown}:{listener.getsockname()[1]}"
    sandbox = Sandbox(SandboxConfig(time_scale=time_scale, public_url=origin))
    _CommandServer(sandbox).run(sockets=[listener])


def _configure(sandbox: Sandbox) -> uvicorn.Config:
    return uvicorn.Config(
        create_sandbox(sandbox=sandbox),
        http=cast("Any", partial(SandboxProtocol, table=ConnectionTable(ConnectionLimits(max_per_address=_ANY)))),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        # The gate writes its own, by the sandbox's clock.
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """A server that ends scripted delays when it is told to stop."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(_configure(sandbox))
        self._sandbox = sandbox

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._sandbox.closing.set()
        await super().shutdown(sockets)


class _CommandServer(_Server):
    """A server that tells a person how to use it."""

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


class _GuestServer(_Server):
    """A server that leaves the process's signals to its host."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
