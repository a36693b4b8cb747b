"""The services of one process, their background jobs, and what happens to both when the process stops."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.admin.auth_throttle import AuthThrottle
from app.admin.authentication import AdminAuthenticator
from app.admin.bulk_resend import BulkResend
from app.admin.channel_continuity import ContinuityCheck
from app.admin.erasure import TenantErasure
from app.admin.metrics import Metrics
from app.admin.reconcile.adoption import AdoptionService
from app.admin.reconcile.report import Reconciliation
from app.admin.summary.service import SummaryService
from app.admin.usage_check import UsageCheck
from app.admin.webhook_service import WebhookService
from app.admins.service import AdminService
from app.admins.stored_admin import load_stored_admins
from app.archive.bandwidth import COPIED_BYTES_PER_SECOND, Bandwidth
from app.archive.copier import ArchiveCopier
from app.archive.links import KEY_PURPOSE, ArchiveLinks, MediaTokens
from app.archive.media_routes import MediaService
from app.archive.repository import COPIES_DUE
from app.archive.transfer import Transfer
from app.assets import due_work as assets_due
from app.assets.actions import AssetService
from app.assets.admin_service import AssetAdminService
from app.assets.context import AssetsContext
from app.assets.erasure import AssetErasure
from app.assets.fast_lists import FastLists
from app.assets.poller import AssetPoller
from app.assets.recovery import CreateRecovery
from app.assets.upstream import AssetsUpstream
from app.audit.retention import AuditRetention
from app.catalog.service import ModelCatalog
from app.channels.directory import ChannelDirectory
from app.channels.faults import ChannelFaults
from app.channels.monitor import INTERVAL_SECONDS, ChannelMonitor
from app.channels.probe import ChannelProbe
from app.channels.service import ChannelService
from app.console.due_work import SESSIONS_DUE
from app.console.retention import SessionRetention
from app.console.sessions import ConsoleSessions
from app.core.change_feed import ChangeFeed
from app.core.due_work import DueWork, Probe
from app.core.jobs import Job
from app.core.process_registry import RENEW_SECONDS, ProcessRegistry
from app.core.sealing import SecretBox
from app.core.turns import Turns
from app.core.watched_rows import WatchedRows
from app.creates.group_insert import GroupInsert
from app.creates.retry_dedup import RetryDedup
from app.db.engine import is_unavailable
from app.db.group_commit import GroupCommit
from app.db.hot_reads import HotReads
from app.db.readiness import readiness_checks
from app.http.body import BodyAdmission
from app.http.body_thread import BodyThread
from app.http.fast_path import FastPaths
from app.http.health import Readiness
from app.http.session_cookie import SessionCookies
from app.limits.counters import RateLimits
from app.limits.store import Store
from app.money.budgets.directory import BudgetDirectory
from app.money.budgets.notices import BudgetNotices
from app.money.budgets.refusals import BudgetRefusals
from app.money.budgets.service import BudgetService
from app.money.prices.service import PriceCatalog
from app.openai.content import ContentStreams
from app.openai.service import VideoService
from app.settings import Settings
from app.tasks import due_work as tasks_due
from app.tasks.admin_service import TaskAdminService
from app.tasks.archived import ArchiveMarks, fresh_bodies
from app.tasks.callbacks import CallbackInbox
from app.tasks.context import TasksContext
from app.tasks.creation.affordable import CreateBudgets
from app.tasks.creation.cap_room import CapRoom
from app.tasks.creation.create import TaskCreation
from app.tasks.creation.group_admission import leave_out_refused
from app.tasks.deletion import TaskDeletion
from app.tasks.fast_create import FastCreate
from app.tasks.fast_get import FastGet
from app.tasks.fast_list import FastList
from app.tasks.polling.batch_refresh import BatchRefresh
from app.tasks.polling.bulk_refresh import BulkRefresh
from app.tasks.polling.client_refresh import ClientRefresh
from app.tasks.polling.poller import TaskPoller
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.polling.single_gets import SingleGets
from app.tasks.ready_answers import ReadyAnswers
from app.tasks.recovery.attribution import Attribution
from app.tasks.recovery.reconciler import Reconciler
from app.tasks.recovery.stale_creates import StaleCreates
from app.tasks.rendered_models import RenderedModels
from app.tasks.repository import find_older_key
from app.tasks.retention import TaskRetention
from app.tasks.service import TaskService
from app.tasks.shared_reads import SharedReads
from app.tenants.authentication import Authenticator, LastUsedWriter
from app.tenants.fast_requests import FastRequests
from app.tenants.fast_responses import FastResponses
from app.tenants.key_cache import KeyCache
from app.tenants.key_service import KeyService
from app.tenants.service import TenantService
from app.tenants.stored_key import load_signers, load_stored_keys
from app.upstream.ark import ArkClient
from app.upstream.destinations import DestinationRules
from app.upstream.downloads import Downloader
from app.upstream.http.client import HttpClient
from app.upstream.openapi import OpenApiClient
from app.upstream.rate_limits import RateLimiter
from app.usage.budget_periods import BudgetPeriods, begin_period
from app.usage.corrections import UsageCorrections
from app.usage.pricing import PricingSource
from app.usage.service import UsageService
from app.webhooks.callback_url_policy import CallbackUrlPolicy
from app.webhooks.delivery_worker import DeliveryWorker, OperatorEndpoint
from app.webhooks.outbox import origin_of
from app.webhooks.repository import DELIVERIES_DUE
from app.webhooks.sender import WebhookSender

if TYPE_CHECKING:
    from app.archive.store import ArchiveStore  # its library is imported only where an archive is configured

_log = structlog.get_logger()

# Added to the timeout of the response: connecting, writing a large body, and two short transactions.
_SUBMISSION_MARGIN = timedelta(seconds=120)
# How many database connections the look-ups of unknown keys, access key ids and admin tokens may use at a time.
_UNKNOWN_KEY_QUERIES = 2
_UNKNOWN_SIGNER_QUERIES = 1
_UNKNOWN_ADMIN_QUERIES = 1


@dataclass(frozen=True)
class OpenArchive:
    """What copies in the archive are made with."""

    store: "ArchiveStore"
    """The operator's storage."""

    downloader: Downloader
    """Fetches the upstream's files."""


