"""Changing and deleting what exists: the upstream first, on the channel that owns it, and what its refusal means."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.assets.calling import AssetsUpstream
from app.assets.looking import Looker
from app.assets.mirror import NEW_FOR
from app.assets.models import AssetGroupRow, AssetRow
from app.assets.refusals import unknown_asset, unknown_group
from app.channels.errors import to_client_error
from app.errors import ServiceUnavailableError
from app.tenants.principal import Principal
from app.upstream.errors import OutcomeUnknownError, UpstreamError, UpstreamRejectedError


class Changer:
    """Sends updates and deletions. All of them may be repeated without harm."""

    def __init__(self, upstream: AssetsUpstream, looker: Looker, clock: Callable[[], datetime]) -> None:
        self._upstream = upstream
        self._looker = looker
        self._clock = clock

    async def update(
        self, principal: Principal, row: AssetGroupRow | AssetRow, action: str, body: dict[str, Any]
    ) -> None:
        """Sends an update; when it returns, the upstream has made it.

        Raises:
            NotFoundError: 404, the upstream does not know the object.
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503.
        """
        channel = await self._upstream.channel_of(principal, row.channel_id)
        asked_at = self._clock()
        try:
            await self._upstream.call(channel, action, body | {"Id": row.id, "ProjectName": row.project_name})
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise to_client_error(error) from None
            if self._is_new(row):
                text = "The upstream does not show this new object yet. Please try again."
                raise ServiceUnavailableError(text, retry_after_seconds=2) from None
            await self._looker.note_absence(row, asked_at=asked_at)
            raise _unknown(row) from None
        except UpstreamError as error:
            await self._note(error, row)
            raise to_client_error(error) from None

    async def delete(self, principal: Principal, row: AssetGroupRow | AssetRow, action: str) -> bool:
        """Sends a deletion; what the upstream does not know counts as deleted.

        Returns:
            False when the object is so new that the upstream may not have seen it yet: it must be deleted again.

        Raises:
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503.
        """
        channel = await self._upstream.channel_of(principal, row.channel_id)
        try:
            await self._upstream.call(channel, action, {"Id": row.id, "ProjectName": row.project_name})
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise to_client_error(error) from None
            return not self._is_new(row)
        except UpstreamError as error:
            await self._note(error, row)
            raise to_client_error(error) from None
        return True

    async def _note(self, error: UpstreamError, row: AssetGroupRow | AssetRow) -> None:
        if isinstance(error, OutcomeUnknownError):
            await self._looker.note_doubt(row)

    def _is_new(self, row: AssetGroupRow | AssetRow) -> bool:
        return self._clock() - row.created_at < NEW_FOR


def _unknown(row: AssetGroupRow | AssetRow) -> Exception:
    return unknown_group(row.id) if isinstance(row, AssetGroupRow) else unknown_asset(row.id)
