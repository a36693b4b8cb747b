"""The channel ``default``, which the environment configures."""

from app.audit.log import Actor
from app.channels.channel import Channel, Plane
from app.channels.models import ChannelRow
from app.channels.rules import DEFAULT_CHANNEL
from app.channels.schemas import ChannelCreate, ChannelPatch
from app.channels.service import ChannelService, Verify
from app.errors import ConflictError, SeedgateError
from app.http.schemas import parse_model
from app.setting_names import variable
from app.settings import SettingError, Settings

_ACTOR = Actor(name="environment", address=None)
_SECRETS = ("ark_api_key", "access_key_id", "secret_access_key", "session_token")
_ADDRESSES = ("ark_base_url", "openapi_url", "region")


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


def channel_from_environment(settings: Settings) -> tuple[ChannelCreate, ChannelPatch] | None:
    """Returns the requests that create and update the channel, or None when the environment configures none.

    URLs and region are validated in any case: signatures on the native entry are checked against the region.

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
