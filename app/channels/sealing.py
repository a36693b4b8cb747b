"""The secrets of a channel, sealed in its row and open in memory."""

from dataclasses import dataclass, field, fields

from app.channels.models import ChannelRow
from app.crypto import SealError, SecretBox, has_origin
from app.upstream.origins import parse_origin


@dataclass(frozen=True, slots=True)
class ChannelSecrets:
    """The credentials of one upstream account; None is one that it does not have. Nothing of them is in ``repr``.

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
"""Each is kept in the column ``<name>_sealed``."""


URL_OF = {
    "ark_api_key": "ark_base_url",
    "access_key_id": "openapi_url",
    "secret_access_key": "openapi_url",
    "session_token": "openapi_url",
}
"""With requests to which URL each secret is sent. It is sealed for the origin of that URL, and opens for no other."""


def open_secrets(box: SecretBox, row: ChannelRow) -> ChannelSecrets:
    """Returns the secrets of a row.

    Raises:
        SealError: one of them does not open: another key sealed it, it was sealed for another row, column or origin, or
            its URL leads to no server.
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
    """Writes one secret into its row, sealed for this row, this column and the origin of its URL; None clears it.

    The row's URLs must be written before.

    Raises:
        SealError: the URL leads to no server, so that there is none to seal the secret for.
    """
    column = f"{name}_sealed"
    sealed = None if secret is None else box.seal(secret, row=row.id, column=column, origin=_origin(row, name))
    setattr(row, column, sealed)


def is_bound(row: ChannelRow) -> bool:
    """Whether every secret of a row is sealed for an origin; versions before sealed them for row and column alone."""
    return all(has_origin(sealed) for name in SECRET_NAMES if (sealed := getattr(row, f"{name}_sealed")) is not None)


def _origin(row: ChannelRow, name: str) -> str:
    url = URL_OF[name]
    try:
        return parse_origin(getattr(row, url)).text
    except ValueError as error:
        raise SealError(f"its {url} leads to no server: {error}") from None
