"""The channel ``default``, which the environment configures."""

from app.audit.log import Actor
from app.channels.channel import Channel, Plane
from app.channels.configured import channel_from_environment
from app.channels.models import ChannelRow
from app.channels.rules import DEFAULT_CHANNEL
from app.channels.service import ChannelService, Verify
from app.errors import ConflictError
from app.settings import Settings

_ACTOR = Actor(name="environment", address=None)


async def ensure_default_channel(
    settings: Settings, channels: ChannelService, *, verify: Verify | None
) -> ChannelRow | None:
    """Creates the channel ``default``, or updates its URLs, region and credentials from the environment.

    A credential that the environment does not name is removed. All other settings, including a suspension, stay as the
    database has them: changed credentials are verified like a PATCH's. An unchanged environment makes no call, and
    writes nothing once every secret is sealed for its origin. Several processes may do this at once.

    Args:
        settings: with ``SEEDGATE_ARK_API_KEY`` or an access key; without either nothing is done.
        channels: makes the change.
        verify: as in ``ChannelService.update``; None skips the verification.

    Returns:
        The channel, or None when the environment configures none.

    Raises:
        SettingError: a setting is not valid.
    """
    described = channel_from_environment(settings)
    if described is None:
        return None
    create, patch = described
    row = await channels.find_by_name(DEFAULT_CHANNEL)
    if row is None:
        try:
            return await channels.create(_ACTOR, create)
        except ConflictError:  # another process was first
            row = await channels.find_by_name(DEFAULT_CHANNEL)
    if row is None:
        return None  # another process created it, and it was deleted since
    return await channels.update(_ACTOR, row.id, patch, verify=verify or _trust)


async def _trust(_channel: Channel, _planes: frozenset[Plane]) -> str | None:
    return None
