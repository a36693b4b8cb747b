"""Updates and deletes groups and assets: upstream first, on the channel that holds them, then in their rows."""

from typing import Any

from app.assets.context import AssetsContext
from app.assets.errors import unknown_object
from app.assets.models import AssetGroupRow, AssetRow
from app.assets.refresh import AssetRefresh, load
from app.assets.repository import AssetRepository
from app.assets.responses import IdResponse, NothingResponse, Reply
from app.assets.schemas import IdRequest, UpdateAssetGroupRequest, UpdateAssetRequest
from app.assets.state import NEW_FOR, NOT_FOUND_INTERVAL
from app.channels.client_errors import to_client_error
from app.errors import ServiceUnavailableError
from app.tenants.principal import Principal
from app.upstream.errors import OutcomeUnknownError, UpstreamError, UpstreamRejectedError


class Mutations:
    """Carries out updates and deletions. All of them may be repeated safely."""

    def __init__(self, context: AssetsContext) -> None:
        self._context = context
        self._refresh = AssetRefresh(context)

    async def update(
        self,
        principal: Principal,
        table: type[AssetGroupRow | AssetRow],
        request: UpdateAssetGroupRequest | UpdateAssetRequest,
    ) -> Reply:
        """Updates the members that the request names.

        Raises:
            NotFoundError: 404, it is not this tenant's, or the upstream does not know it.
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503.
        """
        row = await load(self._context, principal, table, request)
        action = "UpdateAssetGroup" if isinstance(row, AssetGroupRow) else "UpdateAsset"
        asked_at = self._context.clock()
        try:
            await self._call(principal, row, action, request.to_upstream())
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise to_client_error(error) from None
            if self._is_new(row):
                text = "The upstream does not show this new object yet. Please try again."
                raise ServiceUnavailableError(text, retry_after_seconds=2) from None
            await self._refresh.apply_not_found(row, asked_at=asked_at)
            raise unknown_object(type(row), row.id) from None
        async with self._context.sessions.begin() as session:
            current = await AssetRepository(session, row.tenant_id).find(type(row), row.id, is_locked=True)
            if current is not None:
                for name, value in request.model_dump(include={"name", "description"}, exclude_none=True).items():
                    setattr(current, name, value)
                current.updated_at = current.polled_at = self._context.clock()
                current.missing_since = None
        return Reply(IdResponse(id=row.id))

    async def delete(self, principal: Principal, table: type[AssetGroupRow | AssetRow], request: IdRequest) -> Reply:
        """Deletes an object, and a group's assets with it; an object that the upstream does not know is deleted too.

        Raises:
            NotFoundError: 404, it is not this tenant's.
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503.
        """
        row = await load(self._context, principal, table, request)
        is_confirmed = True
        try:
            await self._call(principal, row, "DeleteAssetGroup" if isinstance(row, AssetGroupRow) else "DeleteAsset")
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise to_client_error(error) from None
            is_confirmed = not self._is_new(row)
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            objects = AssetRepository(session, row.tenant_id)
            current = await objects.find(type(row), row.id, is_locked=True)
            if current is not None:
                await objects.delete(current, at=now)
                # The upstream may not have known a new object yet, so the poller deletes it there once more.
                current.next_poll_at = None if is_confirmed else now + NOT_FOUND_INTERVAL
        return Reply(NothingResponse())

    async def _call(
        self, principal: Principal, row: AssetGroupRow | AssetRow, action: str, body: dict[str, Any] | None = None
    ) -> None:
        """Calls an action on an object.

        Raises:
            UpstreamRejectedError: the upstream refused it, or does not know the object.
            SeedgateError: 429, 502 or 503; when the action may have been carried out, the poller asks soon.
        """
        channel = await self._context.upstream.channel_of(principal, row.channel_id)
        named = {**(body or {}), "Id": row.id, "ProjectName": row.project_name}
        try:
            await self._context.upstream.call(channel, action, named)
        except UpstreamRejectedError:
            raise
        except UpstreamError as error:
            if isinstance(error, OutcomeUnknownError):
                await self._refresh.schedule(row)
            raise to_client_error(error) from None

    def _is_new(self, row: AssetGroupRow | AssetRow) -> bool:
        return self._context.clock() - row.created_at < NEW_FOR
