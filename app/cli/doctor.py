"""``doctor``: what is wrong, a line each, with the mend."""

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

from app.channels.canary import check_canary
from app.channels.channel import Channel, ChannelStatus
from app.channels.channel_secrets import is_bound, open_channel
from app.channels.default_channel import channel_from_environment
from app.channels.faults import load_faults
from app.channels.models import ChannelFaultRow, ChannelRow
from app.channels.probe import ChannelProbe
from app.channels.repository import ChannelRepository
from app.channels.rules import is_region_missing
from app.cli.advisory_locks import examine_advisory_locks, is_of_shared_sessions, shared_sessions
from app.cli.database import Database, running_database
from app.cli.database_role import examine_role
from app.cli.dev_folder import dev_folder, is_running, kept_secrets
from app.cli.exits import FAILED
from app.cli.failures import explained_failures
from app.cli.findings import Finding, broken, fine, warned
from app.cli.process_settings import read_settings
from app.cli.stuck_work import stuck_work
from app.composition import destination_rules, open_http
from app.core.sealing import SealError, SecretBox
from app.db.base import utc_now
from app.db.embedded.folders import LOG_NAME, was_used
from app.db.engine import is_unavailable, open_engine, session_factory
from app.db.schema import schema_state
from app.db.versions import UnsupportedServerError
from app.observability.redaction import hide, redact
from app.settings import SettingError, Settings
from app.tasks.correlation import CALLBACK_PATH
from app.upstream.ark import ArkClient
from app.upstream.calls import parse_url
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError
from app.upstream.http.client import HttpClient
from app.upstream.openapi import OpenApiClient

_MOST_SKEW = timedelta(minutes=5)
_LEAST_FREE_BYTES = 1024**3
_GIBIBYTE = 1024**3
_SERVER = "embedded server"
_PUBLIC_URL_SECONDS = 10.0
_ALIVE = {"status": "ok"}
_LOOPBACK = ip_network("127.0.0.0/8")


def doctor() -> None:
    """Prints every finding; exits with 1 when something is broken."""
    settings = read_settings()
    with explained_failures():
        findings = _findings(settings)
    for finding in findings:
        print(finding)  # noqa: T201 - the command's answer
    if not all(finding.is_fine for finding in findings):
        raise SystemExit(FAILED)


def _findings(settings: Settings) -> list[Finding]:
    """Examines the configured database or that of ``serve``, and of each ``dev``, as far as they run; starts none."""
    findings = []
    folders = [dev_folder(settings, is_real=is_real) for is_real in (False, True)]
    used = [folder for folder in folders if was_used(folder)]
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        findings.extend(asyncio.run(examine(settings, Database(url, owner_url=url, is_embedded=False))))
    elif was_used(settings.data_dir):
        findings.extend(_examine_embedded(settings))
    elif not used:
        findings.append(warned("database", f"none yet in {settings.data_dir}: `seedgate dev` or `serve` makes it"))
    for folder in used:
        findings.extend(_examine_dev(settings, folder))
    return findings


def _examine_embedded(settings: Settings) -> list[Finding]:
    database = running_database(settings.data_dir)
    if database is None:
        return [fine(_SERVER, _not_running(settings.data_dir)), asyncio.run(_public_url(settings))]
    return asyncio.run(examine(settings, database))


def _examine_dev(settings: Settings, folder: Path) -> list[Finding]:
    kept = kept_secrets(folder)
    database = running_database(folder) if kept is not None and is_running(folder) else None
    if kept is None or database is None:
        return [fine(folder.name, _not_running(folder))]
    described = settings.model_copy(
        update={
            "data_dir": folder,
            "secret_key": SecretStr(kept.secret_key),
            "public_url": None,
            "channel_allow": (*settings.channel_allow, _LOOPBACK),  # its sandbox is on this machine
        }
    )
    findings = asyncio.run(examine(described, database))
    return [replace(finding, name=f"{folder.name}: {finding.name}") for finding in findings]


def _not_running(folder: Path) -> str:
    return f"not running; its data is in {folder}"


