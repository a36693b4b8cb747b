"""Builds the objects that live as long as the process, in floor order, without a container or singletons.

``open_services`` opens what all of them share, a ``ProcessContext``, and builds the ``Services`` from it. The services
become the application's lifespan state, where the routes find them.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.admin.authentication import AdminToken
from app.admin.channel_continuity import ContinuityCheck
from app.admin.metrics import Metrics
from app.admin.reconcile.adoption import AdoptionService
from app.admin.reconcile.report import Reconciliation
from app.admin.webhook_service import WebhookService
from app.assets import due_work as assets_due
from app.assets.account_snapshot import AssetSnapshot
from app.assets.actions import AssetService
from app.assets.adoption import GroupAdoption
from app.assets.context import AssetsContext
from app.assets.poller import AssetPoller
from app.assets.recovery import CreateRecovery
from app.assets.upstream import AssetsUpstream
from app.catalog.model_list import first_models
from app.catalog.service import ModelCatalog, seed_models
from app.channels.canary import check_canary
from app.channels.default_channel import ensure_default_channel
from app.channels.directory import ChannelDirectory
from app.channels.faults import ChannelFaults
from app.channels.monitor import INTERVAL_SECONDS, ChannelMonitor
from app.channels.probe import ChannelProbe
from app.channels.service import ChannelService
from app.core.due_work import DueWork, Probe
from app.core.jobs import Job
from app.core.leases import Leases
from app.core.process_registry import RENEW_SECONDS, ProcessRegistry
from app.core.sealing import SecretBox
from app.core.turns import Turns
from app.creates.retry_dedup import RetryDedup
from app.db.base import utc_now
from app.db.engine import is_unavailable, open_engine, session_factory
from app.db.schema import schema_state
from app.http.body import BodyAdmission
from app.http.body_thread import BodyThread
from app.http.health import Readiness
from app.observability.redaction import hide
from app.settings import Settings
from app.tasks import due_work as tasks_due
from app.tasks.admin_service import TaskAdminService
from app.tasks.callbacks import CallbackInbox
from app.tasks.context import TasksContext
from app.tasks.creation.create import TaskCreation
from app.tasks.deletion import TaskDeletion
from app.tasks.polling.batch_refresh import BatchRefresh
from app.tasks.polling.client_refresh import ClientRefresh
from app.tasks.polling.poller import TaskPoller
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.polling.single_gets import SingleGets
from app.tasks.recovery.account_snapshot import SnapshotReader
from app.tasks.recovery.adoption import TaskAdoption
from app.tasks.recovery.attribution import Attribution
from app.tasks.recovery.reconciler import Reconciler
from app.tasks.recovery.stale_creates import StaleCreates
from app.tasks.repository import find_older_key
from app.tasks.service import TaskService
from app.tenants.authentication import Authenticator
from app.tenants.key_cache import KeyCache
from app.tenants.key_service import KeyService
from app.tenants.last_used import LastUsedWriter
from app.tenants.service import TenantService
from app.tenants.stored_key import load_signers, load_stored_keys
from app.upstream.ark import ArkClient
from app.upstream.configured import destination_rules, open_http
from app.upstream.destinations import DestinationRules
from app.upstream.http.client import HttpClient
from app.upstream.openapi import OpenApiClient
from app.upstream.rate_limits import RateLimiter
from app.webhooks.callback_url_policy import CallbackUrlPolicy
from app.webhooks.delivery_worker import DeliveryWorker
from app.webhooks.repository import DELIVERIES_DUE
from app.webhooks.scheduler import Caps
from app.webhooks.sender import WebhookSender, open_sender

Sessions = async_sessionmaker[AsyncSession]
Check = Callable[[], Awaitable[str | None]]

_log = structlog.get_logger()

# Added to the timeout of the response: connecting, writing a large body, and two short transactions.
_SUBMISSION_MARGIN = timedelta(seconds=120)
# How many database connections the look-ups of unknown keys, and of unknown access key ids, may use at a time.
_UNKNOWN_KEY_QUERIES = 2
_UNKNOWN_SIGNER_QUERIES = 1


@dataclass(frozen=True)
class ProcessContext:
    """What the services of one process share."""

    settings: Settings
    """With a database URL, an admin token and a sealing key."""

    engine: AsyncEngine
    """The pool of database connections."""

    sessions: Sessions
    """Opens sessions on ``engine``."""

    clock: Callable[[], datetime]
    """The time in UTC."""

    monotonic: Callable[[], float]
    """Seconds of a clock that never goes back; it decides when cached reads expire."""

    box: SecretBox
    """Seals and opens the secrets in the database."""

    destinations: DestinationRules
    """The servers to which upstream calls may be made."""

    http: HttpClient
    """Sends all upstream calls."""

    callback_urls: CallbackUrlPolicy
    """The URLs that tenants may name for their callbacks."""

    sender: WebhookSender
    """Posts deliveries to tenants' URLs."""

    body_thread: BodyThread
    """Parses and checks large bodies."""

    processes: ProcessRegistry
    """The registration of this process."""

    directory: ChannelDirectory
    """The channels, cached for less than a second."""

    rates: RateLimiter
    """The call rates of the upstream accounts."""

    faults: ChannelFaults
    """Observes all upstream calls."""


