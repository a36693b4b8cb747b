"""Opens what the services of a process share, and yields the services, without a container or singletons.

The services become the application's lifespan state, where the routes find them.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from app.archive.configured import store_settings
from app.archive.due_tenants import MAX_CONCURRENT
from app.archive.open_store import open_store as open_archive_store
from app.archive.outbox import ARCHIVING
from app.catalog.model_list import first_models
from app.catalog.service import seed_models
from app.channels.canary import check_canary
from app.channels.default_channel import ensure_default_channel
from app.channels.directory import ChannelDirectory
from app.channels.faults import ChannelFaults
from app.core.change_feed import ChangeFeed
from app.core.process_registry import ProcessRegistry
from app.core.sealing import SecretBox
from app.db.base import utc_now
from app.db.engine import open_engine, session_factory
from app.db.group_commit import GroupCommit
from app.db.hot_reads import HotReads
from app.http.body_thread import BodyThread
from app.limits.open_store import open_store
from app.money.prices.default_prices import DEFAULT_PRICES
from app.money.prices.service import seed_prices
from app.observability.redaction import hide
from app.openai.content import MAX_STREAMS
from app.services import OpenArchive, ProcessContext, Services
from app.settings import Settings
from app.upstream.configured import destination_rules, open_http
from app.upstream.destinations import DestinationRules
from app.upstream.downloads import Downloader, open_downloader
from app.upstream.http.dialer import tls_context
from app.upstream.rate_limits import RateLimiter
from app.webhooks.callback_url_policy import ANYWHERE, CallbackUrlPolicy
from app.webhooks.delivery_worker import OperatorEndpoint
from app.webhooks.scheduler import Caps
from app.webhooks.sender import open_sender


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
    is_upstream_new: bool = False,
) -> AsyncIterator[Services]:
    """Yields the services of one process, and closes them in reverse order.

    It checks the canary, seeds empty tables of models and prices, and updates the channel ``default`` from the
    environment.

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
        services = Services(context)
        await services.processes.open()
        stack.push_async_callback(services.processes.close)
        stack.push_async_callback(services.flush_recorders)
        stack.push_async_callback(services.drain)
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
    # Some connections are left for what is not frequent.
    reads = HotReads(engine, max_connections=max(1, settings.db_pool_size - 2))
    stack.push_async_callback(reads.close)
    group, waiting_group = GroupCommit(url), GroupCommit(url)
    stack.push_async_callback(group.aclose)
    stack.push_async_callback(waiting_group.aclose)
    await check_canary(sessions, box)
    await seed_models(sessions, first_models(settings), clock)
    await seed_prices(sessions, DEFAULT_PRICES)
    destinations = destination_rules(settings)
    http = await stack.enter_async_context(open_http(settings, destinations))
    callback_urls = CallbackUrlPolicy(allow=settings.callback_allow, public_url=settings.public_url)
    sender = await stack.enter_async_context(open_sender(callback_urls, max_concurrent=Caps().total))
    operator = await _open_operator_endpoint(settings, stack)
    body_thread = BodyThread()
    stack.callback(body_thread.close)
    changes = ChangeFeed(url, sessions, monotonic=monotonic)
    limit_store = None if settings.redis_url is None else open_store(settings.redis_url.get_secret_value())
    if limit_store is not None:
        stack.push_async_callback(limit_store.aclose)
    archive = await _open_archive(settings, destinations, stack)
    if archive is not None:
        sessions.configure(info={ARCHIVING: True})
    directory = ChannelDirectory(sessions, box, feed=changes, monotonic=monotonic)
    return ProcessContext(
        settings=settings,
        engine=engine,
        sessions=sessions,
        reads=reads,
        clock=clock,
        monotonic=monotonic,
        box=box,
        destinations=destinations,
        http=http,
        callback_urls=callback_urls,
        sender=sender,
        operator=operator,
        body_thread=body_thread,
        group=group,
        waiting_group=waiting_group,
        processes=ProcessRegistry(url, sessions, clock),
        changes=changes,
        limit_store=limit_store,
        archive=archive,
        content_downloader=await _open_content_downloader(settings, destinations, stack),
        directory=directory,
        rates=RateLimiter(sessions, owner_of=directory.rate_limit_owner),
        faults=ChannelFaults(sessions, clock),
    )


async def _open_operator_endpoint(settings: Settings, stack: AsyncExitStack) -> OperatorEndpoint | None:
    """Opens what posts to the operator's endpoint, which may be at any address; ``stack`` closes it."""
    if settings.operator_webhook is None:
        return None
    tls = None if settings.ca_bundle is None else tls_context(str(settings.ca_bundle))
    sender = await stack.enter_async_context(open_sender(ANYWHERE, max_concurrent=Caps().per_tenant, tls=tls))
    return OperatorEndpoint(settings.operator_webhook.get_secret_value(), sender)


async def _open_archive(
    settings: Settings, destinations: DestinationRules, stack: AsyncExitStack
) -> OpenArchive | None:
    """Opens the archive, if one is configured; ``stack`` closes it."""
    configured = store_settings(settings)
    if configured is None:
        return None
    proxy = settings.egress_proxy
    downloader = await stack.enter_async_context(
        open_downloader(
            destinations,
            max_concurrent=MAX_CONCURRENT,
            proxy=None if proxy is None else proxy.get_secret_value(),
            ca_bundle=None if settings.ca_bundle is None else str(settings.ca_bundle),
        )
    )
    return OpenArchive(open_archive_store(configured), downloader)


async def _open_content_downloader(
    settings: Settings, destinations: DestinationRules, stack: AsyncExitStack
) -> Downloader | None:
    """Opens what passes the content of videos on, if it is passed on; ``stack`` closes it."""
    if settings.video_content == "redirect":
        return None
    proxy = settings.egress_proxy
    return await stack.enter_async_context(
        open_downloader(
            destinations,
            max_concurrent=MAX_STREAMS,
            proxy=None if proxy is None else proxy.get_secret_value(),
            ca_bundle=None if settings.ca_bundle is None else str(settings.ca_bundle),
        )
    )
