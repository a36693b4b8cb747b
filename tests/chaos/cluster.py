"""A PostgreSQL server that can be killed and comes back."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from app.devdb import EmbeddedPostgres
from app.devdb.postmaster import kill_orphans
from tests.devdb.children import cluster_of, postmaster_of
from tests.support.database import embedded_server, temporary_folder


class Cluster:
    """A PostgreSQL server with ``fsync``, which keeps what it has committed when it is killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: EmbeddedPostgres | None = None
        self._starts = ExitStack()
        self.kills = 0

    @property
    def url(self) -> str:
        """Its address, the same after each start."""
        return self._running.url

    @property
    def owner_url(self) -> str:
        """Its address for migrations."""
        return self._running.owner_url

    @property
    def _running(self) -> EmbeddedPostgres:
        assert self._server is not None
        return self._server

    async def start(self) -> None:
        """Starts it, and returns when it answers."""
        server = embedded_server(self._folder, fsync=True)
        self._server = await asyncio.to_thread(self._starts.enter_context, server)

    async def kill(self) -> None:
        """Kills all of its processes at once."""
        postmaster = postmaster_of(self._folder)
        assert postmaster is not None
        os.kill(postmaster, signal.SIGKILL)
        await asyncio.to_thread(kill_orphans, cluster_of(self._folder))
        self.kills += 1

    async def kill_and_restart(self, *, pause_seconds: float = 0.0) -> None:
        """Kills it, and starts it again after ``pause_seconds``."""
        await self.kill()
        await asyncio.sleep(pause_seconds)
        await self.start()

    async def stop(self) -> None:
        """Ends it for good."""
        await asyncio.to_thread(self._starts.close)


@asynccontextmanager
async def running_cluster() -> AsyncIterator[Cluster]:
    """Runs a server in a folder of its own; both are gone afterwards."""
    with temporary_folder() as folder:
        cluster = Cluster(folder)
        await cluster.start()
        try:
            yield cluster
        finally:
            await cluster.stop()
