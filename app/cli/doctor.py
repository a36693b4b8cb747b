"""``doctor``: what is wrong, a line each, with the mend."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.channels.canary import check_canary
from app.channels.directory import ChannelDirectory
from app.cli.database import Database, opened_database
from app.cli.exits import FAILED, read_settings, told_plainly
from app.crypto import SealError, SecretBox
from app.db.base import utc_now
from app.db.engine import is_unavailable, open_engine, session_factory
from app.db.schema import schema_state
from app.settings import Settings
from app.tasks.models import TaskRow, TaskStatus
from app.upstream.accounts import ArkAccount
from app.upstream.ark import ArkClient
from app.upstream.errors import UpstreamError
from app.wiring import open_http

_MOST_SKEW = timedelta(minutes=5)
_STUCK_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and the mend when it is broken."""

    name: str
    is_fine: bool
    text: str


def doctor() -> None:
    """Prints every finding; exits with 1 when something is broken."""
    settings = read_settings()
    with told_plainly(), opened_database(settings) as database:
        findings = asyncio.run(_examine(settings, database))
    for finding in findings:
        print(f"{'ok    ' if finding.is_fine else 'BROKEN'}  {finding.name}: {finding.text}")  # noqa: T201 - the answer
    if not all(finding.is_fine for finding in findings):
        raise SystemExit(FAILED)


async def _examine(settings: Settings, database: Database) -> list[Finding]:
    kind = "embedded" if database.is_embedded else "configured"
    engine = open_engine(database.url)
    try:
        state = await schema_state(engine)
        findings = [Finding("database", is_fine=True, text=f"the {kind} one answers")]
        if not state.is_current:
            text = f"at {state.current or 'nothing'}, needs {state.head}: run `seedgate migrate`"
            return [*findings, Finding("schema", is_fine=False, text=text)]
        findings.append(Finding("schema", is_fine=True, text=f"current ({state.head})"))
        findings.extend([finding async for finding in _examine_contents(settings, engine)])
    except Exception as error:
        if not is_unavailable(error):
            raise
        return [Finding("database", is_fine=False, text=f"the {kind} one does not answer: {error}")]
    else:
        return findings
    finally:
        await engine.dispose()


async def _examine_contents(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Finding]:
    sessions = session_factory(engine)
    if settings.secret_key is None:
        yield Finding("sealing key", is_fine=False, text="unset: set SEEDGATE_SECRET_KEY as `serve` has it")
    else:
        try:
            box = SecretBox.from_text(settings.secret_key.get_secret_value())
            await check_canary(sessions, box)
        except SealError as error:
            yield Finding("sealing key", is_fine=False, text=f"{error}; set the SEEDGATE_SECRET_KEY of this database")
        else:
            yield Finding("sealing key", is_fine=True, text="opens what the database holds")
            async for finding in _examine_channels(settings, sessions, box):
                yield finding
    yield await _stuck_work(sessions)
    yield Finding("public URL", is_fine=True, text="not used; upstream callbacks are not built yet")


async def _examine_channels(
    settings: Settings, sessions: async_sessionmaker[AsyncSession], box: SecretBox
) -> AsyncIterator[Finding]:
    directory = ChannelDirectory(sessions, box)
    channels = await directory.candidates(None, needs="ark")
    if not channels:
        text = "no active channel has a data plane key: set SEEDGATE_ARK_API_KEY or make a channel"
        yield Finding("channels", is_fine=False, text=text)
    async with open_http(settings) as http:
        for channel in channels:
            if channel.ark is None:
                continue
            yield await _examine_account(http, channel.name, channel.ark)
            yield await _examine_clock(http, channel.name, channel.ark)


async def _examine_account(http: httpx.AsyncClient, name: str, account: ArkAccount) -> Finding:
    try:
        await ArkClient(http).list(account, page_size=1)
    except UpstreamError as error:
        text = f"{error}; try `seedgate channels check`"
        return Finding(f"channel {name}", is_fine=False, text=text)
    return Finding(f"channel {name}", is_fine=True, text="the upstream accepts its key")


async def _examine_clock(http: httpx.AsyncClient, name: str, account: ArkAccount) -> Finding:
    """Compares clocks, since a signature is refused when they differ by more than about fifteen minutes."""
    try:
        response = await http.get(account.base_url)
        skew = abs(parsedate_to_datetime(response.headers["date"]) - utc_now())
    except (UpstreamError, KeyError, ValueError):
        return Finding(f"clock ({name})", is_fine=True, text="the upstream does not tell its time")
    seconds = int(skew.total_seconds())
    if skew > _MOST_SKEW:
        return Finding(f"clock ({name})", is_fine=False, text=f"{seconds} s off the upstream's: run a time service")
    return Finding(f"clock ({name})", is_fine=True, text=f"{seconds} s off the upstream's")


async def _stuck_work(sessions: async_sessionmaker[AsyncSession]) -> Finding:
    since = utc_now() - _STUCK_AFTER
    unclear = TaskRow.status.in_([TaskStatus.SUBMITTING.value, TaskStatus.UNKNOWN.value]) & (TaskRow.created_at < since)
    async with sessions() as session:
        unclear_count = await session.scalar(select(func.count()).where(unclear)) or 0
        overdue = select(func.count()).where(TaskRow.next_look_at < since, TaskRow.deleted_at.is_(None))
        overdue_count = await session.scalar(overdue) or 0
    if overdue_count:
        text = (
            f"{overdue_count} tasks were due for a look ten minutes ago: is a worker running, is a channel suspended?"
        )
        return Finding("work", is_fine=False, text=text)
    if unclear_count:
        text = (
            f"{unclear_count} creates of unclear outcome: compare with the upstream's console; never create them again"
        )
        return Finding("work", is_fine=False, text=text)
    return Finding("work", is_fine=True, text="nothing is stuck")