@dataclass(frozen=True)
class Services:
    """The services of one process."""

    engine: AsyncEngine
    sessions: Sessions
    processes: ProcessRegistry
    retry_dedup: RetryDedup
    due_work: DueWork
    readiness: Readiness
    metrics: Metrics
    bodies: BodyAdmission
    admin_token: AdminToken
    authenticator: Authenticator
    turns: Turns
    last_used: LastUsedWriter
    tenants: TenantService
    keys: KeyService
    channels: ChannelService
    continuity: ContinuityCheck
    probe: ChannelProbe
    channel_monitor: ChannelMonitor
    channel_faults: ChannelFaults
    directory: ChannelDirectory
    catalog: ModelCatalog
    assets: AssetService
    asset_poller: AssetPoller
    asset_create_recovery: CreateRecovery
    tasks: TaskService
    task_creation: TaskCreation
    stale_creates: StaleCreates
    task_deletion: TaskDeletion
    task_admin: TaskAdminService
    client_refresh: ClientRefresh
    task_poller: TaskPoller
    attribution: Attribution
    reconciler: Reconciler
    reconciliation: Reconciliation
    adoption: AdoptionService
    callbacks: CallbackInbox
    webhooks: WebhookService
    delivery_worker: DeliveryWorker

    def to_state(self) -> dict[str, Any]:
        """Returns the lifespan state, in which routes find the services by name."""
        return dict(vars(self))

    def jobs(self) -> list[Job]:
        """Returns the background jobs, which may run in every process: they claim their work."""

        def when_due(name: str, interval_seconds: float, run: Callable[[], Awaitable[object]], probe: Probe) -> Job:
            return Job(name, interval_seconds, run, self.due_work.watch(probe))

        recovery = self.asset_create_recovery
        return [
            # It wakes all jobs when it fails, and each of them backs off by itself.
            Job("find_due_work", 1.0, self.due_work.find, max_backoff_factor=2),
            when_due("follow_tasks", 1.0, self.task_poller.run_once, tasks_due.POLLS_DUE),
            when_due("reconcile", 1.0, self.reconciler.run_once, tasks_due.SEARCHES_DUE),
            when_due("tidy_intents", 10.0, self.reconciler.tidy, tasks_due.LEFTOVERS_DUE),
            when_due("settle_abandoned_creates", 2.0, self.stale_creates.run_once, self.stale_creates.probe),
            when_due("poll_assets", 1.0, self.asset_poller.run_once, assets_due.POLLS_DUE),
            when_due("recover_asset_creates", 1.0, recovery.run_once, assets_due.SEARCHES_DUE),
            when_due("deliver", 0.5, self.delivery_worker.run_once, DELIVERIES_DUE),
            Job("watch_channels", INTERVAL_SECONDS, self.channel_monitor.run_once),
            Job("remove_old_deliveries", 3600.0, self.delivery_worker.prune),
            Job("remove_old_attempts", 60.0, self.retry_dedup.remove_old),
            Job("remove_old_instances", 3600.0, self.processes.remove_old),
        ]

    def recorders(self) -> list[Job]:
        """Returns the jobs that every process needs, even without background work."""
        return [
            Job("write_last_used", 5.0, self.last_used.flush),
            Job("write_channel_faults", 2.0, self.channel_faults.flush),
            Job("renew_registration", RENEW_SECONDS, self.processes.renew),
            Job("write_answered_attempts", 1.0, self.retry_dedup.flush),
        ]


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
    is_upstream_new: bool = False,
) -> AsyncIterator[Services]:
    """Yields the services of one process, and closes them in reverse order.

    It checks the canary, seeds an empty model table, and updates the channel ``default`` from the environment.

    Args:
        settings: with a database URL, an admin token and a sealing key.
        clock: the time in UTC.
        monotonic: seconds of a clock that never goes back.
        is_upstream_new: the upstream is known to be empty (``dev``'s sandbox after its start), so the channel is not
            suspended for lacking the newest known task.

    Raises:
        SealError: ``SEEDGATE_SECRET_KEY`` does not open the secrets in the database.
        SettingError: another setting is not valid.
    """
    if settings.database_url is None or settings.admin_token is None or settings.secret_key is None:
        raise ValueError("services need a database URL, an admin token and a sealing key")
    hide(settings.secret_texts())
    async with AsyncExitStack() as stack:
        context = await _open_context(settings, stack, clock=clock, monotonic=monotonic)
        services = _build(context)
        await services.processes.open()
        stack.push_async_callback(services.processes.close)
        stack.push_async_callback(_flush_recorders, services)
        stack.push_async_callback(_drain, services)
        verify = None if is_upstream_new else services.continuity
        await ensure_default_channel(settings, services.channels, verify=verify)
        yield services


