"""The channel that the environment describes."""

from app.audit.actor import Actor
from app.channels.channel import Channel, Plane
from app.channels.models import ChannelRow
from app.channels.rules import DEFAULT_CHANNEL
from app.channels.schemas import ChannelCreate, ChannelPatch
from app.channels.service import ChannelService, Verify
from app.errors import ConflictError, SeedgateError
from app.http.schemas import parse_model
from app.settings import SettingError, Settings, variable

_ACTOR = Actor(name="environment", address=None)
_SECRETS = ("ark_api_key", "access_key_id", "secret_access_key", "session_token")
_ADDRESSES = ("ark_base_url", "openapi_url", "region")


async def ensure_default_channel(
    settings: Settings, channels: ChannelService, *, verify: Verify | None
) -> ChannelRow | None:
    """Makes the channel ``default``, or brings its addresses, region and credentials up to the environment's.

    The environment decides all of them, so a credential that it does not name is removed. Everything else about the
    channel belongs to the database, also whether it is suspended: changed credentials are verified as a PATCH's are.
    An unchanged environment makes no call, and writes nothing once every secret is sealed for its origin. Several
    processes may do this at once.

    Args:
        settings: with ``SEEDGATE_ARK_API_KEY`` or an access key; without either nothing is done.
        channels: makes the change.
        verify: whether what lives on the channel still answers; None when there is no need to ask.

    Returns:
        The channel, or None when the environment describes none.

    Raises:
        SettingError: a setting is not valid.
    """
    described = described_channel(settings)
    if described is None:
        return None
    create, patch = described
    row = await channels.find_by_name(DEFAULT_CHANNEL)
    if row is None:
        try:
            return await channels.create(_ACTOR, create)
        except ConflictError:  # another process was faster
            row = await channels.find_by_name(DEFAULT_CHANNEL)
    if row is None:
        return None  # made and deleted by others in this very moment
    return await channels.update(_ACTOR, row.id, patch, verify=verify or _trust)


def described_channel(settings: Settings) -> tuple[ChannelCreate, ChannelPatch] | None:
    """Returns how the channel is made and how it is brought up to date, or None when the environment describes none.

    Addresses and region are judged either way: a signature on the native entry is compared with the region.

    Raises:
        SettingError: a setting is not valid.
    """
    described = _described(settings)
    exclusive = settings.ark_exclusive == "on"
    try:
        create = parse_model(ChannelCreate, {**described, "name": DEFAULT_CHANNEL, "exclusive": exclusive})
        patch = parse_model(ChannelPatch, described)
    except SeedgateError as error:
        name = variable(str(error.param))
        raise SettingError(
            f"{name}: {error.message.replace(f'parameter `{error.param}`', f'setting {name}')}"
        ) from None
    has_credential = settings.ark_api_key is not None or settings.access_key_id is not None
    return (create, patch) if has_credential else None


def _described(settings: Settings) -> dict[str, str | None]:
    secrets = {name: getattr(settings, name) for name in _SECRETS}
    return {name: getattr(settings, name) for name in _ADDRESSES} | {
        name: secret.get_secret_value() if secret is not None else None for name, secret in secrets.items()
    }


async def _trust(_channel: Channel, _planes: frozenset[Plane]) -> str | None:
    return None
