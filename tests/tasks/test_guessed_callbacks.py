"""Callbacks with guessed tokens keep no genuine one waiting and take next to nothing of the database."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool
from starlette.requests import Request

from app.db.engine import open_engine, session_factory
from app.http.body import BodyAdmission
from app.http.body_budget import CallbackSender
from app.tasks.callbacks import MAX_PENDING_PER_NETWORK, CallbackInbox
from app.tasks.callbacks_routes import _read
from app.tasks.correlation import hash_of, new_callback_token
from tests.support.admin_app import QueryCount
from tests.support.logs import written
from tests.support.timeouts import HANG_SECONDS
from tests.tasks.searching import Search

STRANGER, UPSTREAM = "198.51.100.1", "203.0.113.7"
LOOK_UP = "ANY ("
_SEGMENTS = 30_000


class Flooded:
    """An inbox over an engine of its own, to which callbacks come while nothing can be looked up."""

    def __init__(self, inbox: CallbackInbox, engine: AsyncEngine) -> None:
        self.inbox = inbox
        self.engine = engine
        self.receiving: list[asyncio.Task[bool]] = []

    def connections(self) -> int:
        """Returns how many connections are in use."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)
        return pool.checkedout()

    def receive(self, network: str, count: int) -> None:
        """Lets callbacks with guessed tokens begin to be received."""
        for _ in range(count):
            self.receiving.append(asyncio.create_task(self.inbox.receive(new_callback_token(), None, network)))


@asynccontextmanager
async def flooded(search: Search) -> AsyncIterator[Flooded]:
    """Yields an inbox, which is emptied at the end."""
    engine = open_engine(search.gateway.database_url)
    found = Flooded(CallbackInbox(session_factory(engine), search.gateway.clock), engine)
    try:
        yield found
        async with asyncio.timeout(HANG_SECONDS):
            await found.inbox.drain()
            await asyncio.gather(*found.receiving)
    finally:
        await engine.dispose()


@asynccontextmanager
async def locked_tasks(search: Search) -> AsyncIterator[None]:
    """Lets statements on tasks begin, and none of them end."""
    async with search.gateway.sessions() as session:
        await session.execute(text("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE"))
        yield


async def until_asked(queries: QueryCount) -> None:
    """Waits for the first query, and lets everything run that is ready."""
    async with asyncio.timeout(HANG_SECONDS):
        while not queries.count:  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.005)
    for _ in range(50):
        await asyncio.sleep(0)


def _lookups_of(engine: AsyncEngine) -> list[list[bytes]]:
    """Returns a list to which the hashes of each query will be added."""
    found: list[list[bytes]] = []

    def seen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if LOOK_UP in statement:
            found.append(parameters[0])

    event.listen(engine.sync_engine, "before_cursor_execute", seen)
    return found


async def test_a_genuine_callback_is_written_before_the_guesses_that_came_earlier(search: Search) -> None:
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    token = await search.give_token(task_id)
    async with flooded(search) as flood:
        looked_up = _lookups_of(flood.engine)
        with QueryCount(flood.engine, LOOK_UP) as queries:
            async with locked_tasks(search):
                flood.receive(STRANGER, 1000)
                await until_asked(queries)
                genuine = asyncio.create_task(
                    flood.inbox.receive(token, f'{{"id":"{upstream_id}"}}'.encode(), UPSTREAM)
                )
                await asyncio.sleep(0)
                assert flood.connections() == 1
            await genuine
        assert hash_of(token) in looked_up[1], "in its network's turn"
    assert (await search.row(task_id)).claimed_upstream_id == upstream_id
    assert queries.count <= 20, "many are asked for in one query"


async def test_what_one_network_sends_leaves_room_for_the_others_and_fills_no_log(search: Search) -> None:
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    token = await search.give_token(task_id)
    async with flooded(search) as flood:
        with QueryCount(flood.engine, LOOK_UP) as queries, written() as log:
            async with locked_tasks(search):
                flood.receive(STRANGER, MAX_PENDING_PER_NETWORK + 100)
                await until_asked(queries)
                search.gateway.clock.advance(61)
                flood.receive(STRANGER, 100)
                genuine = asyncio.create_task(
                    flood.inbox.receive(token, f'{{"id":"{upstream_id}"}}'.encode(), UPSTREAM)
                )
                await asyncio.sleep(0)
            await genuine
        assert sum(not receiving.result() for receiving in flood.receiving if receiving.done()) >= 200, (
            "a dropped callback has to be sent again"
        )
        logged = [line for line in log.lines() if line["event"].startswith("callback")]
    assert (await search.row(task_id)).claimed_upstream_id == upstream_id
    assert [(line["event"], line["level"], line["callbacks"]) for line in logged] == [
        ("callbacks_dropped", "warning", 1),
        ("callbacks_dropped", "warning", 100),
    ]


async def test_a_body_in_tiny_segments_takes_no_more_memory_than_in_large_ones() -> None:
    left = _SEGMENTS

    async def receive() -> dict[str, object]:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": b"x%d" % (left % 10), "more_body": left > 0}

    bodies = BodyAdmission(limit_bytes=64 * 1024, budget_bytes=1024 * 1024)
    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    tracemalloc.start()
    try:
        body, is_read = await _read(request, bodies.open(CallbackSender(STRANGER)))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert is_read
    assert body is not None
    assert len(body) == 2 * _SEGMENTS
    # Kept apart, they take more than twice as much; what else runs in this process is measured with them.
    assert peak_bytes < 600 * 1024
