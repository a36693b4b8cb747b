"""Creates of groups and assets: the intent before the call, the outcome after it, the search when it is unknown.

A create is never sent twice. When its outcome is unknown (cut, timeout, 5xx), the upstream is searched for what it
made. Nothing upstream says whose an object is, so one is taken for ours only when it is the only one that

- has the group, name and other members that we sent, and was made since we sent them,
- belongs to nobody yet,
- no other create of the same kind, group and name is open, of whichever tenant: it might be that one's, and
- nobody but us could have made it: it lies in the tenant's own group, or the account is exclusive to this gateway.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.calling import Accepted, AssetsUpstream, Refused, Unknown, project_for
from app.assets.mirror import from_wire_time
from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow
from app.assets.repository import AllAssets
from app.channels.channel import Channel
from app.db.engine import is_unavailable
from app.errors import ConflictError
from app.ids import new_id
from app.jobs import WorkUnderWay

SEARCH_SECONDS = 10.0
OPEN_FOR = timedelta(minutes=10)
"""How long an unfinished create may still bring forth an object; far above the read timeout of a call."""

_SEARCH_PAUSE_SECONDS = 1.0
_CLOCK_SKEW = timedelta(seconds=60)
_APPLY_PATIENCE_SECONDS = 5.0
_APPLY_SECONDS = 3600.0
_FIRST_PAUSE_SECONDS = 0.3
_LONGEST_PAUSE_SECONDS = 10.0
_DRAIN_SECONDS = 5.0
_PAGE_SIZE = 100

_log = structlog.get_logger()


@dataclass(frozen=True)
class Create:
    """One create, ready to be sent.

    Attributes:
        tenant_id: on whose behalf.
        action: ``CreateAssetGroup`` or ``CreateAsset``.
        body: its parameters.
        list_action: the action that lists such objects.
        list_filter: its ``Filter`` that finds this one.
        members: what the object must look like in that list, its project apart.
        project_name: as the client named it, or None.
        to_row: makes the row from the channel, the id and the present moment.
    """

    tenant_id: str
    action: str
    body: Mapping[str, Any]
    list_action: str
    list_filter: Mapping[str, Any]
    members: Mapping[str, str]
    project_name: str | None
    to_row: Callable[[Channel, str, datetime], AssetGroupRow | AssetRow]


class Creator:
    """Carries creates out."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        upstream: AssetsUpstream,
        clock: Callable[[], datetime],
        *,
        search_seconds: float = SEARCH_SECONDS,
    ) -> None:
        self._sessions = sessions
        self._upstream = upstream
        self._clock = clock
        self._search_seconds = search_seconds
        self._under_way = WorkUnderWay()

    async def create(self, create: Create, candidates: Sequence[Channel]) -> str:
        """Creates an object and returns its id. Runs to its end even when the client goes away.

        Args:
            create: what to create.
            candidates: channels that may take it, best first.

        Raises:
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503 when no channel accepted it.
            ConflictError: 409 ``OutcomeUnknown``, it may exist, but it was not found or cannot be written now. Once
                the upstream may have made it, there is no other error.
        """
        return await asyncio.shield(self._under_way.start(self._create(create, candidates)))

    async def drain(self) -> None:
        """Waits for the creates that are under way; called before the database is closed."""
        await self._under_way.drain(patience_seconds=_DRAIN_SECONDS)

    async def _create(self, create: Create, candidates: Sequence[Channel]) -> str:
        intent = self._to_intent(create)
        async with self._sessions.begin() as session:
            session.add(intent)
        outcome = await self._upstream.offer(
            candidates, create.action, create.body, project_name=create.project_name, needed=["Id"]
        )
        if isinstance(outcome, Refused):
            async with self._sessions.begin() as session:
                await AllAssets(session).delete_intent(intent)
            raise outcome.error
        found_id = await self._find(create, intent, outcome)
        if found_id is None or not await self._apply(
            create.to_row(outcome.channel, found_id, self._clock()), intent, create.action
        ):
            raise _outcome_unknown(create.action)
        return found_id

    async def _find(self, create: Create, intent: CreateIntentRow, outcome: Accepted | Unknown) -> str | None:
        if isinstance(outcome, Accepted):
            found_id: str = outcome.result["Id"]
            return found_id
        if intent.group_id is None and not outcome.channel.exclusive:
            return None
        return await self._search(create, intent, outcome.channel)

    def _to_intent(self, create: Create) -> CreateIntentRow:
        return CreateIntentRow(
            id=new_id("intent"),
            tenant_id=create.tenant_id,
            kind=create.action,
            group_id=create.members.get("GroupId"),
            name=create.members["Name"],
            started_at=self._clock(),
        )

    async def _search(self, create: Create, intent: CreateIntentRow, channel: Channel) -> str | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._search_seconds
        while True:
            found_id = None
            try:
                found_id = await self._look(create, intent, channel)
            except Exception as error:  # noqa: BLE001 - not even a database that is away makes the answer an error
                _log.warning("create_search_failed", action=create.action, channel=channel.name, error=repr(error))
            if found_id is not None or loop.time() + _SEARCH_PAUSE_SECONDS > deadline:
                return found_id
            await asyncio.sleep(_SEARCH_PAUSE_SECONDS)

    async def _look(self, create: Create, intent: CreateIntentRow, channel: Channel) -> str | None:
        project_name = project_for(channel, create.project_name)
        body = {
            "Filter": dict(create.list_filter),
            "PageNumber": 1,
            "PageSize": _PAGE_SIZE,
            "SortBy": "CreateTime",
            "SortOrder": "Desc",
            "ProjectName": project_name,
        }
        listed = await self._upstream.call(channel, create.list_action, body)
        since = intent.started_at - _CLOCK_SKEW
        members = {**create.members, "ProjectName": project_name}
        ids = [item["Id"] for item in _items(listed) if _is_like(item, members, since)]
        if not ids:
            return None
        # Asked after the list was read: whatever is on it belongs to somebody by now, or its create is still open.
        async with self._sessions.begin() as session:
            everything = AllAssets(session)
            owned = await everything.find_owned(ids)
            is_contested = await everything.is_contested(intent, since=intent.started_at - OPEN_FOR)
        free = [found_id for found_id in ids if found_id not in owned]
        return free[0] if len(free) == 1 and not is_contested else None

    async def _apply(self, row: AssetGroupRow | AssetRow, intent: CreateIntentRow, action: str) -> bool:
        """Writes the row and returns whether it is written; without a database, goes on trying behind the answer."""
        writing = self._under_way.start(self._insist(row, intent, action))
        done, _ = await asyncio.wait({writing}, timeout=_APPLY_PATIENCE_SECONDS)
        return bool(done) and writing.result()

    async def _insist(self, row: AssetGroupRow | AssetRow, intent: CreateIntentRow, action: str) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _APPLY_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._write(row, intent)
            except Exception as error:  # noqa: BLE001 - the log keeps the id that an operator needs
                if not is_unavailable(error) or loop.time() > deadline:
                    _log.exception("created_object_not_written", action=action, object=row.id, tenant=row.tenant_id)
                    return False
                _log.warning("created_object_not_written_yet", object=row.id, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _write(self, row: AssetGroupRow | AssetRow, intent: CreateIntentRow) -> bool:
        """Returns False when the id turns out to be another tenant's."""
        async with self._sessions.begin() as session:
            everything = AllAssets(session)
            is_new = (
                await everything.insert_group(row)
                if isinstance(row, AssetGroupRow)
                else await everything.insert_asset(row)
            )
            # An earlier try may have been committed although its answer was lost.
            if not is_new and await everything.find_owner(row.id) != row.tenant_id:
                _log.error("created_id_belongs_to_another_tenant", object=row.id, tenant=row.tenant_id)
                return False
            await everything.delete_intent(intent)
        return True


def _items(listed: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = listed.get("Items")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [item for item in found if isinstance(item.get("Id"), str)]


def _is_like(item: Mapping[str, Any], members: Mapping[str, str], since: datetime) -> bool:
    created_at = from_wire_time(item.get("CreateTime"))
    if created_at is None or created_at < since:
        return False
    return all((item.get(name) or "") == value for name, value in members.items())


def _outcome_unknown(action: str) -> ConflictError:
    return ConflictError(
        "OutcomeUnknown",
        f"The upstream did not answer {action} clearly, so the object may or may not have been created. "
        "Sending the request again may create a second one.",
    )
