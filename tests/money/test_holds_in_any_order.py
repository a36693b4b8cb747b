"""Creates, ends, failures and days in any order: no hold passes a budget, and no hold outlives its task."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.budgets import FIXED_MICROS, Standing, check_derived, new_budget, number, standings
from tests.support.database import own_database
from tests.support.frozen_gateway import open_frozen_gateway
from tests.support.gateway import ENDLESS, Gateway, Tenant, get
from tests.support.gateway import text as prompt

pytestmark = pytest.mark.slow

DAY_SECONDS = 86_400
MICROS_OF_A_TOKEN = 46
MOST_A_DAY, MOST_OF_A_KEY = 4, 3
"""How many creates the budgets allow at their most."""


@dataclass
class Task:
    """An unfinished task."""

    id: str
    key: int
    day: int
    is_unknown: bool = False


@dataclass
class Play:
    """One tenant with two keys, a budget for each day, and a budget of the first key; and what is expected of them."""

    gateway: Gateway
    keys: list[Tenant]
    daily: str
    of_key: str
    day: int = 0
    tasks: list[Task] = field(default_factory=list)
    used: Counter[tuple[str, int]] = field(default_factory=Counter)
    days: set[int] = field(default_factory=set)
    is_key_counted: bool = False

    def periods(self, key: int, day: int) -> list[tuple[str, int]]:
        """Returns what a create of a day counts in."""
        return [(self.daily, day), *([(self.of_key, 0)] if key == 0 else [])]

    def taken(self, period: tuple[str, int]) -> int:
        """Returns what is used and held of a period."""
        held = sum(period in self.periods(task.key, task.day) for task in self.tasks) * FIXED_MICROS
        return self.used[period] + held

    def room(self, key: int) -> int:
        """Returns how many more creates a key may make today."""
        most = {self.daily: MOST_A_DAY * FIXED_MICROS, self.of_key: MOST_OF_A_KEY * FIXED_MICROS}
        return min(
            max(0, most[period[0]] - self.taken(period)) // FIXED_MICROS for period in self.periods(key, self.day)
        )

    async def create(self, key: int, count: int) -> None:
        """Sends creates at once: as many as there is room for are accepted."""
        room = self.room(key)
        answers = await asyncio.gather(
            *(self.keys[key].create_task(content=prompt(ENDLESS), **number()) for _ in range(count))
        )
        accepted = [answer.json()["id"] for answer in answers if answer.status_code == 200]
        assert len(accepted) == min(room, count)
        assert {answer.status_code for answer in answers} <= {200, 403}
        self.tasks += [Task(task_id, key, self.day) for task_id in accepted]
        self._note(key)

    async def fail(self, key: int, kind: str) -> None:
        """Sends a create that the upstream refuses, cannot be reached for, or does not answer clearly."""
        has_room = self.room(key) > 0
        effect: dict[str, Any] = {"kind": "cut", "at": "before"}
        if kind == "refused":
            effect = {"kind": "error", "status": 400, "code": "InvalidParameter"}
        await self.gateway.fault("create_task", **effect)
        answer = await self.keys[key].create_task(content=prompt(ENDLESS), **number())
        await self.gateway.release()
        if not has_room:
            assert answer.status_code == 403
        elif kind == "refused":
            assert answer.status_code == 400
        else:
            assert answer.status_code == 200
            self.tasks.append(Task(answer.json()["id"], key, self.day, is_unknown=True))
        # The breaker counts unclear answers.
        await self.gateway.prepare()
        self._note(key)

    async def end(self, position: int, status: str, tokens: int) -> None:
        """Ends an unfinished task."""
        if not self.tasks:
            return
        task = self.tasks.pop(position % len(self.tasks))
        if task.is_unknown:
            resolved = await self.gateway.admin.post(f"/tasks/{task.id}/resolve", json={"absent": True})
            assert resolved.status_code == 200, resolved.text
            return
        await self.gateway.force(
            task.id, status, extra={"usage": {"total_tokens": tokens}} if status == "succeeded" else {}
        )
        await self.gateway.refill()
        assert (await get(self.keys[task.key], task.id)).json()["status"] == status
        if status == "succeeded":
            for period in self.periods(task.key, task.day):
                self.used[period] += tokens * MICROS_OF_A_TOKEN

    async def sleep(self) -> None:
        """Waits for the same time on the next day; ends what the upstream would end by its age on the day after."""
        for task in [task for task in self.tasks if task.day < self.day]:
            await self.end(self.tasks.index(task), "expired", 0)
        self.gateway.clock.advance(DAY_SECONDS)
        self.gateway.expire_caches()
        self.day += 1

    async def check(self) -> None:
        """Compares the budgets with what is expected."""
        for budget_id, days in ((self.daily, sorted(self.days)), (self.of_key, [0] if self.is_key_counted else [])):
            periods = [(budget_id, day) for day in days]
            expected = [Standing(self.used[each], self.taken(each) - self.used[each]) for each in periods]
            assert await standings(self.gateway, budget_id) == expected
        await check_derived(self.gateway)

    def _note(self, key: int) -> None:
        self.days.add(self.day)
        self.is_key_counted |= key == 0


KEYS = st.integers(0, 1)
STEPS = st.one_of(
    st.tuples(st.just("create"), KEYS, st.sampled_from([1, 1, 2, 6])),
    st.tuples(st.just("fail"), KEYS, st.sampled_from(["refused", "unknown"])),
    st.tuples(
        st.just("end"),
        st.integers(0, 9),
        st.sampled_from(["succeeded", "succeeded", "failed", "expired", "cancelled"]),
        st.sampled_from([0, 1, 50_000, 108_900, 300_000]),
    ),
    st.tuples(st.just("sleep")),
)


@pytest.fixture(scope="module")
def running(database_url: str) -> Iterator[tuple[asyncio.Runner, Gateway]]:
    """A gateway in a loop of its own, in which one example after the other is played."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def open_it() -> Gateway:
            url = await stack.enter_async_context(own_database(database_url))
            return await stack.enter_async_context(open_frozen_gateway(url))

        gateway = runner.run(open_it())
        yield runner, gateway
        runner.run(stack.aclose())


# Not shrunk: that takes minutes, and the steps of a failure are few.
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    steps=st.lists(STEPS, min_size=4, max_size=16), zone=st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])
)
def test_budgets_are_exact_after_any_steps(
    running: tuple[asyncio.Runner, Gateway], steps: list[tuple[Any, ...]], zone: str
) -> None:
    runner, gateway = running

    async def play() -> None:
        await gateway.prepare()
        first = await gateway.tenant()
        second = await gateway.key_of(first.id, allowed_channels=["default"])
        daily = await new_budget(gateway, first, MOST_A_DAY * FIXED_MICROS, period="day", time_zone=zone)
        of_key = await new_budget(gateway, first, MOST_OF_A_KEY * FIXED_MICROS, key_id=first.key_id)
        played = Play(gateway, [first, second], daily, of_key)
        for name, *arguments in steps:
            await getattr(played, name)(*arguments)
            await played.check()
        while played.tasks:
            await played.end(0, "failed", 0)
        await played.check()
        left = [*await standings(gateway, daily), *await standings(gateway, of_key)]
        assert [period for period in left if period.held] == []

    runner.run(play())
