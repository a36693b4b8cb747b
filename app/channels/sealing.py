"""The secrets of a channel, sealed in its row and open in memory."""

from dataclasses import dataclass, field, fields

from app.channels.models import ChannelRow
from app.crypto import SecretBox


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


def open_secrets(box: SecretBox, row: ChannelRow) -> ChannelSecrets:
    """Returns the secrets of a row.

    Raises:
        SealError: one of them does not open: another key sealed it, or it was sealed for another row or column.
    """
    opened = {}
    for name in SECRET_NAMES:
        column = f"{name}_sealed"
        sealed: str | None = getattr(row, column)
        opened[name] = None if sealed is None else box.open(sealed, row=row.id, column=column)
    return ChannelSecrets(**opened)


def apply_secret(box: SecretBox, row: ChannelRow, name: str, secret: str | None) -> None:
    """Writes one secret into its row, sealed for exactly this row and column; None clears it."""
    column = f"{name}_sealed"
    setattr(row, column, None if secret is None else box.seal(secret, row=row.id, column=column))
