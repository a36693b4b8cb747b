"""``doctor``: checks an installation, and says how to fix what is wrong."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_network
from pathlib import Path

import httpx
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.archive.configured import store_settings
from app.archive.errors import StoreError as StorageError
from app.archive.open_store import open_store as open_archive_store
from app.channels.canary import check_canary
from app.channels.channel import Channel, ChannelStatus
from app.channels.channel_secrets import is_bound, open_channel
from app.channels.configured import channel_from_environment
from app.channels.faults import load_faults
from app.channels.models import ChannelFaultRow, ChannelRow
from app.channels.probe import ChannelProbe
from app.channels.repository import ChannelRepository
from app.channels.rules import is_region_missing
from app.cli.backlog_checks import check_backlog
from app.cli.checks import CheckResult, failed, passed, warned
from app.cli.database import Database, running_database
from app.cli.dev_folder import dev_folder, is_running, kept_secrets
from app.cli.exit_codes import FAILED, say
from app.cli.friendly_errors import friendly_errors
from app.cli.lock_check import check_advisory_locks, is_shared_session_error, shared_sessions
from app.cli.process_settings import read_settings
from app.cli.role_check import check_role
from app.core.sealing import SealError, SecretBox
from app.db.base import utc_now
from app.db.engine import is_unavailable, open_engine, session_factory
from app.db.schema_version import schema_state
from app.db.versions import UnsupportedServerError
from app.devdb.folder import LOG_NAME, was_used
from app.limits.redis_store import RedisStore
from app.limits.store import StoreError
from app.observability.redaction import hide, redact
from app.settings import SettingError, Settings
from app.tasks.correlation import CALLBACK_PATH
from app.upstream.ark import ArkClient
from app.upstream.calls import parse_url
from app.upstream.configured import destination_rules, open_http
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError
from app.upstream.http.client import HttpClient
from app.upstream.openapi import OpenApiClient

_MAX_SKEW = timedelta(minutes=5)
_MIN_FREE_BYTES = 1024**3
_GIBIBYTE = 1024**3
_SERVER = "embedded server"
_PUBLIC_URL_TIMEOUT_SECONDS = 10.0
_ALIVE = {"status": "ok"}
_LOOPBACK = ip_network("127.0.0.0/8")


def doctor() -> None:
    """Prints the result of every check; exits with 1 if one failed."""
    settings = read_settings()
    with friendly_errors():
        results = _check_all(settings)
    for result in results:
        say(str(result))
    if not all(result.is_ok for result in results):
        raise SystemExit(FAILED)


def _check_all(settings: Settings) -> list[CheckResult]:
    """Checks the databases of ``serve`` and of each ``dev``, if they are running; starts none."""
    results = []
    folders = [dev_folder(settings, is_real=is_real) for is_real in (False, True)]
    used = [folder for folder in folders if was_used(folder)]
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        results.extend(asyncio.run(check_installation(settings, Database(url, owner_url=url, is_embedded=False))))
    elif was_used(settings.data_dir):
        results.extend(_check_embedded(settings))
    elif not used:
        results.append(warned("database", f"none yet in {settings.data_dir}: `seedgate dev` or `serve` makes it"))
    for folder in used:
        results.extend(_check_dev(settings, folder))
    return results


def _check_embedded(settings: Settings) -> list[CheckResult]:
    database = running_database(settings.data_dir)
    if database is None:
        return [passed(_SERVER, _not_running(settings.data_dir)), asyncio.run(_check_public_url(settings))]
    return asyncio.run(check_installation(settings, database))


def _check_dev(settings: Settings, folder: Path) -> list[CheckResult]:
    kept = kept_secrets(folder)
    database = running_database(folder) if kept is not None and is_running(folder) else None
    if kept is None or database is None:
        return [passed(folder.name, _not_running(folder))]
    described = settings.model_copy(
        update={
            "data_dir": folder,
            "secret_key": SecretStr(kept.secret_key),
            "public_url": None,
            "channel_allow": (*settings.channel_allow, _LOOPBACK),  # its sandbox is on this machine
        }
    )
    results = asyncio.run(check_installation(described, database))
    return [replace(result, name=f"{folder.name}: {result.name}") for result in results]


def _not_running(folder: Path) -> str:
    return f"not running; its data is in {folder}"


async def check_installation(settings: Settings, database: Database) -> list[CheckResult]:
    """Runs all checks; those that need the database are left out when it is not available."""
    hide(settings.secret_texts())
    redis_url = None if settings.redis_url is None else settings.redis_url.get_secret_value()
    return [
        *await _check_database(settings, database),
        await check_shared_limits(redis_url),
        await check_archive(settings),
        await _check_public_url(settings),
    ]


async def check_shared_limits(redis_url: str | None) -> CheckResult:
    """Checks that the server answers that counts the requests of limited keys for all processes."""
    if redis_url is None:
        return passed("shared limits", "SEEDGATE_REDIS_URL is not set: each process takes its share of a limit")
    store = RedisStore(redis_url)
    try:
        await store.ping()
    except StoreError as error:
        fix = "check SEEDGATE_REDIS_URL and the server; meanwhile each process takes its share of a limit"
        return failed("shared limits", f"the server does not answer: {error}; {fix}")
    finally:
        await store.aclose()
    return passed("shared limits", "the server of SEEDGATE_REDIS_URL answers")


async def check_archive(settings: Settings) -> CheckResult:
    """Checks that the store of the archive answers to its key pair."""
    configured = store_settings(settings)
    if configured is None:
        return passed("archive", "SEEDGATE_ARCHIVE_URL is not set: clips are not copied")
    try:
        await open_archive_store(configured).size("doctor")
    except StorageError as error:
        fix = "check SEEDGATE_ARCHIVE_… and the bucket's policy; clips are not copied meanwhile"
        return failed("archive", f"{error}; {fix}")
    return passed("archive", f"the store of {settings.archive_url} answers")


async def _check_database(settings: Settings, database: Database) -> list[CheckResult]:
    kind = "embedded" if database.is_embedded else "configured"
    answers = passed("database", f"the {kind} one answers")
    engine = open_engine(database.url)
    try:
        locks = await check_advisory_locks(database.url)
        role = await check_role(engine)
        results = [answers, role, await _check_embedded_server(settings, database, engine), locks]
        if not role.is_ok:
            return results  # without its rights the other checks would fail, too
        state = await schema_state(engine)
        if not state.is_current:
            message = f"at {state.current or 'nothing'}, needs {state.head}: run `seedgate migrate`"
            return [*results, failed("schema", message)]
        results.append(passed("schema", f"current ({state.head})"))
        return [*results, *[result async for result in _check_contents(settings, engine)]]
    except UnsupportedServerError as error:
        return [failed("database", f"{error}: move it to a newer server")]
    except Exception as error:
        if is_shared_session_error(error):
            return [answers, shared_sessions()]
        if not is_unavailable(error):
            raise
        fix = f"check {settings.database_variable} and the server"
        if database.is_embedded:
            fix = f"run `doctor` under the account that started it, and read {settings.data_dir / LOG_NAME}"
        return [failed("database", f"the {kind} one does not answer: {redact(str(error))}; {fix}")]
    finally:
        await engine.dispose()


async def _check_embedded_server(settings: Settings, database: Database, engine: AsyncEngine) -> CheckResult:
    if not database.is_embedded:
        return passed(_SERVER, "not used")
    async with engine.connect() as connection:
        version = await connection.scalar(text("SHOW server_version"))
    free = shutil.disk_usage(_existing(settings.data_dir)).free
    message = f"PostgreSQL {version} in {settings.data_dir}, {free / _GIBIBYTE:.1f} GiB free"
    if free < _MIN_FREE_BYTES:
        return failed(_SERVER, f"{message}: make room before it stops")
    return passed(_SERVER, message)


def _existing(folder: Path) -> Path:
    """Returns the folder or its nearest existing parent."""
    return next(candidate for candidate in (folder, *folder.parents) if candidate.exists())


async def _check_contents(settings: Settings, engine: AsyncEngine) -> AsyncIterator[CheckResult]:
    sessions = session_factory(engine)
    if settings.secret_key is None:
        yield failed("sealing key", "unset: set SEEDGATE_SECRET_KEY as `serve` has it")
    else:
        try:
            box = SecretBox.from_text(settings.secret_key.get_secret_value())
            await check_canary(sessions, box)
        except SealError as error:
            yield failed("sealing key", f"{error}; set the SEEDGATE_SECRET_KEY of this database")
        else:
            yield passed("sealing key", "opens what the database holds")
            async for result in _check_channels(settings, sessions, box):
                yield result
    async with sessions() as session:
        for result in await check_backlog(session, now=utc_now(), grace_seconds=settings.unknown_grace_seconds):
            yield result


async def _check_channels(
    settings: Settings, sessions: async_sessionmaker[AsyncSession], box: SecretBox
) -> AsyncIterator[CheckResult]:
    async with sessions() as session:
        rows = await ChannelRepository(session).all()
        faults = await load_faults(session, [row.id for row in rows])
    try:
        channel_from_environment(settings)
    except SettingError as error:
        yield failed("settings of the channel default", f"{error}; `serve` will not start with it")
    channels = [open_channel(box, row) for row in rows]
    for result in _check_rows(rows, channels):
        yield result
    async with open_http(settings, destination_rules(settings)) as http:
        for channel in channels:
            if channel.status == ChannelStatus.ACTIVE:
                async for result in _check_account(http, channel):
                    yield result
                if faults[channel.id]:
                    yield _refused_calls(channel.name, faults[channel.id])
            elif channel.status_reason is not None:
                fix = "mend its credentials, or set it active again once both planes answer"
                yield failed(f"channel {channel.name}", f"suspended, {channel.status_reason}: {fix}")
            else:
                yield passed(f"channel {channel.name}", "suspended by an operator")


def _check_rows(rows: Sequence[ChannelRow], channels: Sequence[Channel]) -> Iterator[CheckResult]:
    """Checks the channels as they are stored, without a call."""
    unbound = [row.name for row in rows if not is_bound(row)]
    if unbound:
        message = "not sealed for the origin that they were given for: run `seedgate secrets reseal`"
        yield warned("channel secrets", f"those of {', '.join(unbound)} are {message}")
    for channel in channels:
        if is_region_missing(channel):
            message = f"it leads to BytePlus, which has no {channel.region}: the ids of models there are others"
            fix = "set the account's `region`; that of `default` is SEEDGATE_REGION"
            yield warned(f"channel {channel.name} (region)", f"{message}; {fix}")
    if not any(channel.is_ready_for("ark") for channel in channels):
        yield failed("channels", "no active channel has a data plane key: set SEEDGATE_ARK_API_KEY or make a channel")


def _refused_calls(name: str, faults: Sequence[ChannelFaultRow]) -> CheckResult:
    message = "; ".join(
        f"{fault.operation} {fault.status} {fault.code}, {fault.times} times, last at {fault.last_at:%Y-%m-%d %H:%M} "
        f"UTC: {fault.message}"
        for fault in faults
    )
    fix = "mend the account or the URL; this goes five minutes after the last refusal, once such a call is answered"
    return failed(f"channel {name} (refused calls)", f"{message}; {fix}")


async def _check_account(http: HttpClient, channel: Channel) -> AsyncIterator[CheckResult]:
    results = await ChannelProbe(ArkClient(http), OpenApiClient(http, utc_now)).probe(channel)
    for plane, account in (("ark", channel.ark), ("openapi", channel.openapi)):
        if account is not None:
            name, result = f"channel {channel.name} ({plane})", results[plane]
            again = f"`seedgate channels check {channel.name}`"
            if result.is_throttled:  # for example by the gateway's own list call
                yield warned(name, f"{result.detail} Ask again in a moment with {again}")
            elif result.is_unsent:
                fix = "Set its URL right, or the DNS, network, firewall or SEEDGATE_EGRESS_PROXY of this machine, then"
                yield failed(name, f"{result.detail} {fix} {again}")
            elif result.ok:
                yield passed(name, result.detail)
            else:
                yield failed(name, f"{result.detail} Set its credentials and URL right, then {again}")
    if channel.ark is not None:
        yield await _check_clock(http, channel.name, channel.ark)


async def _check_clock(http: HttpClient, name: str, account: ArkAccount) -> CheckResult:
    """Compares the clocks: signatures are refused when they differ by more than about fifteen minutes."""
    try:
        response = await http.request("GET", parse_url(account.base_url))
        skew = abs(parsedate_to_datetime(response.header(b"date") or "") - utc_now())
    except (UpstreamError, ValueError):
        return passed(f"clock ({name})", "the upstream does not tell its time")
    seconds = int(skew.total_seconds())
    if skew > _MAX_SKEW:
        return failed(f"clock ({name})", f"{seconds} s off the upstream's: run a time service")
    return passed(f"clock ({name})", f"{seconds} s off the upstream's")


async def _check_public_url(settings: Settings) -> CheckResult:
    """Checks that the public URL leads to this gateway and lets callbacks through."""
    url = settings.public_url
    if url is None:
        return passed("public URL", "not set: upstream callbacks are not used")
    try:
        async with httpx.AsyncClient(timeout=_PUBLIC_URL_TIMEOUT_SECONDS, trust_env=False) as http:
            health = await http.get(f"{url}/healthz")
            # An unknown token gets the same answer as a real one, and has no effect.
            callback = await http.post(f"{url}{CALLBACK_PATH}{secrets.token_urlsafe(32)}", json={})
    except (httpx.HTTPError, OSError) as error:
        return failed(
            "public URL", f"{url} cannot be reached ({type(error).__name__}): check it, the proxy and the gateway"
        )
    if health.status_code != httpx.codes.OK or _json(health) != _ALIVE:
        return failed("public URL", f"something else answers at {url}: it must lead to the gateway's root")
    if callback.status_code != httpx.codes.OK or _json(callback) != {}:
        return failed("public URL", f"{url}{CALLBACK_PATH} does not get through: let the proxy pass POST to it")
    return passed("public URL", f"{url} leads here")


def _json(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None