async def examine(settings: Settings, database: Database) -> list[Finding]:
    """Looks at everything, and returns a finding for each; what needs a database that is away is left out."""
    hide(settings.secret_texts())
    kind = "embedded" if database.is_embedded else "configured"
    engine = open_engine(database.url)
    try:
        locks = await examine_advisory_locks(database.url)
        role = await examine_role(engine)
        findings = [fine("database", f"the {kind} one answers"), role]
        findings.append(await _embedded_server(settings, database, engine))
        findings.append(locks)
        if not role.is_fine:
            return [*findings, await _public_url(settings)]  # nothing else in the database can be read for sure
        state = await schema_state(engine)
        if not state.is_current:
            told = f"at {state.current or 'nothing'}, needs {state.head}: run `seedgate migrate`"
            return [*findings, broken("schema", told), await _public_url(settings)]
        findings.append(fine("schema", f"current ({state.head})"))
        findings.extend([finding async for finding in _examine_contents(settings, engine)])
    except UnsupportedServerError as error:
        return [broken("database", f"{error}: move it to a newer server"), await _public_url(settings)]
    except Exception as error:
        if is_of_shared_sessions(error):
            return [fine("database", f"the {kind} one answers"), shared_sessions(), await _public_url(settings)]
        if not is_unavailable(error):
            raise
        mend = f"check {settings.database_variable} and the server"
        if database.is_embedded:
            mend = f"run `doctor` under the account that started it, and read {settings.data_dir / LOG_NAME}"
        told = f"the {kind} one does not answer: {redact(str(error))}; {mend}"
        return [broken("database", told), await _public_url(settings)]
    else:
        return [*findings, await _public_url(settings)]
    finally:
        await engine.dispose()


async def _embedded_server(settings: Settings, database: Database, engine: AsyncEngine) -> Finding:
    if not database.is_embedded:
        return fine(_SERVER, "not used")
    async with engine.connect() as connection:
        version = await connection.scalar(text("SHOW server_version"))
    free = shutil.disk_usage(_existing(settings.data_dir)).free
    told = f"PostgreSQL {version} in {settings.data_dir}, {free / _GIBIBYTE:.1f} GiB free"
    if free < _LEAST_FREE_BYTES:
        return broken(_SERVER, f"{told}: make room before it stops")
    return fine(_SERVER, told)


def _existing(folder: Path) -> Path:
    """Returns a folder or the nearest one above it that there is."""
    return next(candidate for candidate in (folder, *folder.parents) if candidate.exists())


async def _examine_contents(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Finding]:
    sessions = session_factory(engine)
    if settings.secret_key is None:
        yield broken("sealing key", "unset: set SEEDGATE_SECRET_KEY as `serve` has it")
    else:
        try:
            box = SecretBox.from_text(settings.secret_key.get_secret_value())
            await check_canary(sessions, box)
        except SealError as error:
            yield broken("sealing key", f"{error}; set the SEEDGATE_SECRET_KEY of this database")
        else:
            yield fine("sealing key", "opens what the database holds")
            async for finding in _examine_channels(settings, sessions, box):
                yield finding
    async with sessions() as session:
        for finding in await stuck_work(session, now=utc_now(), grace_seconds=settings.unknown_grace_seconds):
            yield finding


async def _examine_channels(
    settings: Settings, sessions: async_sessionmaker[AsyncSession], box: SecretBox
) -> AsyncIterator[Finding]:
    async with sessions() as session:
        rows = await ChannelRepository(session).all()
        faults = await load_faults(session, [row.id for row in rows])
    try:
        channel_from_environment(settings)
    except SettingError as error:
        yield broken("settings of the channel default", f"{error}; `serve` will not start with it")
    channels = [open_channel(box, row) for row in rows]
    for finding in _examine_rows(rows, channels):
        yield finding
    async with open_http(settings, destination_rules(settings)) as http:
        for channel in channels:
            if channel.status == ChannelStatus.ACTIVE:
                async for finding in _examine_account(http, channel):
                    yield finding
                if faults[channel.id]:
                    yield _refused_calls(channel.name, faults[channel.id])
            elif channel.status_reason is not None:
                mend = "mend its credentials, or set it active again once both planes answer"
                yield broken(f"channel {channel.name}", f"suspended, {channel.status_reason}: {mend}")
            else:
                yield fine(f"channel {channel.name}", "suspended by an operator")


