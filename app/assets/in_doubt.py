"""Finds what a create of unknown outcome made, by listing its group or project upstream.

The upstream does not say which client made an object. It is attributed to a create only when it alone

- has the group, name and other members that were sent, and was made in the create's window,
- belongs to no tenant yet,
- cannot be another create's: none of the same kind, group and name is open, of any tenant, and
- cannot have been made by another client: it is in the tenant's own group, or the account is exclusive to this gateway,
- cannot be of a create that the database has forgotten (``app.core.database_place``).

A search costs a call of the account a second, so for each create at most one is running over all processes, for a
request or in the background. The pause after each search grows with the age of the create.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.assets.context import AssetsContext
from app.assets.create_spec import CREATE_WINDOW, UpstreamObject, ids_in_window, list_call, matches, reaches_back
from app.assets.models import CreateIntentRow
from app.assets.repository import AllAssets, OpenCreates
from app.channels.channel import Channel
from app.core.database_place import complete_since

_PAGE_SIZE = 100
_MAX_PAGES = 20
_SEARCH_INTERVAL_SECONDS = 1.0
_LEASE = timedelta(seconds=120)
_MIN_PAUSE = timedelta(seconds=5)
_MAX_PAUSE = timedelta(minutes=10)
_PAUSES_PER_AGE = 4

_log = structlog.get_logger()


class InDoubtSearch:
    """Searches the upstream; the caller sees to it that no other search for the same create is running."""

    def __init__(self, context: AssetsContext) -> None:
        self._context = context

    async def search(self, intent: CreateIntentRow, channel: Channel) -> UpstreamObject | None:
        """Returns what a create certainly made; None when there is nothing, or no certainty.

        Raises:
            UpstreamError: the upstream could not be asked.
        """
        if not is_attributable(intent, channel):
            return None
        listed = await self._list(intent, channel)
        if not listed:
            return None
        # The database is read after the list: by then every listed object has an owner, or its create is still open.
        async with self._context.sessions.begin() as session:
            owned = await AllAssets(session).find_owned([found.id for found in listed])
            is_contested = await OpenCreates(session).is_contested(intent, within=CREATE_WINDOW)
            is_doubted = intent.started_at <= await complete_since(session)
        unowned = [found for found in listed if found.id not in owned]
        return unowned[0] if len(unowned) == 1 and not is_contested and not is_doubted else None

    async def search_until(
        self,
        deadline: float,
        intent: CreateIntentRow,
        channel: Channel,
        *,
        record: Callable[[UpstreamObject], Awaitable[bool]] | None = None,
        gone: asyncio.Event | None = None,
    ) -> UpstreamObject | None:
        """Searches once a second until something is found; an error counts as nothing found.

        Args:
            deadline: when to give up, in the event loop's time.
            intent: the create.
            channel: where to search.
            record: writes what was found; the search continues when it returns False or raises.
            gone: set when the client disconnects, which ends the search.
        """
        loop = asyncio.get_running_loop()
        while gone is None or not gone.is_set():
            try:
                async with asyncio.timeout_at(deadline):
                    found = await self.search(intent, channel)
                if found is not None and (record is None or await record(found)):
                    return found
            except Exception as error:  # noqa: BLE001 - whatever failed, the outcome is as unknown as before
                _log.warning("create_search_failed", action=intent.kind, channel=channel.name, error=repr(error))
            if loop.time() + _SEARCH_INTERVAL_SECONDS > deadline:
                break
            await pause(_SEARCH_INTERVAL_SECONDS, gone)
        return None

    async def is_absent(self, intent: CreateIntentRow, channel: Channel) -> bool:
        """Says whether the upstream certainly has nothing that the create made.

        That is so when every object that was made in the group or project in the create's window belongs to a tenant,
        whatever its name is: the upstream might show another name than was sent. Only meaningful after the window.

        Raises:
            UpstreamError: the upstream could not be asked.
        """
        if not is_attributable(intent, channel):
            return False
        listed: set[str] = set()
        async for items, is_last in self._pages(intent, channel, any_name=True):
            listed.update(ids_in_window(intent, items))
            if is_last:
                async with self._context.sessions.begin() as session:
                    return listed <= await AllAssets(session).find_owned(sorted(listed))
        return False

    async def _list(self, intent: CreateIntentRow, channel: Channel) -> list[UpstreamObject]:
        """Returns every object that matches; none when the list is too long to be read completely."""
        found: dict[str, UpstreamObject] = {}
        async for items, is_last in self._pages(intent, channel):
            found.update({one.id: one for one in matches(intent, items)})
            if is_last:
                return list(found.values())
        return []

    async def _pages(
        self, intent: CreateIntentRow, channel: Channel, *, any_name: bool = False
    ) -> AsyncIterator[tuple[list[dict[str, Any]], bool]]:
        """Yields pages of a list, newest first, and whether no later page can show what the create made."""
        for page_number in range(1, _MAX_PAGES + 1):
            action, body = list_call(intent, page_number=page_number, page_size=_PAGE_SIZE, any_name=any_name)
            items = _items(await self._context.upstream.call(channel, action, body))
            yield items, len(items) < _PAGE_SIZE or reaches_back(intent, items)


class SearchLeases:
    """The searches that this process has claimed."""

    def __init__(self, context: AssetsContext) -> None:
        self._context = context
        self._instance_id = context.processes.instance_id

    def is_due(self, intent: CreateIntentRow) -> bool:
        """Says whether a search may begin, as far as the row shows."""
        return intent.next_search_at is None or intent.next_search_at <= self._context.clock()

    def is_searched(self, intent: CreateIntentRow) -> bool:
        """Says whether a process is searching, as far as the row shows."""
        return intent.cut_at is not None and intent.instance_id is not None and not self.is_due(intent)

    async def claim(self, intent: CreateIntentRow, *, since: datetime) -> bool:
        """Claims the search for a create that is in doubt since then; False: it is not due any more."""
        async with self._context.sessions.begin() as session:
            return await OpenCreates(session).claim(
                intent, since=since, by=self._instance_id, now=self._context.clock(), lease=_LEASE
            )

    async def claim_due(self, *, limit: int) -> Sequence[CreateIntentRow]:
        """Claims the searches that are due, the oldest first."""
        async with self._context.sessions.begin() as session:
            return await OpenCreates(session).claim_due(
                by=self._instance_id, now=self._context.clock(), lease=_LEASE, limit=limit
            )

    async def release(self, intent: CreateIntentRow, *, is_complete: bool = True) -> None:
        """Releases a claimed search; the next one is due after the pause, or at once when this one was interrupted."""
        now = self._context.clock()
        pause = min(max((now - intent.in_doubt_since) / _PAUSES_PER_AGE, _MIN_PAUSE), _MAX_PAUSE)
        next_search_at = now + pause if is_complete else now
        try:
            async with self._context.sessions.begin() as session:
                await OpenCreates(session).release(intent, by=self._instance_id, next_search_at=next_search_at)
        except Exception as error:  # noqa: BLE001 - the lease expires by itself
            _log.warning("search_lease_not_released", intent=intent.id, error=repr(error))


def is_attributable(intent: CreateIntentRow, channel: Channel) -> bool:
    """Says whether no other client of the channel's account can make what the create asked for."""
    return intent.group_id is not None or channel.exclusive


async def pause(seconds: float, gone: asyncio.Event | None) -> None:
    """Waits, but not longer than the client does."""
    if gone is None:
        await asyncio.sleep(seconds)
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(gone.wait(), seconds)


def _items(listed: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = listed.get("Items")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [item for item in found if isinstance(item.get("Id"), str)]