async def _open_context(
    settings: Settings, stack: AsyncExitStack, *, clock: Callable[[], datetime], monotonic: Callable[[], float]
) -> ProcessContext:
    """Opens what the services share; ``stack`` closes it."""
    assert settings.secret_key is not None  # noqa: S101 - checked by the caller
    assert settings.database_url is not None  # noqa: S101 - checked by the caller
    url = settings.database_url.get_secret_value()
    box = SecretBox.from_text(settings.secret_key.get_secret_value())
    engine = open_engine(url, pool_size=settings.db_pool_size)
    stack.push_async_callback(engine.dispose)
    sessions = session_factory(engine)
    await check_canary(sessions, box)
    await seed_models(sessions, first_models(settings), clock)
    destinations = destination_rules(settings)
    http = await stack.enter_async_context(open_http(settings, destinations))
    callback_urls = CallbackUrlPolicy(allow=settings.callback_allow, public_url=settings.public_url)
    sender = await stack.enter_async_context(open_sender(callback_urls, max_concurrent=Caps().total))
    body_thread = BodyThread()
    stack.callback(body_thread.close)
    directory = ChannelDirectory(sessions, box, monotonic=monotonic)
    return ProcessContext(
        settings=settings,
        engine=engine,
        sessions=sessions,
        clock=clock,
        monotonic=monotonic,
        box=box,
        destinations=destinations,
        http=http,
        callback_urls=callback_urls,
        sender=sender,
        body_thread=body_thread,
        processes=ProcessRegistry(url, sessions, clock),
        directory=directory,
        rates=RateLimiter(sessions, owner_of=directory.rate_limit_owner),
        faults=ChannelFaults(sessions, clock),
    )


async def _drain(services: Services) -> None:
    """Waits for all running work, concurrently: the supervisor's stop timeout is limited."""
    await asyncio.gather(
        services.assets.drain(),
        services.task_creation.drain(),
        services.client_refresh.drain(),
        services.task_poller.drain(),
        services.retry_dedup.drain(),
        services.callbacks.drain(),
        services.reconciler.drain(),
        services.delivery_worker.drain(),
    )


async def _flush_recorders(services: Services) -> None:
    """Writes what the recorders hold; without a database the last seconds are lost, and the shutdown goes on."""
    for name, flush in (
        ("last_used", services.last_used.flush),
        ("answered_attempts", services.retry_dedup.flush),
        ("channel_faults", services.channel_faults.flush),
    ):
        try:
            await flush()
        except Exception as error:
            if not is_unavailable(error):
                raise
            _log.warning("shutdown_write_failed", what=name, error=type(error).__name__)