def _examine_rows(rows: Sequence[ChannelRow], channels: Sequence[Channel]) -> Iterator[Finding]:
    """Says what is wrong with the channels as they are stored; nothing is asked."""
    unbound = [row.name for row in rows if not is_bound(row)]
    if unbound:
        told = "not sealed for the origin that they were given for: run `seedgate secrets reseal`"
        yield warned("channel secrets", f"those of {', '.join(unbound)} are {told}")
    for channel in channels:
        if is_region_missing(channel):
            told = f"it leads to BytePlus, which has no {channel.region}: the ids of models there are others"
            mend = "set the account's `region`; that of `default` is SEEDGATE_REGION"
            yield warned(f"channel {channel.name} (region)", f"{told}; {mend}")
    if not any(channel.is_ready_for("ark") for channel in channels):
        yield broken("channels", "no active channel has a data plane key: set SEEDGATE_ARK_API_KEY or make a channel")


def _refused_calls(name: str, faults: Sequence[ChannelFaultRow]) -> Finding:
    told = "; ".join(
        f"{fault.operation} {fault.status} {fault.code}, {fault.times} times, last at {fault.last_at:%Y-%m-%d %H:%M} "
        f"UTC: {fault.message}"
        for fault in faults
    )
    mend = "mend the account or the URL; this goes five minutes after the last refusal, once such a call is answered"
    return broken(f"channel {name} (refused calls)", f"{told}; {mend}")


async def _examine_account(http: HttpClient, channel: Channel) -> AsyncIterator[Finding]:
    results = await ChannelProbe(ArkClient(http), OpenApiClient(http, utc_now)).probe(channel)
    for plane, account in (("ark", channel.ark), ("openapi", channel.openapi)):
        if account is not None:
            name, result = f"channel {channel.name} ({plane})", results[plane]
            again = f"`seedgate channels check {channel.name}`"
            if result.is_throttled:  # as one that the gateway has just listed is
                yield warned(name, f"{result.detail} Ask again in a moment with {again}")
            elif result.ok:
                yield fine(name, result.detail)
            else:
                yield broken(name, f"{result.detail} Set its credentials and URL right, then {again}")
    if channel.ark is not None:
        yield await _examine_clock(http, channel.name, channel.ark)


async def _examine_clock(http: HttpClient, name: str, account: ArkAccount) -> Finding:
    """Compares clocks, since a signature is refused when they differ by more than about fifteen minutes."""
    try:
        response = await http.request("GET", parse_url(account.base_url))
        skew = abs(parsedate_to_datetime(response.header(b"date") or "") - utc_now())
    except (UpstreamError, ValueError):
        return fine(f"clock ({name})", "the upstream does not tell its time")
    seconds = int(skew.total_seconds())
    if skew > _MOST_SKEW:
        return broken(f"clock ({name})", f"{seconds} s off the upstream's: run a time service")
    return fine(f"clock ({name})", f"{seconds} s off the upstream's")


async def _public_url(settings: Settings) -> Finding:
    """Asks ourselves the way the upstream does: is it us who answer there, and do callbacks get through?"""
    url = settings.public_url
    if url is None:
        return fine("public URL", "not set: upstream callbacks are not used")
    try:
        async with httpx.AsyncClient(timeout=_PUBLIC_URL_SECONDS, trust_env=False) as http:
            health = await http.get(f"{url}/healthz")
            # A token that nobody has is answered like a right one, and has no effect.
            callback = await http.post(f"{url}{CALLBACK_PATH}{secrets.token_urlsafe(32)}", json={})
    except (httpx.HTTPError, OSError) as error:
        return broken(
            "public URL", f"{url} cannot be reached ({type(error).__name__}): check it, the proxy and the gateway"
        )
    if health.status_code != httpx.codes.OK or _json(health) != _ALIVE:
        return broken("public URL", f"something else answers at {url}: it must lead to the gateway's root")
    if callback.status_code != httpx.codes.OK or _json(callback) != {}:
        return broken("public URL", f"{url}{CALLBACK_PATH} does not get through: let the proxy pass POST to it")
    return fine("public URL", f"{url} leads here")


def _json(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None
