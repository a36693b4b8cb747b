"""A relay between the gateway and PostgreSQL that can freeze or cut connections at a COMMIT."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

from sqlalchemy.engine import make_url

from tests.support.timeouts import until

_READ_BYTES = 64 * 1024
# As the driver sends it when a statement has no parameters.
_BEGIN, _COMMIT = b"BEGIN ISOLATION", b"COMMIT\x00"


class AtCommit(Enum):
    """What happens to a connection that sends COMMIT.

    ``PASS``: nothing. ``HOLD``: it is passed on, and the answer is held until the mode changes. ``LOSE_ANSWER``: it is
    passed on, and the connection is cut in place of the answer. ``CUT``: the connection is cut, nothing is passed on.
    """

    PASS = "pass"
    HOLD = "hold"
    LOSE_ANSWER = "lose answer"
    CUT = "cut"


class DatabaseRelay:
    """Passes bytes on in both directions.

    Attributes:
        url: the database through the relay, as ``open_engine`` takes it.
        at_commit: what happens at a COMMIT.
        is_frozen: nothing is passed on, on any connection, not even its end.
        begins: how many transactions were begun, as far as the client knows.
        commits: how many COMMITs were sent.
        connections: how many connections were made.
    """

    def __init__(self, database_url: str) -> None:
        self.url = ""
        self.at_commit = AtCommit.PASS
        self.is_frozen = False
        self.begins = 0
        self.commits = 0
        self.connections = 0
        url = make_url(database_url)
        # A socket of this folder, as the servers of tests have it.
        self._socket = f"{url.query['host']}/.s.PGSQL.{url.query.get('port', 5432)}"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        self.connections += 1
        back, on = await asyncio.open_unix_connection(self._socket)
        ended = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, on, ended))
                group.create_task(self._pass_back(back, writer, ended))
                await ended.wait()
                on.close()
                writer.close()
        except* OSError:
            pass
        finally:
            on.close()
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ended: asyncio.Event) -> None:
        while data := await reader.read(_READ_BYTES):
            self.begins += _BEGIN in data
            await until(lambda: not self.is_frozen)
            if _COMMIT in data:
                self.commits += 1
                if self.at_commit is AtCommit.CUT:
                    break
            writer.write(data)
            await writer.drain()
        ended.set()

    async def _pass_back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ended: asyncio.Event
    ) -> None:
        while data := await reader.read(_READ_BYTES):
            if data.startswith(b"C") and _COMMIT in data:
                await until(lambda: self.at_commit is not AtCommit.HOLD)
                if self.at_commit is AtCommit.LOSE_ANSWER:
                    break
            await until(lambda: not self.is_frozen)
            writer.write(data)
            await writer.drain()
        await until(lambda: not self.is_frozen)
        ended.set()


@asynccontextmanager
async def relaying(database_url: str) -> AsyncIterator[DatabaseRelay]:
    """Runs a relay in front of a database."""
    relay = DatabaseRelay(database_url)
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(relay.take(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    url = make_url(database_url).set(host=host, port=port, query={})
    relay.url = url.render_as_string(hide_password=False)
    try:
        yield relay
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        with contextlib.suppress(Exception):
            await asyncio.gather(*tasks, return_exceptions=True)
