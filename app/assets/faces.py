"""The actions of face verification. Tokens and links are secrets: never logged; of a token only a hash is kept."""

import hashlib
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.context import AssetsContext
from app.assets.errors import unknown_token
from app.assets.models import AssetGroupRow, GroupType, ValidationSessionRow
from app.assets.repository import AllAssets, AssetRepository
from app.assets.responses import FaceResultResponse, Reply, SessionResponse
from app.assets.schemas import CreateVisualValidateSessionRequest, GetVisualValidateResultRequest
from app.assets.state import apply_upstream_group
from app.assets.upstream import project_for
from app.audit.log import Actor, Target, record
from app.channels.channel import Channel
from app.channels.client_errors import to_client_error
from app.core.background import SingleFlight
from app.core.turns import leave_turn
from app.creates.locks import lock_owners
from app.creates.offer import Accepted, Refused, Send, offer
from app.errors import ServiceUnavailableError
from app.tenants.principal import Principal
from app.upstream.errors import UpstreamError, UpstreamRejectedError

_MAX_ID_LENGTH = 128
_UNCLEAR = "The upstream did not answer clearly. It is safe to send this request again."

_log = structlog.get_logger()


class FaceActions:
    """Face verification for any tenant; every method takes the principal on whose behalf it acts."""

    def __init__(self, context: AssetsContext) -> None:
        self._sessions = context.sessions
        self._upstream = context.upstream
        self._clock = context.clock
        self._results: SingleFlight[str | None] = SingleFlight()

    async def create_session(self, principal: Principal, request: CreateVisualValidateSessionRequest) -> Reply:
        """Opens a verification; its token belongs to the tenant.

        Raises:
            SeedgateError: see ``AssetsUpstream.candidates``; the upstream's own 4xx, or 429, 502 or 503. An undelivered
                session costs nothing, so it is safe to send the request again.
        """
        candidates = await self._upstream.candidates(principal, request.project_name)

        async def prepare(channel: Channel) -> Send[tuple[Channel, dict[str, Any]]]:
            async def send() -> tuple[Channel, dict[str, Any]]:
                return channel, await self._upstream.create(
                    channel,
                    "CreateVisualValidateSession",
                    request.to_upstream(),
                    project_name=request.project_name,
                    required=("BytedToken", "H5Link"),
                )

            return send

        outcome = await offer(candidates, prepare, action="CreateVisualValidateSession")
        if isinstance(outcome, Refused):
            raise outcome.error
        if not isinstance(outcome, Accepted):
            raise ServiceUnavailableError(_UNCLEAR)
        channel, result = outcome.result
        token = result["BytedToken"]
        row = ValidationSessionRow(
            tenant_id=principal.tenant_id,
            token_hash=_hash(token),
            channel_id=channel.id,
            project_name=project_for(channel, request.project_name),
            created_at=self._clock(),
        )
        async with self._sessions.begin() as session:
            await lock_owners(session, row.tenant_id, row.channel_id)
            session.add(row)
        callback_url = result.get("CallbackURL")
        answer = SessionResponse(
            byted_token=token,
            callback_url=callback_url if isinstance(callback_url, str) else request.callback_url,
            h5_link=result["H5Link"],
        )
        return Reply(answer)

    async def get_result(self, principal: Principal, request: GetVisualValidateResultRequest) -> Reply:
        """Returns the LivenessFace group that a verification yielded; from then on it is the tenant's.

        Concurrent requests share one call of the upstream. A known result is answered from the database.

        Raises:
            NotFoundError: 404, the token is not this tenant's, has expired, is not finished yet, or yielded a group
                that belongs to another tenant.
            SeedgateError: the upstream's own 4xx, or 429, 502 or 503.
        """
        token_hash = _hash(request.byted_token)
        row = await self._find(principal, token_hash)
        if row is None or request.project_name not in {None, row.project_name}:
            raise unknown_token()
        if row.finished_at is not None:
            return _to_reply(row.group_id)
        channel = await self._upstream.channel_of(principal, row.channel_id)
        leave_turn()
        group_id = await self._results.run(
            (row.tenant_id, token_hash), lambda: self._ask_and_apply(principal, row, channel, request.byted_token)
        )
        return _to_reply(group_id)

    async def _find(self, principal: Principal, token_hash: bytes) -> ValidationSessionRow | None:
        async with self._sessions.begin() as session:
            return await AssetRepository(session, principal.tenant_id).find_session(token_hash)

    async def _ask_and_apply(
        self, principal: Principal, row: ValidationSessionRow, channel: Channel, token: str
    ) -> str | None:
        """Returns the group's id, or None when the group belongs to another tenant."""
        # Read again: another request may have been answered since this one read the row.
        current = await self._find(principal, row.token_hash)
        if current is None or current.finished_at is not None:
            return current.group_id if current is not None else None
        group_id = await self._ask(row, channel, token)
        asked_at = self._clock()
        details = await self._find_details(row, channel, group_id)
        now = self._clock()
        group = AssetGroupRow(
            tenant_id=row.tenant_id,
            id=group_id,
            channel_id=channel.id,
            name="",
            description="",
            group_type=GroupType.LIVENESS_FACE.value,
            project_name=row.project_name,
            extra={},
            created_at=now,
            updated_at=now,
        )
        if details is not None:
            apply_upstream_group(group, details, asked_at=asked_at, now=now)
        return await self._apply(principal, row, group, now)

    async def _ask(self, row: ValidationSessionRow, channel: Channel, token: str) -> str:
        body = {"BytedToken": token, "ProjectName": row.project_name}
        try:
            result = await self._upstream.call(channel, "GetVisualValidateResult", body)
        except UpstreamRejectedError as error:
            raise (unknown_token() if error.is_not_found else to_client_error(error)) from None
        except UpstreamError as error:
            raise to_client_error(error) from None
        group_id = result.get("GroupId")
        if not isinstance(group_id, str) or not 0 < len(group_id) <= _MAX_ID_LENGTH or not group_id.isprintable():
            raise ServiceUnavailableError(_UNCLEAR, internal="a face result without a usable GroupId")
        return group_id

    async def _find_details(self, row: ValidationSessionRow, channel: Channel, group_id: str) -> dict[str, Any] | None:
        body = {"Id": group_id, "ProjectName": row.project_name}
        try:
            return await self._upstream.call(channel, "GetAssetGroup", body)
        except UpstreamError as error:
            _log.warning("face_group_details_missing", group=group_id, error=repr(error))
            return None

    async def _apply(
        self, principal: Principal, row: ValidationSessionRow, group: AssetGroupRow, now: datetime
    ) -> str | None:
        """Gives the group to the tenant, unless it belongs to another tenant."""
        async with self._sessions.begin() as session:
            await lock_owners(session, row.tenant_id, row.channel_id)
            current = await AssetRepository(session, row.tenant_id).find_session(row.token_hash, is_locked=True)
            if current is None or current.finished_at is not None:
                return current.group_id if current is not None else None
            current.finished_at = now
            objects = AllAssets(session)
            if not await objects.insert(group):
                owned = await objects.find_group(group.id)
                if owned is None or owned.tenant_id != row.tenant_id:
                    _record_refusal(session, principal, group.id, now)
                    return None
                # A repeated verification restores a group that the tenant had deleted.
                owned.deleted_at = owned.missing_since = owned.next_poll_at = None
            current.group_id = group.id
        return group.id


def _record_refusal(session: AsyncSession, principal: Principal, group_id: str, now: datetime) -> None:
    _log.error("face_group_belongs_to_another_tenant", group=group_id, tenant=principal.tenant_id)
    record(
        session,
        Actor(f"key:{principal.key_public_part}", address=None, id=principal.key_id),
        "face_group.refuse",
        Target("asset_group", group_id, principal.tenant_id),
        at=now,
        reason="the group belongs to another tenant",
    )


def _to_reply(group_id: str | None) -> Reply:
    if group_id is None:
        raise unknown_token()
    return Reply(FaceResultResponse(group_id=group_id))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
