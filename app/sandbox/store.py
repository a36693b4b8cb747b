"""The state of a sandbox: in memory, and in a state file when there is one."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.sandbox.asset_actions import AssetActions
from app.sandbox.assets import Asset, AssetGroup, AssetStore
from app.sandbox.callbacks import CallbackSender
from app.sandbox.catalog import Catalog
from app.sandbox.clock import SandboxClock
from app.sandbox.config import SandboxConfig
from app.sandbox.faces import FaceSession, FaceSessions
from app.sandbox.faults import Faults
from app.sandbox.h5_pages import h5_link
from app.sandbox.ledger import Ledger
from app.sandbox.lifecycle import Lifecycle
from app.sandbox.rate_limits import Limits, RateLimiter
from app.sandbox.signed_urls import Downloads, SignedUrls, SigningKey
from app.sandbox.state_file import StateFile, save_nothing
from app.sandbox.task_store import DraftRequest, TaskStore
from app.sandbox.tasks import WINDOW, Task

_MAX_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Settings:
    """The clock and the settings, after a change by the control API."""

    KIND: ClassVar = "settings"

    advanced_seconds: float
    skew_seconds: float
    time_scale: float
    has_limits: bool
    consistency_delay_seconds: float
    token_ttl_seconds: float
    id: str = "settings"


class Store:
    """The state that a reset replaces: clock, settings, tasks, assets, sessions, faults and ledger.

    Args:
        sandbox: the owner; its origin is used in URLs.

    Attributes:
        limits: rate limits and quotas in force; None for none.
        consistency_delay_seconds: how long new assets are invisible.
        token_ttl_seconds: the lifetime of new face sessions.

    Raises:
        StateFileError: the sandbox's state file cannot be read.
    """

    def __init__(self, sandbox: "Sandbox") -> None:
        config = sandbox.config
        self._sandbox = sandbox
        self._file = sandbox.file
        save = save_nothing if self._file is None else self._file.save
        self.limits: Limits | None = config.limits
        self.consistency_delay_seconds = config.consistency_delay_seconds
        self.token_ttl_seconds = config.token_ttl_seconds
        self.clock = SandboxClock(config.clock, config.time_scale)
        self.rate_limiter = RateLimiter(config.monotonic)
        self.faults = Faults()
        self.ledger = Ledger(config.ledger_requests)
        self.signed_urls = SignedUrls(
            self.clock,
            lambda: sandbox.origin,
            region=config.region,
            video_url_seconds=config.video_url_seconds,
            save=save,
        )
        self.assets = AssetStore(self.clock, lambda: self.consistency_delay_seconds, save)
        self.faces = FaceSessions(self.clock, self.assets, lambda: self.token_ttl_seconds, save)
        self.callbacks = CallbackSender(
            ledger=self.ledger,
            faults=self.faults,
            now=self.clock.now,
            timeout_seconds=config.callback_timeout_seconds,
            retry_seconds=config.callback_retry_seconds,
        )
        self.lifecycle = Lifecycle(
            self.clock,
            limits=lambda: self.limits,
            to_content=self.signed_urls.of_task,
            save=save,
            on_change=self._on_change,
        )
        self.catalog = Catalog(config.region, config.endpoints)
        self.tasks = TaskStore(
            catalog=self.catalog,
            assets=self.assets,
            lifecycle=self.lifecycle,
            clock=self.clock,
            rate_limiter=self.rate_limiter,
            save=save,
        )
        self.actions = AssetActions(
            clock=self.clock,
            assets=self.assets,
            faces=self.faces,
            to_asset_url=self.signed_urls.of_asset,
            to_h5_link=lambda session: h5_link(sandbox.origin, session.token),
            projects=config.projects,
        )
        if self._file is None:
            self.signed_urls.restore((), ())
        else:
            self._load(self._file)

    def catch_up(self) -> None:
        """Processes all events that are due."""
        self.lifecycle.run_until(self.clock.now())

    def seconds_to_next_event(self, now: datetime) -> float | None:
        """Returns the time to the next event; None when every task has ended.

        At most 0.2 seconds, because a test may advance the configured clock.
        """
        due_at = self.lifecycle.next_due_at()
        return None if due_at is None else min(max((due_at - now).total_seconds(), 0.0), _MAX_PAUSE_SECONDS)

    def save_settings(self) -> None:
        """Persists the clock and the settings after a change by the control API."""
        if self._file is not None:
            self._file.save(
                _Settings(
                    advanced_seconds=self.clock.advanced_seconds,
                    skew_seconds=self.clock.skew_seconds,
                    time_scale=self.clock.time_scale,
                    has_limits=self.limits is not None,
                    consistency_delay_seconds=self.consistency_delay_seconds,
                    token_ttl_seconds=self.token_ttl_seconds,
                )
            )

    def _load(self, file: StateFile) -> None:
        # The clock first: it decides which of the other records have expired.
        for saved in file.load(_Settings):
            self._apply(saved)
        self._remove_expired(file)
        self.assets.groups |= {group.id: group for group in file.load(AssetGroup)}
        self.assets.assets |= {asset.id: asset for asset in file.load(Asset)}
        self.faces.by_token |= {session.token: session for session in file.load(FaceSession)}
        self.signed_urls.restore(file.load(SigningKey), file.load(Downloads))
        self.tasks.restore(file.load(Task), file.load(DraftRequest))

    def _remove_expired(self, file: StateFile) -> None:
        """Removes tasks that callers can no longer read, with what belongs to them, so that the file does not grow."""
        now = self.clock.now()
        tasks = [task for task in file.load(Task) if task.created_at < now - WINDOW]
        ids = {task.id for task in tasks}
        drafts = [draft for draft in file.load(DraftRequest) if draft.id in ids]
        downloads = [counted for counted in file.load(Downloads) if counted.expires_at <= now]
        file.remove(*tasks, *drafts, *downloads)

    def _apply(self, saved: _Settings) -> None:
        self.clock.advanced_seconds = saved.advanced_seconds
        self.clock.skew_seconds = saved.skew_seconds
        self.clock.time_scale = saved.time_scale
        self.limits = (self.limits or Limits()) if saved.has_limits else None
        self.consistency_delay_seconds = saved.consistency_delay_seconds
        self.token_ttl_seconds = saved.token_ttl_seconds

    def _on_change(self, task: Task) -> None:
        self.callbacks.send(task)
        self._sandbox.wake.set()


class Sandbox:
    """One sandbox.

    Args:
        config: its settings.
        file: persists its state, and holds that of a previous process; None for a state in memory.

    Attributes:
        origin: scheme, host and port of the URLs that it returns.
        store: its state.
        wake: set when a new event may be due.
        closing: set when the server stops; ends all delays.

    Raises:
        StateFileError: the state file cannot be read.
    """

    def __init__(self, config: SandboxConfig, file: StateFile | None = None) -> None:
        self.config = config
        self.file = file
        self.origin = config.public_url.rstrip("/")
        self.wake = asyncio.Event()
        self.closing = asyncio.Event()
        self.store = Store(self)

    async def reset(self) -> None:
        """Replaces the state by an empty one with the configured settings."""
        if self.file is not None:
            self.file.clear()
        old, self.store = self.store, Store(self)
        old.faults.clear()
        await old.callbacks.aclose()

    async def run(self) -> None:
        """Processes events when they are due, until it is cancelled; callbacks do not depend on requests."""
        while True:
            self.wake.clear()
            self.store.catch_up()
            pause = self.store.seconds_to_next_event(self.store.clock.now())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.wake.wait()

    async def pause(self, seconds: float, until: asyncio.Event | None = None) -> None:
        """Waits for so many real seconds, or until ``until`` is set or the server stops."""
        if seconds <= 0:
            return
        ends = [asyncio.create_task(event.wait()) for event in (self.closing, until) if event is not None]
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
