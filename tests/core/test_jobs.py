"""Background jobs, and tasks that outlive the request that started them."""

import asyncio

import pytest

from app.core.background import BackgroundTasks, SingleFlight
from app.core.jobs import Job, run_jobs
from app.worker import running
from tests.support.timeouts import HANG_SECONDS


async def test_a_job_survives_its_errors_and_stops_on_request() -> None:
    runs: list[int] = []
    stopping = asyncio.Event()

    async def fail_twice() -> None:
        runs.append(len(runs))
        if len(runs) < 3:
            raise RuntimeError("not this time")
        stopping.set()

    await asyncio.wait_for(run_jobs([Job("restless", 0.001, fail_twice)], stopping), timeout=HANG_SECONDS)
    assert runs == [0, 1, 2]


async def test_a_job_that_is_running_is_waited_for() -> None:
    stopping, begun, may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()
    ended: list[bool] = []

    async def run() -> None:
        begun.set()
        await may_end.wait()
        ended.append(True)

    running = asyncio.create_task(run_jobs([Job("slow", 10, run)], stopping))
    await begun.wait()
    stopping.set()
    await asyncio.sleep(0)
    assert not running.done()
    may_end.set()
    await running
    assert ended == [True]


async def test_a_job_that_waits_for_a_slow_upstream_does_not_delay_the_end() -> None:
    begun, broken_off = asyncio.Event(), list[bool]()

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            broken_off.append(True)
            raise

    async with asyncio.timeout(HANG_SECONDS), running([Job("held", 10, hang)], timeout_seconds=0.05):
        await begun.wait()
    assert broken_off == [True]


async def test_a_background_task_survives_the_cancellation_of_its_caller() -> None:
    background = BackgroundTasks()
    may_end = asyncio.Event()

    async def work() -> str:
        await may_end.wait()
        return "done"

    task = background.start(work())

    async def wait() -> str:
        return await asyncio.shield(task)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_end.set()
    assert await background.drain(timeout_seconds=HANG_SECONDS) == 0
    assert task.result() == "done"


async def test_draining_waits_for_tasks_that_the_tasks_started() -> None:
    background = BackgroundTasks()
    done: list[str] = []

    async def second() -> None:
        await asyncio.sleep(0.01)
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0.01)
        background.start(second())
        done.append("first")

    background.start(first())
    assert await background.drain(timeout_seconds=HANG_SECONDS) == 0
    assert done == ["first", "second"]


async def test_draining_cancels_the_rest_after_its_timeout() -> None:
    background = BackgroundTasks()
    tasks = [background.start(asyncio.sleep(60)) for _ in range(2)]
    assert await background.drain(timeout_seconds=0.01) == 2
    assert all(task.cancelled() for task in tasks)


async def test_concurrent_calls_with_one_key_share_one_call() -> None:
    flights: SingleFlight[int] = SingleFlight()
    may_end = asyncio.Event()
    calls: list[str] = []

    async def ask(key: str) -> int:
        async def call() -> int:
            calls.append(key)
            await may_end.wait()
            return len(key)

        return await flights.run(key, call)

    asking = [asyncio.create_task(ask(key)) for key in ("a", "a", "bb", "a")]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    may_end.set()
    assert await asyncio.gather(*asking[1:]) == [1, 2, 1], "a cancelled caller does not cancel the call of the others"
    assert calls == ["a", "bb"]
    assert await ask("a") == 1
    assert calls == ["a", "bb", "a"], "a result is not kept"


async def test_an_error_of_a_shared_call_reaches_every_caller() -> None:
    flights: SingleFlight[None] = SingleFlight()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise OSError("no")

    results = await asyncio.gather(*(flights.run(1, fail) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [OSError] * 3


async def test_a_job_with_nothing_due_sleeps_and_is_woken_again_by_what_becomes_due_while_it_runs() -> None:
    stopping, due, ran_twice = asyncio.Event(), asyncio.Event(), asyncio.Event()
    runs: list[int] = []

    async def run() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            due.set()
        else:
            ran_twice.set()

    running = asyncio.create_task(run_jobs([Job("idle", 0.001, run, due)], stopping))
    await asyncio.sleep(0.02)
    assert runs == []
    due.set()
    await asyncio.wait_for(ran_twice.wait(), HANG_SECONDS)
    await asyncio.sleep(0.02)
    assert runs == [0, 1]
    stopping.set()
    await asyncio.wait_for(running, HANG_SECONDS)
    assert runs == [0, 1], "the end of the process starts no run"


async def test_a_failing_job_pauses_longer_however_often_it_is_due() -> None:
    pauses: list[float] = []
    stopping, due = asyncio.Event(), asyncio.Event()

    class ObservedJob(Job):
        def pause_seconds(self, failures: int) -> float:
            pauses.append(super().pause_seconds(failures))
            due.set()
            return 0

    async def fail() -> None:
        if len(pauses) == 6:
            stopping.set()
            return
        raise RuntimeError("not this time")

    due.set()
    await run_jobs([ObservedJob("restless", 1, fail, due)], stopping)
    assert pauses == [2, 4, 8, 16, 16, 16, 1]
