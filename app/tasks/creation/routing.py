"""Finds the channels that may take a create: by the owner of its assets and drafts, the key and the model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.assets import resolve_assets
from app.catalog.model_index import serves
from app.catalog.model_spec import ModelSpec
from app.channels.channel import Channel
from app.channels.directory import ChannelDirectory
from app.errors import (
    AccessDeniedError,
    InvalidParameterError,
    ModelNotFoundError,
    NoChannelError,
    ServiceUnavailableError,
)
from app.tasks.repository import TaskRepository
from app.tasks.validation.create import CheckedCreate
from app.tasks.validation.errors import not_valid
from app.tenants.principal import Principal

_BREAKER_RETRY_SECONDS = 5


async def resolve_references(session: AsyncSession, tenant_id: str, checked: CheckedCreate) -> str | None:
    """Checks that every asset and draft is the tenant's own; returns the channel that holds them, if any.

    An asset exists in one upstream account, so only its channel can take a task that uses it. In ``checked``, our spare
    ids of drafts are replaced by the upstream's ids.

    Raises:
        InvalidParameterError: 400, an id is unknown or another tenant's; worded as by the upstream for an unknown one.
    """
    channels: set[str] = set()
    assets = await resolve_assets(session, tenant_id, [reference.id for reference in checked.assets])
    for reference in checked.assets:
        if reference.id not in assets:
            raise _not_found(reference.path, "asset", reference.id)
        channels.add(assets[reference.id].channel_id)
    tasks = TaskRepository(session, tenant_id)
    upstream_ids: dict[str, str] = {}
    for draft in checked.drafts:
        if draft.id in upstream_ids:
            continue
        row = await tasks.find(draft.id)
        if row is None or row.upstream_id is None or row.channel_id is None:
            raise _not_found(draft.path, "task", draft.id)
        upstream_ids[draft.id] = row.upstream_id
        channels.add(row.channel_id)
    checked.rename_drafts(upstream_ids)
    return _only(channels)


@dataclass(frozen=True)
class Choice:
    """The channels that may take a create, best first, and whether another one has an open breaker."""

    channels: Sequence[Channel]
    is_one_skipped: bool


async def choose_channels(
    directory: ChannelDirectory, principal: Principal, checked: CheckedCreate, pinned: str | None
) -> Choice:
    """Returns the channels that may take a create, at least one. All of them serve its model.

    Raises:
        AccessDeniedError: 403, no allowed channel of the key or tenant exists, or the one that holds the assets is not
            allowed.
        InvalidParameterError: 400, the channel that holds the assets does not serve the model.
        ModelNotFoundError: 404, no channel that the key may use serves the model, whatever the channel's status.
        NoChannelError: 503, no channel that serves it is active.
        ServiceUnavailableError: 503, the breakers of all suitable channels are open.
    """
    allowed, model = principal.allowed_channels, checked.model
    if pinned is not None:
        channel = await directory.find(pinned)
        if channel is not None and not channel.is_in(allowed):
            raise _channel_denied()
        if channel is None or not channel.is_ready_for("ark"):
            raise NoChannelError
        if not serves(channel, model):
            raise not_valid("model", "the account that holds the assets or drafts of the request does not serve it")
        return _without_open_breakers([channel])
    candidates = [each for each in await directory.candidates(allowed, needs="ark") if serves(each, model)]
    if candidates:
        return _without_open_breakers(candidates)
    channels = await directory.all(allowed)
    if allowed is not None and not channels:
        raise _channel_denied()
    if not is_served_by_any(channels, model):
        raise ModelNotFoundError(checked.fields["model"])
    raise NoChannelError


def is_served_by_any(channels: Iterable[Channel], model: ModelSpec) -> bool:
    """Whether a channel makes videos with the model; True when no channel makes videos, as it is not known then."""
    makers = [channel for channel in channels if channel.ark is not None]
    return not makers or any(serves(channel, model) for channel in makers)


def _without_open_breakers(channels: list[Channel]) -> Choice:
    closed = [channel for channel in channels if not channel.is_breaker_open]
    if not closed:
        raise ServiceUnavailableError(
            "The upstream does not answer clearly at the moment, so nothing was sent. Please try again.",
            retry_after_seconds=_BREAKER_RETRY_SECONDS,
        )
    return Choice(closed, is_one_skipped=len(closed) < len(channels))


def _channel_denied() -> AccessDeniedError:
    return AccessDeniedError("This API key may not use any upstream channel that serves this request.")


def _only(channels: Iterable[str]) -> str | None:
    found = sorted(channels)
    if len(found) > 1:
        raise InvalidParameterError(
            "content",
            "The parameter `content` specified in the request is not valid: "
            "its assets and drafts live in different upstream accounts.",
        )
    return found[0] if found else None


def _not_found(path: str, kind: str, reference: str) -> InvalidParameterError:
    return InvalidParameterError(
        path,
        f"The parameter `{path}` specified in the request is not valid: The specified {kind} {reference} is not found.",
    )
