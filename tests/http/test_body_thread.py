"""The thread for large bodies: what runs in it, and which tenants wait for each other."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator

import pytest

from app.http.body_thread import MAX_LIGHT_BYTES, MAX_LIGHT_VALUES, BodyThread, sha256_of

LARGE = b" " * (MAX_LIGHT_BYTES + 1)
DENSE = b"[" + b"," * MAX_LIGHT_VALUES + b"]"


@pytest.fixture
def body_thread() -> Iterator[BodyThread]:
    made = BodyThread()
    yield made
    made.close()


def thread_of(_data: bytes) -> str:
    return threading.current_thread().name


@pytest.mark.parametrize(("data", "is_here"), [(b"{}", True), (LARGE[1:], True), (LARGE, False), (DENSE, False)])
async def test_a_body_that_is_large_or_dense_leaves_the_event_loop(
    body_thread: BodyThread, data: bytes, *, is_here: bool
) -> None:
    assert (await body_thread.run("a", data, thread_of) == threading.current_thread().name) is is_here


async def test_the_event_loop_is_not_blocked_while_a_large_body_is_checked(body_thread: BodyThread) -> None:
    turned = threading.Event()
    working = asyncio.create_task(body_thread.run("a", LARGE, lambda _: turned.wait(20)))
    await asyncio.sleep(0)
    turned.set()  # by the loop, which therefore is not waiting
    assert await working


async def test_a_tenant_with_many_bodies_delays_its_own_and_not_anothers(body_thread: BodyThread) -> None:
    done: list[str] = []
    may_end = threading.Event()

    def work(name: str) -> asyncio.Task[None]:
        def note(_data: bytes) -> None:
            may_end.wait(20)
            done.append(name)

        return asyncio.create_task(body_thread.run(name[0], LARGE, note))

    tasks = [work(name) for name in ("a1", "a2", "a3")]
    await asyncio.sleep(0)
    tasks.append(work("b1"))
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.gather(*tasks)
    assert done == ["a1", "b1", "a2", "a3"]


async def test_an_exception_in_the_thread_reaches_the_caller_and_frees_the_tenants_turn(
    body_thread: BodyThread,
) -> None:
    def fail(_data: bytes) -> None:
        raise ValueError("told")

    for _ in range(2):
        with pytest.raises(ValueError, match="told"):
            await body_thread.run("a", LARGE, fail)


async def test_a_cancelled_wait_for_the_thread_passes_the_turn_on(body_thread: BodyThread) -> None:
    may_end = threading.Event()
    first = asyncio.create_task(body_thread.run("a", LARGE, lambda _: may_end.wait(20)))
    await asyncio.sleep(0)
    second = asyncio.create_task(body_thread.run("a", LARGE, thread_of))
    await asyncio.sleep(0)
    second.cancel()
    may_end.set()
    assert await first
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await body_thread.run("a", LARGE, thread_of)


async def test_the_hash_of_a_body_does_not_depend_on_where_it_is_computed() -> None:
    for data in (b"", b"a" * 2_000_000):
        assert await sha256_of(data) == hashlib.sha256(data).digest()
