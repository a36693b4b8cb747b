"""Everything one sandbox knows. It lives in memory alone."""

import asyncio
import contextlib
from datetime import datetime

from app.sandbox.asset_actions import AssetActions
from app.sandbox.assets import AssetStore
from app.sandbox.callbacks import CallbackSender
from app.sandbox.catalogue import Catalogue
from app.sandbox.clock import SandboxClock
from app.sandbox.config import Limits, SandboxConfig
from app.sandbox.faces import FaceSessions
from app.sandbox.faults import Faults
from app.sandbox.ledger import Ledger
from app.sandbox.lifecycle import Lifecycle
from app.sandbox.pages import h5_link
from app.sandbox.signed_urls import SignedUrls
from app.sandbox.task_store import TaskStore
from app.sandbox.tasks import Task
from app.sandbox.throttles import Throttle

_IDLE_SECONDS = 0.2


class World:
    """What a reset throws away: time, tasks, assets, faults, ledger and the settings changed on the way.

    Args:
        state: the sandbox it belongs to; asked for its present origin.

    Attributes:
        limits: rates and caps in force, None for none.
        consistency_delay_seconds: in force for new assets.
        token_ttl_seconds: in force for new face sessions.
    """

    def __init__(self, state: "SandboxState") -> None:
        config = state.config
        self._state = state
        self.limits: Limits | None = config.limits
        self.consistency_delay_seconds = config.consistency_delay_seconds
        self.token_ttl_seconds = config.token_ttl_seconds
        self.clock = SandboxClock(config.clock, config.time_scale)
        self.throttle = Throttle(config.monotonic)
        self.faults = Faults()
        self.ledger = Ledger(config.ledger_requests)
        self.signed_urls = SignedUrls(self.clock, lambda: state.origin, config.region)
        self.assets = AssetStore(self.clock, lambda: self.consistency_delay_seconds)
        self.faces = FaceSessions(self.clock, self.assets, lambda: self.token_ttl_seconds)
        self.callbacks = CallbackSender(
            ledger=self.ledger,
            faults=self.faults,
            now=self.clock.now,
            timeout_seconds=config.callback_timeout_seconds,
            retry_seconds=config.callback_retry_seconds,
        )
        self.lifecycle = Lifecycle(
            self.clock, limits=lambda: self.limits, to_content=self.signed_urls.of_task, on_change=self._on_change
        )
        self.catalogue = Catalogue(config.region, config.endpoints)
        self.tasks = TaskStore(
            catalogue=self.catalogue,
            assets=self.assets,
            lifecycle=self.lifecycle,
            clock=self.clock,
            throttle=self.throttle,
        )
        self.actions = AssetActions(
            clock=self.clock,
            assets=self.assets,
            faces=self.faces,
            to_asset_url=self.signed_urls.of_asset,
            to_h5_link=lambda session: h5_link(state.origin, session.token),
            projects=config.projects,
        )

    def catch_up(self) -> None:
        """Lets everything happen that is due by now."""
        self.lifecycle.run_until(self.clock.now())

    def seconds_to_next(self, now: datetime) -> float:
        """Returns how long nothing will happen by itself, a fifth of a second at most."""
        due_at = self.lifecycle.next_due_at()
        seconds = _IDLE_SECONDS if due_at is None else (due_at - now).total_seconds()
        return min(max(seconds, 0.0), _IDLE_SECONDS)

    def _on_change(self, task: Task) -> None:
        self.callbacks.send(task)
        self._state.wake.set()


class SandboxState:
    """One sandbox: its configuration, its address and its present world.

    Args:
        config: how it behaves.

    Attributes:
        origin: scheme, host and port in the URLs it hands out.
        world: replaced by ``reset``.
        wake: set when something new may be due.
        closing: set when the server stops; ends all waiting.
    """

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.origin = config.public_url.rstrip("/")
        self.wake = asyncio.Event()
        self.closing = asyncio.Event()
        self.world = World(self)

    async def reset(self) -> None:
        """Starts over with an empty world and the settings of the configuration."""
        old, self.world = self.world, World(self)
        old.faults.clear()
        await old.callbacks.aclose()

    async def run(self) -> None:
        """Moves the world along until it is cancelled, so that callbacks go out without being asked for."""
        while True:
            self.wake.clear()
            self.world.catch_up()
            pause = self.world.seconds_to_next(self.world.clock.now())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.wake.wait()

    async def pause(self, seconds: float, until: asyncio.Event | None = None) -> None:
        """Waits so many real seconds, or until ``until`` is set or the server stops."""
        if seconds <= 0:
            return
        ends = [asyncio.create_task(event.wait()) for event in (self.closing, until) if event is not None]
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
