"""Everything one sandbox knows: in memory, and in a state file where there is one."""

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
    """What the controls have changed: the clock and the settings in force."""

    KIND: ClassVar = "settings"

    advanced_seconds: float
    skew_seconds: float
    time_scale: float
    has_limits: bool
    consistency_delay_seconds: float
    token_ttl_seconds: float
    id: str = "settings"


class Store:
    """What a reset throws away: time, tasks, assets, faults, ledger and the settings changed on the way.

    Args:
        state: the sandbox it belongs to; asked for its present origin.

    Attributes:
        limits: rates and caps in force, None for none.
        consistency_delay_seconds: in force for new assets.
        token_ttl_seconds: in force for new face sessions.
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
            self._restore(self._file)

    def catch_up(self) -> None:
        """Lets everything happen that is due by now."""
        self.lifecycle.run_until(self.clock.now())

    def seconds_to_next(self, now: datetime) -> float | None:
        """Returns how long nothing will happen by itself; None when every task has ended.

        A fifth of a second at most, because the clock may be one that somebody moves.
        """
        due_at = self.lifecycle.next_due_at()
        return None if due_at is None else min(max((due_at - now).total_seconds(), 0.0), _MAX_PAUSE_SECONDS)

    def save_settings(self) -> None:
        """Keeps the clock and the settings, after a control has changed them."""
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

    def _restore(self, file: StateFile) -> None:
        """Takes in what an earlier process has kept, the clock first, and forgets what nobody can read any more."""
        for kept in file.load(_Settings):
            self._apply(kept)
        now = self.clock.now()
        tasks, drafts, downloads = file.load(Task), file.load(DraftRequest), file.load(Downloads)
        old_tasks = [task for task in tasks if task.created_at < now - WINDOW]
        old_ids = {task.id for task in old_tasks}
        old_drafts = [draft for draft in drafts if draft.id in old_ids]
        old_downloads = [counted for counted in downloads if counted.expires_at <= now]
        file.forget(*old_tasks, *old_drafts, *old_downloads)
        self.assets.groups |= {group.id: group for group in file.load(AssetGroup)}
        self.assets.assets |= {asset.id: asset for asset in file.load(Asset)}
        self.faces.by_token |= {session.token: session for session in file.load(FaceSession)}
        self.signed_urls.restore(file.load(SigningKey), (counted for counted in downloads if counted.expires_at > now))
        self.tasks.restore(
            (task for task in tasks if task.id not in old_ids), (draft for draft in drafts if draft.id not in old_ids)
        )

    def _apply(self, kept: _Settings) -> None:
        self.clock.advanced_seconds = kept.advanced_seconds
        self.clock.skew_seconds = kept.skew_seconds
        self.clock.time_scale = kept.time_scale
        self.limits = (self.limits or Limits()) if kept.has_limits else None
        self.consistency_delay_seconds = kept.consistency_delay_seconds
        self.token_ttl_seconds = kept.token_ttl_seconds

    def _on_change(self, task: Task) -> None:
        self.callbacks.send(task)
        self._sandbox.wake.set()


class Sandbox:
    """One sandbox: its configuration, its address and its present store.

    Args:
        config: how it behaves.
        file: keeps its state, and holds that of an earlier process; None for memory alone.

    Attributes:
        origin: scheme, host and port in the URLs it hands out.
        store: replaced by ``reset``.
        wake: set when something new may be due.
        closing: set when the server stops; ends all waiting.
    """

    def __init__(self, config: SandboxConfig, file: StateFile | None = None) -> None:
        self.config = config
        self.file = file
        self.origin = config.public_url.rstrip("/")
        self.wake = asyncio.Event()
        self.closing = asyncio.Event()
        self.store = Store(self)

    async def reset(self) -> None:
        """Starts over with an empty store and the settings of the configuration."""
        if self.file is not None:
            self.file.clear()
        old, self.store = self.store, Store(self)
        old.faults.clear()
        await old.callbacks.aclose()

    async def run(self) -> None:
        """Moves the store along until it is cancelled, so that callbacks go out without being asked for."""
        while True:
            self.wake.clear()
            self.store.catch_up()
            pause = self.store.seconds_to_next(self.store.clock.now())
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
