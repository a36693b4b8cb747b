"""The channel ``default`` as the settings describe it."""

from app.channels.rules import DEFAULT_CHANNEL
from app.channels.schemas import ChannelCreate, ChannelPatch
from app.errors import SeedgateError
from app.http.schemas import parse_model
from app.setting_names import variable
from app.settings import SettingError, Settings

_SECRETS = ("ark_api_key", "access_key_id", "secret_access_key", "session_token")
_ADDRESSES = ("ark_base_url", "openapi_url", "region")


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