@dataclass(frozen=True)
class ProcessContext:
    """What the services of one process share."""

    settings: Settings
    """With a database URL, an admin token and a sealing key."""

    engine: AsyncEngine
    """The pool of database connections."""

    sessions: async_sessionmaker[AsyncSession]
    """Opens sessions on ``engine``."""

    reads: HotReads
    """Frequent reads, on connections of ``engine``."""

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

    operator: OperatorEndpoint | None
    """Where messages to the operator go; None: nowhere, and none are written."""

    body_thread: BodyThread
    """Parses and checks large bodies."""

    group: GroupCommit
    """Commits together what concurrent requests write; no batch waits for a lock."""

    waiting_group: GroupCommit
    """Commits together the creates that were locked out of the batches of ``group``; a batch waits for their locks."""

    processes: ProcessRegistry
    """The registration of this process."""

    changes: ChangeFeed
    """What other processes have changed; connected by the gateway only."""

    limit_store: Store | None
    """Counts the requests of all processes; None: each process takes its share."""

    archive: OpenArchive | None
    """Where clips are copied to; None: nowhere."""

    content_downloader: Downloader | None
    """Of the content of videos, where the gateway passes it on."""

    directory: ChannelDirectory
    """The channels, cached for less than a second."""

    rates: RateLimiter
    """The call rates of the upstream accounts."""

    faults: ChannelFaults
    """Observes all upstream calls."""


