"""Use cases of channels. Every change writes its audit row in the same transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, Target, record
from app.channels.changes import (
    ChannelChange,
    apply_change,
    check_not_moved,
    columns_of,
    merge_secrets,
    plan_change,
)
from app.channels.channel import ALL_PLANES, Channel, ChannelStatus, Plane
from app.channels.channel_secrets import SECRET_NAMES, URL_OF, ChannelSecrets, apply_secret, open_channel, to_channel
from app.channels.circuit_breaker import load_breakers
from app.channels.directory import ChannelDirectory
from app.channels.faults import clear_faults, load_faults
from app.channels.models import ChannelRow
from app.channels.repository import ChannelRepository, ChannelSearch
from app.channels.schemas import ChannelCreate, ChannelHealth, ChannelPatch
from app.core.sealing import SecretBox
from app.errors import ConflictError, InvalidParameterError, NotFoundError
from app.http.paging import PageRequest
from app.ids import new_id
from app.upstream.destinations import DestinationError, DestinationRules
from app.upstream.origins import parse_origin
from app.upstream.rate_limits import load_shares_used

Verify = Callable[[Channel, frozenset[Plane]], Awaitable[str | None]]
"""Asks the upstream whether these planes still answer for the channel's objects; returns why not, or None."""

FindForeign = Callable[[Channel, frozenset[Plane]], Awaitable[Mapping[str, str]]]
"""Makes a free call to the URLs of these planes; returns, by the URL's name, what answered instead of the upstream's
API. A server that does not answer proves nothing."""

FindDependent = Callable[[AsyncSession, str], Awaitable[str | None]]
"""Returns, from the given transaction, which objects a channel still has, or None. Tasks and assets are on floors above
channels, so the caller passes this function, and ``Verify``."""

_PLAN_ATTEMPTS = 5

_log = structlog.get_logger()


