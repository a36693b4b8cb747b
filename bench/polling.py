"""``./seedgate bench polling``: what polling costs the upstream's rate, and how soon an ended task is final here.

Tasks are seeded in the upstream and in the database, and clients poll them as waiting programs do: each goes through
its tasks again and again. There are no callbacks. Counted are the calls that the upstream answered; the delay is the
time from the end of a task there to its final state in the mirror.
"""

import argparse
import asyncio
import json
import random
import time
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from app.db.engine import connect, to_dsn
from bench import machine
from bench.document import Document
from bench.process import temporary_folder
from bench.site import TASKS, Site, running_site

_PAUSE_SECONDS = 5.0
_MIN_SECONDS = 20.0
_SETTLE_SECONDS = 60.0

# Each new row is a copy of one that the gateway made, with ids of its own.
_SEED = """
    INSERT INTO tasks SELECT (jsonb_populate_record(NULL::tasks, to_jsonb(made) || jsonb_build_object(
        'id', seeded.id, 'upstream_id', seeded.id, 'callback_token_hash', NULL, 'snapshot', NULL,
        'created_at', now() - (cardinality($2) - seeded.n) * interval '10 ms', 'updated_at', now(),
        'next_poll_at', now() + interval '5 seconds', 'polled_at', NULL, 'asked_at', NULL
    ))).* FROM (SELECT * FROM tasks WHERE upstream_id = $1) AS made,
        unnest($2::text[]) WITH ORDINALITY AS seeded(id, n)
"""
_DELAYS = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY late) AS p95, count(*) AS ended,
           count(finished_at) AS final
    FROM (SELECT finished_at, extract(epoch FROM COALESCE(finished_at, now()) - to_timestamp(ended.at))::float AS late
          FROM tasks JOIN unnest($1::text[], $2::float[]) AS ended(id, at) ON upstream_id = ended.id) AS delays
