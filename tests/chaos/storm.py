"""Load from several tenants, on gateways that are killed and restarted meanwhile."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.chaos.clients import Create, Kind, send_until_answered
from tests.chaos.launcher import Process
from tests.chaos.site import Site, Tenant
from tests.support.plain import PLAIN

_KINDS = tuple(Kind)


@dataclass
class Slot:
    """A port on which one gateway runs after another."""

    site: Site
    process: Process
    settings: dict[str, Any]

    @property
    def url(self) -> str:
        """Its address."""
        return self.process.url

    async def kill_and_restart(self, *, pause_seconds: float = 0.0) -> None:
        """Kills the gateway and starts the next."""
        await self.process.kill()
        await asyncio.sleep(pause_seconds)
        port = httpx.URL(self.process.url).port
        self.process = await self.site.gateway(port=port, **self.settings)


async def open_slots(site: Site, count: int, **settings: Any) -> list[Slot]:
    """Starts gateways on one database."""
    return [Slot(site, await site.gateway(**settings), settings) for _ in range(count)]


async def load(
    slots: Sequence[Slot], tenants: Sequence[Tenant], *, count: int, users: int, pause_seconds: float
) -> list[Create]:
    """Sends ``count`` different creates, each until it is answered, through random gateways; returns them all.

    Args:
        slots: the gateways.
        tenants: whose creates these are, in turn; the kinds of clients change in turn as well.
        count: number of creates.
        users: number of concurrent clients.
        pause_seconds: between two creates of a user, on average.
    """
    numbers = itertools.count()
    creates: list[Create] = []

    async def use(http: httpx.AsyncClient) -> None:
        while (number := next(numbers)) < count:
            create = Create(
                tenants[number % len(tenants)],
                f"wish {number}",
                _KINDS[number // len(tenants) % len(_KINDS)],
            )
            creates.append(create)
            await send_until_answered(create, http, lambda: random.choice(slots).url)
            await asyncio.sleep(random.uniform(0, 2 * pause_seconds))

    async with httpx.AsyncClient(verify=PLAIN, timeout=30) as http, asyncio.TaskGroup() as group:
        for _ in range(users):
            group.create_task(use(http))
    return creates


async def kill_until(
    loading: "asyncio.Task[list[Create]]", slots: Sequence[Slot], *, pause: tuple[float, float]
) -> None:
    """Kills and restarts random gateways at random moments until the load ends."""
    while not loading.done():
        await asyncio.wait({loading}, timeout=random.uniform(*pause))
        await random.choice(slots).kill_and_restart(pause_seconds=random.uniform(0, 0.3))