class Services:
    """The services of one process, built from the lowest floor up; building them does no I/O."""

    def __init__(self, context: ProcessContext) -> None:  # noqa: PLR0915 - a statement a service
        settings, sessions, clock, monotonic = context.settings, context.sessions, context.clock, context.monotonic
        assert settings.admin_token is not None  # noqa: S101 - checked by the caller
        self.engine, self.sessions, self.reads = context.engine, sessions, context.reads
        self.processes, self.changes = context.processes, context.changes
        self.directory, self.channel_faults = context.directory, context.faults
        self.due_work = DueWork(context.engine, sessions, clock, instance_id=context.processes.instance_id)

        self.readiness = Readiness(readiness_checks(context.engine))
        self.bodies = BodyAdmission(limit_bytes=settings.max_body_bytes, budget_bytes=settings.body_budget_bytes)
        self.rate_limits = RateLimits(context.limit_store, context.changes.count_listeners, monotonic=monotonic)
        self.turns = Turns(max_per_party=max(1, settings.db_pool_size // 2))
        auth_throttle = AuthThrottle(monotonic=monotonic)
        self.admin_authenticator = AdminAuthenticator(
            settings.admin_token.get_secret_value(),
            KeyCache(sessions, load_stored_admins, monotonic=monotonic, max_unknown_queries=_UNKNOWN_ADMIN_QUERIES),
            throttle=auth_throttle,
            clock=clock,
        )
        self.admins = AdminService(sessions, clock)
        self.summary = SummaryService(sessions, clock, timedelta(seconds=settings.unknown_grace_seconds))
        self.metrics = Metrics(sessions, clock, monotonic=monotonic)

        observe, read_timeout_seconds = context.faults.observe, settings.create_read_timeout_seconds
        ark = ArkClient(context.http, create_read_timeout_seconds=read_timeout_seconds, observer=observe)
        control = OpenApiClient(context.http, clock, observer=observe)
        # Not observed: they are called with settings that may never become the channel's.
        trial_ark, trial_control = ArkClient(context.http), OpenApiClient(context.http, clock)

        self.ready_answers = ReadyAnswers(context.changes, clock=clock)
        self.links, self.media, self.archive_copier = self._to_archive(context)

        fresh = None if self.links is None else partial(fresh_bodies, self.links, clock)
        self.webhooks = WebhookService(sessions, context.box, clock, fresh)
        self.bulk_resend = BulkResend(sessions, clock)
        self.delivery_worker = DeliveryWorker(
            sessions,
            context.sender,
            context.box,
            clock,
            operator=context.operator,
            retention=timedelta(days=settings.retention_days.deliveries),
            fresh_bodies=fresh,
        )

        self.last_used = LastUsedWriter(sessions)
        key_rows = WatchedRows(context.changes, "keys")
        self.authenticator = Authenticator(
            KeyCache(
                sessions,
                load_stored_keys,
                monotonic=monotonic,
                max_unknown_queries=_UNKNOWN_KEY_QUERIES,
                rows=key_rows,
                tenant_of=lambda key: key.principal.tenant_id,
            ),
            KeyCache(
                sessions,
                partial(load_signers, box=context.box),
                monotonic=monotonic,
                max_unknown_queries=_UNKNOWN_SIGNER_QUERIES,
                rows=key_rows,
                tenant_of=lambda signer: signer.key.principal.tenant_id,
            ),
            clock,
            last_used=self.last_used,
            region=settings.region,
        )
        self.console_sessions: ConsoleSessions | None = None
        if settings.console == "on":
            self.console_sessions = ConsoleSessions(
                sessions,
                clock,
                admins=self.admin_authenticator,
                keys=self.authenticator,
                throttle=auth_throttle,
                rate_limits=self.rate_limits,
                cookies=SessionCookies(settings.trusted_proxies),
                environment_token=settings.admin_token.get_secret_value(),
                monotonic=monotonic,
            )
        self.tenants, self.keys = TenantService(sessions, clock), KeyService(sessions, clock, context.box)

        self.channels = ChannelService(
            sessions, context.box, context.directory, clock, destinations=context.destinations
        )
        self.continuity = ContinuityCheck(sessions, trial_ark, trial_control, clock)
        self.probe = ChannelProbe(trial_ark, trial_control)
        self.channel_monitor = ChannelMonitor(
            sessions, directory=context.directory, probe=ChannelProbe(ark, control), rates=context.rates, clock=clock
        )

        create_window = timedelta(seconds=read_timeout_seconds) + _SUBMISSION_MARGIN
        self.retry_dedup = RetryDedup(
            sessions, context.processes, clock, create_window=create_window, find_older_key=find_older_key
        )
        self.catalog = ModelCatalog(sessions, clock, feed=context.changes, monotonic=monotonic)
        self.rendered_models = RenderedModels(self.catalog, context.directory)
        group_insert, waiting_insert = (
            GroupInsert(
                group,
                instance_id=context.processes.instance_id,
                is_marking=self.retry_dedup.is_marking,
                checks=[partial(leave_out_refused, is_waiting=is_waiting)],
            )
            for group, is_waiting in ((context.group, False), (context.waiting_group, True))
        )
        self.prices = PriceCatalog(sessions, clock, monotonic=monotonic)
        self.budgets = BudgetService(sessions, self.prices, clock, begin_period=begin_period)
        self.budget_refusals = BudgetRefusals(sessions, clock)
        self.budget_notices = (
            None if context.operator is None else BudgetNotices(sessions, clock, origin=origin_of(context.operator.url))
        )
        self.usage = UsageService(sessions)
        self.usage_corrections = UsageCorrections(sessions, clock)

        assets = AssetsContext(
            sessions=sessions,
            reads=context.reads,
            clock=clock,
            upstream=AssetsUpstream(context.directory, control),
            control=control,
            rates=context.rates,
            retry_dedup=self.retry_dedup,
            processes=context.processes,
            group_insert=group_insert,
        )
        self.assets = AssetService(assets)
        self.asset_admin = AssetAdminService(assets)
        self.asset_poller = AssetPoller(assets)
        self.asset_create_recovery = CreateRecovery(assets)

        pricing = PricingSource(sessions, self.prices, monotonic=monotonic)
        directory = BudgetDirectory(sessions, feed=context.changes, monotonic=monotonic)
        tasks = TasksContext(
            sessions=sessions,
            reads=context.reads,
            clock=clock,
            directory=context.directory,
            ark=ark,
            rates=context.rates,
            pricing=pricing,
            retry_dedup=self.retry_dedup,
            processes=context.processes,
            create_window=create_window,
            links=self.links,
            grace=timedelta(seconds=settings.unknown_grace_seconds),
        )
        refresh, batch_refresh = TaskRefresh(tasks, monotonic=monotonic), BatchRefresh(tasks)
        bulk_refresh, single_gets = BulkRefresh(tasks), SingleGets(tasks, refresh)
        self.client_refresh = ClientRefresh(tasks, refresh, batch_refresh, bulk_refresh, single_gets)
        self.tasks = TaskService(tasks, self.catalog, self.client_refresh, self.ready_answers)
        self.cap_room = CapRoom(sessions, self.catalog)
        self.task_creation = TaskCreation(
            tasks,
            self.catalog,
            context.body_thread,
            group=context.group,
            group_insert=group_insert,
            waiting_insert=waiting_insert,
            budgets=CreateBudgets(
                directory, BudgetPeriods(sessions), self.budget_refusals, self.budgets, self.cap_room
            ),
            public_url=settings.public_url,
            callback_targets=context.callback_urls,
        )
        self.stale_creates = StaleCreates(tasks)
        self.task_deletion = TaskDeletion(tasks, refresh, self.ready_answers)
        self.body_thread = context.body_thread
        downloader = context.content_downloader
        self.content_streams = None if downloader is None else ContentStreams(downloader)
        self.videos = VideoService(
            self.tasks,
            self.task_creation,
            self.task_deletion,
            catalog=self.catalog,
            directory=context.directory,
            body_thread=self.body_thread,
            clock=clock,
            are_streamed=downloader is not None,
            has_archive=self.media is not None,
            public_url=settings.public_url,
        )
        task_retention = TaskRetention(sessions, self.ready_answers, clock, settings.retention_days)
        self.erasure = TenantErasure(sessions, clock, tasks=task_retention, assets=AssetErasure(sessions, clock))
        # With the console switched off, too: sessions of before are there.
        self.session_retention = SessionRetention(sessions, clock)
        self.removals: dict[str, Callable[[], Awaitable[object]]] = {
            "remove_old_tasks": task_retention.run_once,
            "remove_old_deliveries": self.delivery_worker.prune,
            "remove_old_audit_rows": AuditRetention(sessions, clock, settings.retention_days).run_once,
        }
        self.task_poller = TaskPoller(tasks, batch_refresh, bulk_refresh, single_gets)
        self.attribution = Attribution(tasks)
        self.reconciler = Reconciler(tasks, self.attribution)
        self.callbacks = CallbackInbox(sessions, clock)

        self.task_admin = TaskAdminService(tasks, refresh, self.task_deletion, self.attribution)
        self.reconciliation = Reconciliation(tasks, assets, self.catalog)
        self.usage_check = UsageCheck(tasks, self.reconciliation)
        self.adoption = AdoptionService(tasks, assets, self.catalog)
        requests, responses = self._to_fast_requests(context), self._to_fast_responses(context)
        self.fast_path = self._to_fast_path(context, requests, responses)
        self.fast_create = FastCreate(
            requests, responses, self.authenticator, self.task_creation, bodies=self.bodies, turns=self.turns
        )

    def _to_archive(
        self, context: ProcessContext
    ) -> tuple[ArchiveLinks | None, MediaService | None, ArchiveCopier | None]:
        """Returns the links to copies, what serves them, and the job that makes them; none without an archive."""
        archive, settings = context.archive, context.settings
        if archive is None:
            return None, None, None
        tokens = MediaTokens(context.box.derived_keys(KEY_PURPOSE))
        links = ArchiveLinks(
            archive.store, tokens, base_url=settings.public_url, link_seconds=settings.archive_link_seconds
        )
        media = MediaService(context.sessions, archive.store, tokens, context.clock)
        transfer = Transfer(archive.store, archive.downloader, Bandwidth(COPIED_BYTES_PER_SECOND))
        marks = ArchiveMarks(context.sessions, self.ready_answers)
        copier = ArchiveCopier(context.sessions, transfer, marks, context.directory.media_rule, context.clock)
        return links, media, copier

    def _to_fast_requests(self, context: ProcessContext) -> FastRequests:
        settings = context.settings
        return FastRequests(
            self.authenticator,
            self.turns,
            self.rate_limits,
            context.clock,
            trusted_proxies=settings.trusted_proxies,
            cors_origins=settings.cors_origins,
            metrics_port=settings.metrics_port,
        )

    def _to_fast_responses(self, context: ProcessContext) -> FastResponses:
        settings = context.settings
        return FastResponses(
            self.rate_limits, context.clock, cors_origins=settings.cors_origins, region=settings.region
        )

    def _to_fast_path(self, context: ProcessContext, requests: FastRequests, responses: FastResponses) -> FastPaths:
        """Returns what answers requests without the application, the most frequent ones first."""
        settings = context.settings
        reads = SharedReads(context.engine, self.ready_answers, context.changes, self.links, context.clock)
        return FastPaths(
            [
                FastGet(
                    requests, responses, self.tasks, ready_answers=self.ready_answers, reads=reads, clock=context.clock
                ),
                FastList(requests, responses, self.tasks),
                FastLists(requests, responses, self.assets, region=settings.region),
            ]
        )

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
            when_due("poll_tasks", 1.0, self.task_poller.run_once, tasks_due.POLLS_DUE),
            when_due("reconcile", 1.0, self.reconciler.run_once, tasks_due.SEARCHES_DUE),
            when_due("tidy_intents", 10.0, self.reconciler.tidy, tasks_due.LEFTOVERS_DUE),
            when_due("settle_stale_creates", 2.0, self.stale_creates.run_once, self.stale_creates.probe),
            when_due("poll_assets", 1.0, self.asset_poller.run_once, assets_due.POLLS_DUE),
            when_due("recover_asset_creates", 1.0, recovery.run_once, assets_due.SEARCHES_DUE),
            when_due("deliver", 0.5, self.delivery_worker.run_once, DELIVERIES_DUE),
            *(
                [when_due("archive", 1.0, self.archive_copier.run_once, COPIES_DUE)]
                if self.archive_copier is not None
                else []
            ),
            Job("monitor_channels", INTERVAL_SECONDS, self.channel_monitor.run_once),
            *([] if self.budget_notices is None else [Job("notify_of_budgets", 5.0, self.budget_notices.run_once)]),
            Job("erase_tenants", 30.0, self.erasure.run_once),
            *(Job(name, 3600.0, remove) for name, remove in self.removals.items()),
            when_due("remove_expired_sessions", 60.0, self.session_retention.run_once, SESSIONS_DUE),
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
            Job("write_refusing_budgets", 2.0, self.budget_refusals.flush),
        ]

    async def drain(self) -> None:
        """Waits for all running work, concurrently: the supervisor's stop timeout is limited."""
        await asyncio.gather(
            self.assets.drain(),
            self.task_creation.drain(),
            self.client_refresh.drain(),
            self.task_poller.drain(),
            self.retry_dedup.drain(),
            self.callbacks.drain(),
            self.reconciler.drain(),
            self.delivery_worker.drain(),
            *([] if self.archive_copier is None else [self.archive_copier.drain()]),
        )

    async def flush_recorders(self) -> None:
        """Writes what the recorders hold; without a database the last seconds are lost, and the shutdown continues."""
        for name, flush in (
            ("last_used", self.last_used.flush),
            ("answered_attempts", self.retry_dedup.flush),
            ("channel_faults", self.channel_faults.flush),
            ("refusing_budgets", self.budget_refusals.flush),
        ):
            try:
                await flush()
            except Exception as error:
                if not is_unavailable(error):
                    raise
                _log.warning("shutdown_write_failed", what=name, error=type(error).__name__)