"""


@dataclass(frozen=True)
class Load:
    """How much is polled.

    Attributes:
        tasks: unfinished at the beginning.
        clients: that poll.
        seconds: of the run.
        mean_seconds: how long tasks run on average.
        delay_milliseconds: of the upstream's answers.
    """

    tasks: int
    clients: int
    seconds: float
    mean_seconds: float
    delay_milliseconds: int = 100


SMALL = Load(tasks=300, clients=32, seconds=100, mean_seconds=300)
LARGE = Load(tasks=10_000, clients=1000, seconds=150, mean_seconds=1800)


@dataclass(frozen=True)
class Polling:
    """The figures of a run.

    Attributes:
        polls: answers that clients got.
        errors: of these, other than 200.
        calls: that the upstream answered, by kind.
        calls_per_task_minute: of an unfinished task, on average.
        ended: tasks that ended during the run.
        p50_seconds, p95_seconds: from their end until they were final in the mirror.
        cpu_seconds: of the gateway.
    """

    polls: int
    errors: int
    calls: dict[str, int]
    calls_per_task_minute: float
    ended: int
    p50_seconds: float
    p95_seconds: float
    cpu_seconds: float


async def measure(site: Site, load: Load) -> Polling:
    """Seeds tasks and polls them for a time, then waits for the last ends to be seen.

    Each end costs a GET of the upstream's, so that tasks of less than 20 minutes cost more than 0.05 calls a minute.
    """
    generator = random.Random(1)  # noqa: S311 - the same times in every run
    began = time.time()
    ends = [began + _MIN_SECONDS + generator.expovariate(1 / load.mean_seconds) for _ in range(load.tasks)]
    async with httpx.AsyncClient(base_url=site.upstream_url, timeout=60) as upstream:
        seeded = await upstream.post("/_seed", content=json.dumps([int(end) for end in ends]))
        ids: list[str] = seeded.json()["ids"]
        await _query(site, _SEED, site.unfinished[0], ids)
        before, cpu = (await upstream.get("/_calls")).json(), site.program.cpu_seconds()
        statuses = await _poll_all(site, ids, clients=load.clients, seconds=load.seconds)
        calls, cpu = (await upstream.get("/_calls")).json(), site.program.cpu_seconds() - cpu
    until = began + load.seconds
    # The time of an unfinished task, summed over all of them, in minutes.
    task_minutes = sum(min(end, until) - began for end in ends) / 60
    ended = [(task_id, int(end)) for task_id, end in zip(ids, ends, strict=True) if end < until]
    delays = await _delays(site, ended)
    made = {kind: calls.get(kind, 0) - before.get(kind, 0) for kind in ("get", "list")}
    return Polling(
        polls=len(statuses),
        errors=sum(status != httpx.codes.OK for status in statuses),
        calls=made,
        calls_per_task_minute=round(sum(made.values()) / task_minutes, 4),
        ended=delays["ended"],
        p50_seconds=round(delays["p50"], 1),
        p95_seconds=round(delays["p95"], 1),
        cpu_seconds=round(cpu, 1),
    )


async def _delays(site: Site, ended: list[tuple[str, int]]) -> Any:
    """Waits until all ended tasks are final, a minute at most; returns the delays.

    A task that is not final by then counts with the time since its end.
    """
    ids, times = [task_id for task_id, _ in ended], [float(end) for _, end in ended]
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        delays = (await _query(site, _DELAYS, ids, times))[0]
        if delays["final"] == len(ended) or time.monotonic() > deadline:
            return delays
        await asyncio.sleep(1)


async def _poll_all(site: Site, ids: list[str], *, clients: int, seconds: float) -> list[int]:
    """Polls with all clients; returns the statuses of the answers."""
    statuses: list[int] = []
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{site.port}", headers=site.reader.headers, timeout=60, limits=limits
    ) as http:

        async def poll(number: int) -> None:
            waiting = ids[number::clients]
            await asyncio.sleep(_PAUSE_SECONDS * number / clients)
            while waiting:
                for task_id in list(waiting):
                    answer = await http.get(f"{TASKS}/{task_id}")
                    statuses.append(answer.status_code)
                    if answer.is_success and answer.json()["status"] == "succeeded":
                        waiting.remove(task_id)
                    await asyncio.sleep(_PAUSE_SECONDS)

        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(poll(number) for number in range(clients)))
        except TimeoutError:
            pass
    return statuses


async def _query(site: Site, statement: str, *values: object) -> list[Any]:
    connection = await connect(to_dsn(site.database_url), command_timeout_seconds=None)
    try:
        found: list[Any] = await connection.fetch(statement, *values)
        return found
    finally:
        await connection.close()


def run(document: Document, load: Load, *, key: str) -> None:
    """Runs a gateway of its own under a load of polls, and adds what it cost.

    Args:
        document: gets the rows ``KEY-calls`` and ``KEY-delay``, and the details.
        load: of polls.
        key: of the rows.
    """
    with temporary_folder() as folder, running_site(folder, delay_milliseconds=load.delay_milliseconds) as site:
        found = asyncio.run(measure(site, load))
    document.rows |= {f"{key}-calls": [found.calls_per_task_minute], f"{key}-delay": [found.p95_seconds]}
    document.errors |= {f"{key}-calls": found.errors, f"{key}-delay": found.errors}
    document.details[key] = asdict(load) | asdict(found)


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="seedgate bench polling", description="Measures what polling costs.")
    parser.add_argument("--tasks", type=int, default=SMALL.tasks)
    parser.add_argument("--clients", type=int, default=SMALL.clients)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--mean-seconds", type=float, default=SMALL.mean_seconds, help="how long tasks run on average")
    parser.add_argument(
        "--delay", type=int, default=SMALL.delay_milliseconds, help="of the upstream's answers, in milliseconds"
    )
    parser.add_argument("--output", default="polling-latest", help="name of the files below bench/results")
    wanted = parser.parse_args(arguments)
    load = Load(wanted.tasks, wanted.clients, wanted.seconds, wanted.mean_seconds, wanted.delay)
    document = Document(machine.describe())
    run(document, load, key="polling")
    text = json.dumps(document.details["polling"], indent=1)
    document.write(wanted.output, f"```json\n{text}\n```\n")
    print(text)
    return 0
