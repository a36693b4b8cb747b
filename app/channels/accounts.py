"""From a row to a channel with open secrets."""

from app.channels.channel import Channel, ChannelStatus
from app.channels.models import ChannelRow
from app.channels.sealing import ChannelSecrets, open_secrets
from app.crypto import SealError, SecretBox
from app.upstream.credentials import ArkAccount, OpenApiAccount

UNREADABLE = "its secrets do not open: another SEEDGATE_SECRET_KEY sealed them, or they were given for another URL"


def open_channel(box: SecretBox, row: ChannelRow) -> Channel:
    """Returns a channel. One whose secrets do not open comes suspended, without accounts, whatever its row says."""
    try:
        secrets = open_secrets(box, row)
    except SealError:
        return _to_channel(row, ChannelSecrets(), status=ChannelStatus.SUSPENDED, status_reason=UNREADABLE)
    return to_channel(row, secrets)


def to_channel(row: ChannelRow, secrets: ChannelSecrets) -> Channel:
    """Returns the channel of a row with these secrets."""
    return _to_channel(row, secrets, status=row.status, status_reason=row.status_reason)


def _to_channel(row: ChannelRow, secrets: ChannelSecrets, *, status: str, status_reason: str | None) -> Channel:
    return Channel(
        id=row.id,
        name=row.name,
        ark=_to_ark(row, secrets),
        openapi=_to_openapi(row, secrets),
        exclusive=row.exclusive,
        region=row.region,
        correlate="safety_identifier" if row.correlate == "safety_identifier" else "off",
        models=row.models,
        projects=tuple(row.projects),
        priority=row.priority,
        weight=row.weight,
        status=status,
        status_reason=status_reason,
    )


def _to_ark(row: ChannelRow, secrets: ChannelSecrets) -> ArkAccount | None:
    if secrets.ark_api_key is None:
        return None
    return ArkAccount(base_url=row.ark_base_url, api_key=secrets.ark_api_key, channel_id=row.id)


def _to_openapi(row: ChannelRow, secrets: ChannelSecrets) -> OpenApiAccount | None:
    if secrets.access_key_id is None or secrets.secret_access_key is None:
        return None
    return OpenApiAccount(
        url=row.openapi_url,
        access_key_id=secrets.access_key_id,
        secret_access_key=secrets.secret_access_key,
        session_token=secrets.session_token,
        region=row.region,
        channel_id=row.id,
    )