def _build(context: ProcessContext) -> Services:
    """Builds the services from the lowest floor up; it does no I/O."""
    settings, sessions, clock, monotonic = context.settings, context.sessions, context.clock, context.monotonic
    box, http, processes = context.box, context.http, context.processes
    directory, rates, faults = context.directory, context.rates, context.faults
    assert settings.admin_token is not None  # noqa: S101 - checked by the caller
    create_window = timedelta(seconds=settings.create_read_timeout_seconds) + _SUBMISSION_MARGIN
    retry_dedup = RetryDedup(sessions, processes, clock, create_window=create_window, find_older_key=find_older_key)
    ark = ArkClient(http, create_read_timeout_seconds=settings.create_read_timeout_seconds, observer=faults.observe)
    control = OpenApiClient(http, clock, observer=faults.observe)
    # Not observed: they are called with settings that may never become the channel's.
    trial_ark, trial_control = ArkClient(http), OpenApiClient(http, clock)
    last_used = LastUsedWriter(sessions)
    grace = timedelta(seconds=settings.unknown_grace_seconds)
    catalog = ModelCatalog(sessions, clock, monotonic=monotonic)
    tasks = TasksContext(
        sessions=sessions,
        clock=clock,
        directory=directory,
        ark=ark,
        rates=rates,
        retry_dedup=retry_dedup,
        processes=processes,
        create_window=create_window,
        grace=grace,
    )
    refresh, batch_refresh = TaskRefresh(tasks, monotonic=monotonic), BatchRefresh(tasks)
    single_gets = SingleGets(tasks, refresh)
    client_refresh = ClientRefresh(refresh, batch_refresh, single_gets)
    deletion, attribution = TaskDeletion(tasks, refresh), Attribution(tasks)
    asset_snapshot = AssetSnapshot(control, rates)
    assets = AssetsContext(sessions, clock, AssetsUpstream(directory, control), retry_dedup, processes)
    return Services(
        engine=context.engine,
        sessions=sessions,
        processes=processes,
        retry_dedup=retry_dedup,
        due_work=DueWork(context.engine, sessions, clock, instance_id=processes.instance_id),
        readiness=Readiness(
            checks={"database": _database_check(context.engine), "schema": _schema_check(context.engine)}
        ),
        metrics=Metrics(sessions, clock, monotonic=monotonic),
        bodies=BodyAdmission(limit_bytes=settings.max_body_bytes, budget_bytes=settings.body_budget_bytes),
        admin_token=AdminToken(settings.admin_token.get_secret_value()),
        authenticator=Authenticator(
            KeyCache(sessions, load_stored_keys, monotonic=monotonic, max_unknown_queries=_UNKNOWN_KEY_QUERIES),
            KeyCache(
                sessions,
                partial(load_signers, box=box),
                monotonic=monotonic,
                max_unknown_queries=_UNKNOWN_SIGNER_QUERIES,
            ),
            clock,
            last_used=last_used,
            region=settings.region,
        ),
        turns=Turns(max_per_party=max(1, settings.db_pool_size // 2)),
        last_used=last_used,
        tenants=TenantService(sessions, clock),
        keys=KeyService(sessions, clock, box),
        channels=ChannelService(sessions, box, directory, clock, destinations=context.destinations),
        continuity=ContinuityCheck(sessions, trial_ark, trial_control, clock),
        probe=ChannelProbe(trial_ark, trial_control),
        channel_monitor=ChannelMonitor(
            sessions,
            directory=directory,
            probe=ChannelProbe(ark, control),
            rates=rates,
            leases=Leases(sessions),
            clock=clock,
        ),
        channel_faults=faults,
        directory=directory,
        catalog=catalog,
        assets=AssetService(assets),
        asset_poller=AssetPoller(assets),
        asset_create_recovery=CreateRecovery(assets),
        tasks=TaskService(tasks, catalog, refresh, client_refresh),
        task_creation=TaskCreation(
            tasks,
            catalog,
            context.body_thread,
            public_url=settings.public_url,
            callback_targets=context.callback_urls,
        ),
        stale_creates=StaleCreates(tasks),
        task_deletion=deletion,
        task_admin=TaskAdminService(tasks, refresh, deletion, attribution),
        client_refresh=client_refresh,
        task_poller=TaskPoller(tasks, batch_refresh, single_gets),
        attribution=attribution,
        reconciler=Reconciler(tasks, attribution),
        reconciliation=Reconciliation(
            sessions,
            directory=directory,
            snapshots=SnapshotReader(tasks),
            asset_snapshot=asset_snapshot,
            catalog=catalog,
            clock=clock,
            grace=grace,
        ),
        adoption=AdoptionService(
            sessions,
            directory=directory,
            catalog=catalog,
            tasks=TaskAdoption(tasks),
            groups=GroupAdoption(sessions, control=control, snapshot=asset_snapshot, rates=rates, clock=clock),
        ),
        callbacks=CallbackInbox(sessions, clock),
        webhooks=WebhookService(sessions, box, clock),
        delivery_worker=DeliveryWorker(sessions, context.sender, box, clock),
    )


def _database_check(engine: AsyncEngine) -> Check:
    async def check() -> str | None:
        try:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception as error:
            if not is_unavailable(error):
                raise
            return "does not answer"
        return None

    return check


def _schema_check(engine: AsyncEngine) -> Check:
    async def check() -> str | None:
        try:
            state = await schema_state(engine)
        except Exception as error:
            if not is_unavailable(error):
                raise
            return "cannot be read"
        return None if state.is_current else f"is at {state.current}, should be at {state.head}"

    return check
