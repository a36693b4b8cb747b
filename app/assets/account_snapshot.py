"""Reads all groups and assets of an account, of every owner, newest first.

The upstream has one list for each project and type of group. Projects that the channel does not name are not read.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from app.assets.context import AssetsContext
from app.assets.create_spec import LIST_ACTIONS, Kind
from app.assets.models import GroupType
from app.assets.state import parse_time
from app.channels.channel import Channel
from app.upstream.ark import is_usable_id
from app.upstream.credentials import OpenApiAccount
from app.upstream.errors import OutcomeUnknownError
from app.upstream.rate_limits import RateClass

_PAGE_SIZE = 100
# A hundred thousand objects; reading more would take longer than an operator waits.
_MAX_PAGES = 1000
_CALL_TIMEOUT_SECONDS = 20.0
# The operator waits; one missed call must not end a list.
_TOKEN_TIMEOUT_SECONDS = 600.0

Item = Mapping[str, Any]
"""A group or an asset as the upstream lists it; ``Id`` is a string."""


class AssetSnapshot:
    """Reads lists within the account's rate limit."""

    def __init__(self, context: AssetsContext) -> None:
        self._control = context.control
        self._rates = context.rates

    async def pages(
        self, channel: Channel, kind: Kind, *, since: datetime | None = None, group_ids: tuple[str, ...] = ()
    ) -> AsyncIterator[list[Item]]:
        """Yields the groups or assets of all of a channel's projects, page by page.

        Args:
            channel: with a key pair.
            kind: groups or assets.
            since: objects from before are left out; None reads all.
            group_ids: only these groups, or the assets in them; empty means all.

        Raises:
            UpstreamError: there is no usable page, or there are more pages than are read.
            TimeoutError: the rate limit left no call, or the upstream took too long.
        """
        assert channel.openapi is not None  # noqa: S101 - the caller has chosen such a channel
        for project in channel.projects:
            for group_type in GroupType:
                filter_ = {"GroupType": group_type.value, **({"GroupIds": list(group_ids)} if group_ids else {})}
                body = {"Filter": filter_, "ProjectName": project, "SortBy": "CreateTime", "SortOrder": "Desc"}
                async for page in self._pages(channel.id, channel.openapi, kind, body, since):
                    yield page

    async def _pages(
        self, channel_id: str, account: OpenApiAccount, kind: Kind, body: dict[str, Any], since: datetime | None
    ) -> AsyncIterator[list[Item]]:
        token: str | None = None
        for _ in range(_MAX_PAGES):
            further = {"NextToken": token} if token is not None else {}
            result = await self._call(
                channel_id, account, LIST_ACTIONS[kind], {**body, "MaxResults": _PAGE_SIZE, **further}
            )
            items = _items(result)
            kept = [item for item in items if not _is_before(item, since)]
            yield kept
            token = _next_token(result)
            if token is None or len(kept) < len(items):
                return
        raise OutcomeUnknownError(f"has more than {_MAX_PAGES * _PAGE_SIZE} objects in one list")

    async def _call(
        self, channel_id: str, account: OpenApiAccount, action: str, body: dict[str, Any]
    ) -> Mapping[str, Any]:
        if not await self._rates.acquire(channel_id, RateClass.LIST_ASSETS, timeout_seconds=_TOKEN_TIMEOUT_SECONDS):
            raise TimeoutError("no token for a list of assets")
        async with asyncio.timeout(_CALL_TIMEOUT_SECONDS):
            return await self._control.call(account, action, body)


def _items(result: Mapping[str, Any]) -> list[Item]:
    items = result.get("Items")
    if items is not None and not isinstance(items, list):
        raise OutcomeUnknownError("answered an Assets list without its items")
    found: list[Item] = [item for item in items or [] if isinstance(item, dict)]
    if len(found) < len(items or []) or not all(_has_usable_ids(item) for item in found):
        raise OutcomeUnknownError("answered an Assets list with an item that has no usable id")
    return found


def _has_usable_ids(item: Item) -> bool:
    """Says whether the id of an object, and that of its group if it has one, can be stored."""
    ids = [item.get("Id"), *([item["GroupId"]] if item.get("GroupId") is not None else [])]
    return all(isinstance(each, str) and is_usable_id(each) for each in ids)


def _next_token(result: Mapping[str, Any]) -> str | None:
    token = result.get("NextToken")
    return token if isinstance(token, str) and token else None


def _is_before(item: Item, since: datetime | None) -> bool:
    created_at = parse_time(item.get("CreateTime"))
    return since is not None and created_at is not None and created_at < since
