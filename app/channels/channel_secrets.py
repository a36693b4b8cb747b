"""The secrets of a channel: sealed in its row, open in the ``Channel`` that the program uses."""

from dataclasses import dataclass, field, fields, replace

from app.channels.channel import Channel, ChannelStatus
from app.channels.models import ChannelRow
from app.core.sealing import SealError, SecretBox, has_origin
from app.upstream.credentials import ArkAccount, OpenApiAccount
from app.upstream.origins import parse_origin

UNREADABLE = "its secrets do not open: another SEEDGATE_SECRET_KEY sealed them, or they were given for another URL"


@dataclass(frozen=True, slots=True)
class ChannelSecrets:
    """The credentials of one upstream account, None for each that it does not have; left out of ``repr``.

    Attributes:
        ark_api_key: Bearer key of the data plane.
        access_key_id: the public half of the control plane's key pair.
        secret_access_key: its secret half.
        session_token: beside a temporary (STS) key pair.
    """

    ark_api_key: str | None = field(default=None, repr=False)
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)


SECRET_NAMES = tuple(each.name for each in fields(ChannelSecrets))
"""Each is stored in the column ``<name>_sealed``."""

URL_OF = {
    "ark_api_key": "ark_base_url",
    "access_key_id": "openapi_url",
    "secret_access_key": "openapi_url",
    "session_token": "openapi_url",
}
"""The column of the URL that each secret is sent to. A secret is sealed for the origin of that URL."""


def open_secrets(box: SecretBox, row: ChannelRow) -> ChannelSecrets:
    """Returns the secrets of a row.

    Raises:
        SealError: one of them was sealed with another key or for another row, column or origin, or its URL leads to no
            server.
    """
    opened = {}
    for name in SECRET_NAMES:
        column = f"{name}_sealed"
        sealed: str | None = getattr(row, column)
        opened[name] = (
            None if sealed is None else box.open(sealed, row=row.id, column=column, origin=_origin(row, name))
        )
    return ChannelSecrets(**opened)


def apply_secret(box: SecretBox, row: ChannelRow, name: str, secret: str | None) -> None:
    """Writes one secret into its row, sealed for the row, the column and the origin of its URL; None clears it.

    Set the row's URLs first.

    Raises:
        SealError: the URL leads to no server.
    """
    column = f"{name}_sealed"
    sealed = None if secret is None else box.seal(secret, row=row.id, column=column, origin=_origin(row, name))
    setattr(row, column, sealed)


def is_bound(row: ChannelRow) -> bool:
    """Whether every secret of a row is sealed for an origin; earlier versions sealed only for row and column."""
    return all(has_origin(sealed) for name in SECRET_NAMES if (sealed := getattr(row, f"{name}_sealed")) is not None)


def open_channel(box: SecretBox, row: ChannelRow) -> Channel:
    """Returns the channel of a row. If its secrets do not open, it is suspended and has no accounts."""
    try:
        secrets = open_secrets(box, row)
    except SealError:
        closed = to_channel(row, ChannelSecrets())
        return replace(closed, status=ChannelStatus.SUSPENDED.value, status_reason=UNREADABLE)
    return to_channel(row, secrets)


def to_channel(row: ChannelRow, secrets: ChannelSecrets) -> Channel:
    """Returns the channel of a row, with the given secrets."""
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
        media_hosts=tuple(row.media_hosts or ()),
        priority=row.priority,
        weight=row.weight,
        status=row.status,
        status_reason=row.status_reason,
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


def _origin(row: ChannelRow, name: str) -> str:
    url = URL_OF[name]
    try:
        return parse_origin(getattr(row, url)).text
    except ValueError as error:
        raise SealError(f"its {url} leads to no server: {error}") from None
