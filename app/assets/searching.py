"""Searching the upstream for what a create of unknown outcome made.

Nothing upstream says whose an object is, so one is taken for ours only when it is the only one that

- has the group, name and other members that we sent, and was made while the create was open,
- belongs to nobody yet,
- no other create of the same kind, group and name is open, of whichever tenant: it might be that one's, and
- nobody but us could have made it: it lies in the tenant's own group, or the account is exclusive to this gateway.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.calling import AssetsUpstream
from app.assets.models import CreateIntentRow
from app.assets.open_creates import OpenCreates
from app.assets.repository import AllAssets
from app.assets.wanted import OPEN_FOR, Found, find_like, ids_while_open, list_call, reaches_back
from app.channels.channel import Channel

_PAGE_SIZE = 100
_MOST_PAGES = 20


class Searcher:
    """Looks for objects that creates of unknown outcome made."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], upstream: AssetsUpstream) -> None:
        self._sessions = sessions
        self._upstream = upstream

    async def look(self, intent: CreateIntentRow, channel: Channel) -> Found | None:
        """Returns what a create certainly made; None when there is nothing, or it cannot be told.

        Raises:
            UpstreamError: the upstream could not be asked.
        """
        if not is_certain_on(intent, channel):
            return None
        listed = await self._list(intent, channel)
        if not listed:
            return None
        # Asked after the list was read: whatever is on it belongs to somebody by now, or its create is still open.
        async with self._sessions.begin() as session:
            owned = await AllAssets(session).find_owned([found.id for found in listed])
            is_contested = await OpenCreates(session).is_contested(intent, within=OPEN_FOR)
        free = [found for found in listed if found.id not in owned]
        return free[0] if len(free) == 1 and not is_contested else None

    async def is_absent(self, intent: CreateIntentRow, channel: Channel) -> bool:
        """Says whether the upstream certainly has nothing that the create made.

        That is so when everything that was made in the group or project while the create was open belongs to somebody,
        whatever its name is: the upstream might show another one than was sent. To be asked when the create can bring
        forth nothing any more.

        Raises:
            UpstreamError: the upstream could not be asked.
        """
        if not is_certain_on(intent, channel):
            return False
        listed: set[str] = set()
        async for items, is_last in self._pages(intent, channel, any_name=True):
            listed.update(ids_while_open(intent, items))
            if is_last:
                async with self._sessions.begin() as session:
                    return listed <= await AllAssets(session).find_owned(sorted(listed))
        return False

    async def _list(self, intent: CreateIntentRow, channel: Channel) -> list[Found]:
        """Returns everything that looks like it; nothing, when the list is too long to be read to its end."""
        found: dict[str, Found] = {}
        async for items, is_last in self._pages(intent, channel):
            found.update({one.id: one for one in find_like(intent, items)})
            if is_last:
                return list(found.values())
        return []

    async def _pages(
        self, intent: CreateIntentRow, channel: Channel, *, any_name: bool = False
    ) -> AsyncIterator[tuple[list[dict[str, Any]], bool]]:
        """Yields pages of a list, newest first, and whether nothing on later ones can be of that create."""
        for page_number in range(1, _MOST_PAGES + 1):
            action, body = list_call(intent, page_number=page_number, page_size=_PAGE_SIZE, any_name=any_name)
            items = _items(await self._upstream.call(channel, action, body))
            yield items, len(items) < _PAGE_SIZE or reaches_back(intent, items)


def is_certain_on(intent: CreateIntentRow, channel: Channel) -> bool:
    """Says whether nobody but this gateway can make on that channel what the create asked for."""
    return intent.group_id is not None or channel.exclusive


def _items(listed: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = listed.get("Items")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [item for item in found if isinstance(item.get("Id"), str)]