class ChannelService:
    """Administers channels. The rows it returns are detached."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        box: SecretBox,
        directory: ChannelDirectory,
        clock: Callable[[], datetime],
        *,
        destinations: DestinationRules,
    ) -> None:
        self._destinations = destinations
        self._sessions = sessions
        self._box = box
        self._directory = directory
        self._clock = clock

    async def create(
        self, actor: Actor, wanted: ChannelCreate, *, find_foreign: FindForeign | None = None
    ) -> ChannelRow:
        """Creates a channel, unless ``find_foreign`` says that one of its URLs leads to something else.

        Only the URLs of an active channel are tried, and only those with credentials; the others are tried once it
        is activated or gets credentials.

        Raises:
            ConflictError: 409, the name is taken.
            MissingParameterError: 400, half a key pair.
            InvalidParameterError: 400, a session token without a key pair, or a URL to which no call may be made or
                that leads to something else than the upstream's API.
        """
        sent = {name: getattr(wanted, name) for name in type(wanted).model_fields}
        self._check_urls(sent)
        secrets = merge_secrets(ChannelSecrets(), sent)
        now = self._clock()
        plain = {name: value for name, value in sent.items() if name not in SECRET_NAMES}
        row = ChannelRow(id=new_id("ch"), **plain, created_at=now, updated_at=now)
        for name in SECRET_NAMES:
            apply_secret(self._box, row, name, getattr(secrets, name))
        if find_foreign is not None and row.status == ChannelStatus.ACTIVE:
            for name, what in (await find_foreign(to_channel(row, secrets), ALL_PLANES)).items():
                raise _leads_elsewhere(name, what)
        try:
            async with self._sessions.begin() as session:
                session.add(row)
                stored = [name for name in SECRET_NAMES if getattr(secrets, name)]
                target = Target("channel", row.id)
                record(session, actor, "channel.create", target, at=now, name=row.name, secrets=stored)
        except IntegrityError as error:
            raise _name_is_taken(row.name) from error
        self._directory.invalidate()
        return row

    async def page(self, page: PageRequest, wanted: ChannelSearch) -> Sequence[ChannelRow]:
        """Returns channels newest first, one more than asked when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._sessions() as session:
            return await ChannelRepository(session).page(page, wanted)

    async def get(self, channel_id: str) -> ChannelRow:
        """Returns a channel.

        Raises:
            NotFoundError: 404.
        """
        async with self._sessions() as session:
            return _check_found(await ChannelRepository(session).find(channel_id))

    async def health_of(self, channel_ids: Sequence[str]) -> dict[str, ChannelHealth]:
        """Returns circuit breaker, recent refusals and used call rates by channel."""
        owners = {channel_id: self._directory.rate_limit_owner(channel_id) for channel_id in channel_ids}
        async with self._sessions() as session:
            faults = await load_faults(session, channel_ids)
            breakers = await load_breakers(session, channel_ids)
            rates_used = await load_shares_used(session, set(owners.values()))
        return {
            channel_id: ChannelHealth(breakers.get(channel_id), faults[channel_id], rates_used[owner])
            for channel_id, owner in owners.items()
        }

    async def find_by_name(self, name: str) -> ChannelRow | None:
        """Returns the channel of this name, or None."""
        async with self._sessions() as session:
            return await ChannelRepository(session).find_by_name(name)

    async def open(self, channel_id: str) -> Channel:
        """Returns a channel with its secrets, from the database.

        Raises:
            NotFoundError: 404.
        """
        return open_channel(self._box, await self.get(channel_id))

    async def update(
        self,
        actor: Actor,
        channel_id: str,
        patch: ChannelPatch,
        *,
        verify: Verify,
        find_foreign: FindForeign | None = None,
    ) -> ChannelRow:
        """Changes a channel; values that are equal to the stored ones are not written.

        When a URL or credential changes, and when an operator lifts a suspension, ``verify`` decides whether the
        channel is active afterwards or suspended with the reason. No transaction is open meanwhile; if the channel was
        changed in between, planning starts again. A URL that moves to another origin without its credentials drops the
        old ones and suspends the channel. If ``find_foreign`` says that a URL leads to something else, a new URL is
        refused, and an unchanged one suspends the channel.

        Raises:
            NotFoundError: 404.
            ConflictError: 409, the name is taken, concurrent requests keep changing the channel, or one moved a URL to
                another origin for which the sent credentials were not meant.
            MissingParameterError: 400, half a key pair, or a credential alone while its stored URL leads to no server.
            InvalidParameterError: 400, a session token without a key pair, a new name for the channel ``default``,
                or a URL to which no call may be made or that leads to something else than the upstream's API.
        """
        sent = patch.sent()
        before: dict[str, Any] | None = None
        for _ in range(_PLAN_ATTEMPTS):
            row = await self.get(channel_id)
            before = before or columns_of(row)
            check_not_moved(sent, before=before, now=columns_of(row))
            change = plan_change(self._box, row, sent)
            self._check_urls(change.settings)
            if change.is_empty:
                return await self.get(channel_id)
            failure = change.failure
            if failure is None and change.planes:
                failure = await _verify(change, change.planes, verify, find_foreign)
            written = await self._apply(actor, channel_id, change, failure)
            if written is not None:
                return written
        raise ConflictError("Conflict", "The channel is being changed by others. Please try again.")

    async def delete(self, actor: Actor, channel_id: str, *, find_dependent: FindDependent) -> None:
        """Deletes a channel and its secrets. The row stays, because old objects refer to it; the name is free again.

        Raises:
            NotFoundError: 404.
            ConflictError: 409, it still has objects.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            row = _check_found(await ChannelRepository(session).find(channel_id, is_locked=True))
            dependent = await find_dependent(session, channel_id)
            if dependent is not None:
                raise ConflictError("InvalidAction", f"The channel still has {dependent}.")
            for name in SECRET_NAMES:
                apply_secret(self._box, row, name, None)
            await clear_faults(session, channel_id)
            row.status = ChannelStatus.SUSPENDED.value
            row.deleted_at = row.updated_at = now
            record(session, actor, "channel.delete", Target("channel", row.id), at=now, name=row.name)
        self._directory.invalidate()

    def _check_urls(self, settings: dict[str, Any]) -> None:
        for name in sorted(set(URL_OF.values()) & settings.keys()):
            try:
                self._destinations.check(parse_origin(settings[name]))
            except DestinationError as error:
                raise InvalidParameterError(name, f"The parameter `{name}` is not valid: {error}.") from None

    async def _apply(
        self, actor: Actor, channel_id: str, change: ChannelChange, failure: str | None
    ) -> ChannelRow | None:
        """Writes a change; returns None when the channel was changed since the change was planned."""
        now = self._clock()
        try:
            async with self._sessions.begin() as session:
                row = _check_found(await ChannelRepository(session).find(channel_id, is_locked=True))
                if columns_of(row) != change.seen:
                    return None
                apply_change(self._box, row, change, failure=failure, now=now)
                if change.secrets or set(URL_OF.values()) & change.settings.keys():
                    await clear_faults(session, channel_id)
                fields = change.names + (["status"] if row.status != change.seen["status"] else [])
                detail = {"fields": fields, "status": row.status, "status_reason": row.status_reason}
                record(session, actor, "channel.update", Target("channel", row.id), at=now, **detail)
        except IntegrityError as error:
            raise _name_is_taken(change.channel.name) from error
        self._directory.invalidate()
        if failure is not None:
            _log.error("channel_suspended", channel=row.name, reason=failure)
        return row


async def _verify(
    change: ChannelChange, planes: frozenset[Plane], verify: Verify, find_foreign: FindForeign | None
) -> str | None:
    """Returns why a change suspends its channel, or None. Both checks run at once: each may take ten seconds.

    Raises:
        InvalidParameterError: 400, a new URL leads to something else.
    """
    if find_foreign is None:
        return await verify(change.channel, planes)
    foreign, failure = await asyncio.gather(find_foreign(change.channel, planes), verify(change.channel, planes))
    return _judge_foreign(change, foreign) or failure


def _judge_foreign(change: ChannelChange, foreign: Mapping[str, str]) -> str | None:
    """Refuses a new URL that leads to something else; returns what is wrong with an old one, or None."""
    for name, what in foreign.items():
        if name in change.settings:
            raise _leads_elsewhere(name, what)
    return next((f"its {name} {what}" for name, what in foreign.items()), None)


def _leads_elsewhere(name: str, what: str) -> InvalidParameterError:
    return InvalidParameterError(name, f"The parameter `{name}` is not valid: it {what}.")


def _check_found(row: ChannelRow | None) -> ChannelRow:
    if row is None:
        raise NotFoundError("The specified channel is not found.", field="channel_id", param="channel_id")
    return row


def _name_is_taken(name: str) -> ConflictError:
    return ConflictError("Conflict", f"There is a channel named {name} already.", param="name")
