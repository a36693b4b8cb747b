"""Many writers share a transaction, and one that fails harms no other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from app.db import group_commit
from app.db.engine import DatabaseUnavailableError
from app.db.group_commit import GroupCommit, Lane, UnsureCommitError, WriteAloneError
from app.db.roles import GATEWAY
from tests.support.database import as_owner, open_superuser, own_database
from tests.support.database_relay import AtCommit, DatabaseRelay, relaying
from tests.support.timeouts import HANG_SECONDS, until

_TABLE = f"CREATE TABLE notes (name text PRIMARY KEY); GRANT SELECT, INSERT ON notes TO {GATEWAY}"
_INSERT = "INSERT INTO notes SELECT name FROM unnest($1::text[]) AS given (name)"


async def write_notes(connection: Any, names: Sequence[str]) -> list[str]:
    """Inserts names; one that begins with SQL: is run as a statement first."""
    for name in names:
        if name.startswith("SQL: "):
            await connection.execute(name.removeprefix("SQL: "))
    await connection.fetch(_INSERT, list(names))
    return [f"written {name}" for name in names]


class Notes:
    """A table of names, and the group that writes them through a relay."""

    def __init__(self, url: str, relay: DatabaseRelay, group: GroupCommit) -> None:
        self.url = url
        self.relay = relay
        self.group = group
        self.lane: Lane[str, str] = group.lane(write_notes)

    async def write(self, *names: str) -> list[str | Exception]:
        """Writes names at once, and returns what each of them got."""
        waiting = [self.lane.add(name) for name in names]
        async with asyncio.timeout(HANG_SECONDS):
            await asyncio.wait(waiting)
        return [each.exception() or each.result() for each in waiting]  # type: ignore[misc]  # no BaseException is set

    async def kept(self) -> list[str]:
        """Returns the names in the table."""
        async with open_superuser(self.url) as connection:
            return [name for (name,) in await connection.fetch("SELECT name FROM notes ORDER BY name")]


@pytest_asyncio.fixture
async def notes(database_url: str) -> AsyncIterator[Notes]:
    """An empty table."""
    async with own_database(database_url) as url, relaying(url) as relay:
        await as_owner(url, *_TABLE.split("; "))
        group = GroupCommit(relay.url)
        try:
            yield Notes(url, relay, group)
        finally:
            await group.aclose()


def kinds(results: Sequence[object]) -> list[str]:
    return [result if isinstance(result, str) else type(result).__name__ for result in results]


async def test_what_arrives_during_a_commit_is_written_by_the_next_one(notes: Notes) -> None:
    notes.relay.at_commit = AtCommit.HOLD
    first = asyncio.create_task(notes.write("a"))
    await until(lambda: notes.relay.commits == 1)
    others = [asyncio.create_task(notes.write(name)) for name in "bcdefg"]
    await until(lambda: notes.group.waiting == len(others))
    notes.relay.at_commit = AtCommit.PASS
    assert await asyncio.gather(first, *others) == [[f"written {name}"] for name in "abcdefg"]
    assert (notes.relay.commits, notes.relay.connections) == (2, 1)
    assert await notes.kept() == list("abcdefg")


async def test_a_batch_is_limited_in_items_and_in_bytes(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "MAX_ROWS", 2)
    await notes.write("a", "b", "c")
    assert notes.relay.commits == 2
    monkeypatch.setattr(group_commit, "MAX_BYTES", 10)
    await asyncio.wait([notes.lane.add(name, size_bytes=8) for name in ("d", "e", "f")])
    assert notes.relay.commits == 5


async def test_the_queue_is_bounded(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "MAX_WAITING", 1)
    notes.relay.at_commit = AtCommit.HOLD
    first = asyncio.create_task(notes.write("a"))
    await until(lambda: notes.relay.commits)
    second = notes.lane.add("b")
    with pytest.raises(DatabaseUnavailableError):
        notes.lane.add("c")
    notes.relay.at_commit = AtCommit.PASS
    await first, await second
    assert await notes.kept() == ["a", "b"]


async def test_all_that_waits_fails_when_no_session_can_be_opened(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "MAX_ROWS", 1)
    monkeypatch.setattr(group_commit, "_BATCH_SECONDS", 0.3)
    notes.relay.is_frozen = True
    assert kinds(await notes.write("a", "b", "c")) == ["DatabaseUnavailableError"] * 3
    assert notes.relay.connections == 1, "the later ones do not wait for the server one after the other"
    notes.relay.is_frozen = False
    monkeypatch.undo()
    assert kinds(await notes.write("d")) == ["written d"]


async def test_what_was_cancelled_while_it_waited_is_not_written(notes: Notes) -> None:
    notes.relay.at_commit = AtCommit.HOLD
    first = asyncio.create_task(notes.write("a"))
    await until(lambda: notes.relay.commits)
    notes.lane.add("b").cancel()
    third = asyncio.create_task(notes.write("c"))
    await until(lambda: notes.group.waiting == 2)
    notes.relay.at_commit = AtCommit.PASS
    await asyncio.wait([first, third])
    assert await notes.kept() == ["a", "c"]


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param("a", id="a constraint"),
        pytest.param("SQL: SELECT 1 / 0", id="bad data"),
        pytest.param("SQL: SELECT * FROM nowhere", id="a mistake"),
        pytest.param("SQL: TRUNCATE notes", id="no right"),
        pytest.param("\ud800", id="a value that cannot be sent"),
    ],
)
async def test_a_batch_that_is_refused_may_be_written_one_by_one(notes: Notes, poison: str) -> None:
    await notes.write("a")
    assert kinds(await notes.write("b", poison, "c")) == ["WriteAloneError"] * 3
    assert kinds([*await notes.write("b"), *await notes.write(poison), *await notes.write("c")]) == [
        "written b",
        "WriteAloneError",
        "written c",
    ]
    assert await notes.kept() == ["a", "b", "c"]
    assert notes.relay.connections == 1, "the session is as good as before"


async def test_a_batch_waits_for_no_lock_for_long(notes: Notes) -> None:
    async with open_superuser(notes.url) as other, other.transaction():
        await other.execute("LOCK TABLE notes")
        assert kinds(await notes.write("a", "b")) == ["WriteAloneError"] * 2


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("SET TRANSACTION READ ONLY", id="read-only, as after a failover"),
        pytest.param("SELECT pg_terminate_backend(pg_backend_pid())", id="the session is ended"),
        pytest.param("SET LOCAL statement_timeout = 1; SELECT pg_sleep(60)", id="too slow"),
    ],
)
async def test_a_session_that_has_gone_bad_is_replaced_and_nothing_of_its_batch_is_written(
    notes: Notes, statement: str
) -> None:
    await notes.write("a")
    assert kinds(await notes.write("b", f"SQL: {statement}")) == ["DatabaseUnavailableError"] * 2
    assert kinds(await notes.write("c")) == ["written c"]
    assert await notes.kept() == ["a", "c"]
    assert notes.relay.connections == 2


async def test_a_session_that_was_ended_while_it_was_idle_costs_one_batch_at_most(notes: Notes) -> None:
    await notes.write("a")
    async with open_superuser(notes.url) as other:
        ended = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1"
        )
        await other.execute(ended, other.get_server_pid())
    assert kinds(await notes.write("b"))[0] in {"written b", "DatabaseUnavailableError"}
    assert kinds(await notes.write("c")) == ["written c"]


async def test_a_session_that_freezes_is_left_and_its_batch_fails(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await notes.write("a")
    monkeypatch.setattr(group_commit, "_BATCH_SECONDS", 0.2)
    notes.relay.is_frozen = True
    assert kinds(await notes.write("b", "c")) == ["DatabaseUnavailableError"] * 2
    monkeypatch.undo()
    notes.relay.is_frozen = False
    assert kinds(await notes.write("d")) == ["written d"]
    assert await notes.kept() == ["a", "d"]


@pytest.mark.parametrize("at_commit", [AtCommit.CUT, AtCommit.LOSE_ANSWER])
async def test_a_batch_whose_commit_is_not_answered_may_be_committed(notes: Notes, at_commit: AtCommit) -> None:
    await notes.write("a")
    notes.relay.at_commit = at_commit
    results = await notes.write("b", "c")
    assert all(isinstance(result, UnsureCommitError) for result in results), results
    notes.relay.at_commit = AtCommit.PASS
    assert kinds(await notes.write("d")) == ["written d"]
    assert await notes.kept() == (["a", "d"] if at_commit is AtCommit.CUT else ["a", "b", "c", "d"])


async def test_without_a_database_nothing_is_written_for_certain(notes: Notes) -> None:
    group = GroupCommit("postgresql://127.0.0.1:1/nowhere")
    with pytest.raises(DatabaseUnavailableError) as caught:
        await group.lane(write_notes).add("a")
    assert not isinstance(caught.value, UnsureCommitError)
    await group.aclose()


async def test_closing_waits_for_what_is_being_written(notes: Notes) -> None:
    notes.relay.at_commit = AtCommit.HOLD
    writing = asyncio.create_task(notes.write("a"))
    await until(lambda: notes.relay.commits)
    closing = asyncio.create_task(notes.group.aclose())
    await asyncio.sleep(0)
    notes.relay.at_commit = AtCommit.PASS
    await closing
    assert await writing == ["written a"]


def test_the_errors_say_what_is_certain() -> None:
    assert issubclass(UnsureCommitError, DatabaseUnavailableError)
    assert not issubclass(WriteAloneError, DatabaseUnavailableError | asyncpg.PostgresError)
