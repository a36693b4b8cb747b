"""Whether there is a key, and whether it works."""

from datetime import datetime
from enum import StrEnum

from app.errors import ConflictError, NotFoundError
from app.tenants.models import ApiKeyRow


class KeyStatus(StrEnum):
    """What the admin API calls the state of a key."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


def key_status(row: ApiKeyRow, now: datetime) -> KeyStatus:
    """Returns the state of a key at a moment; its tenant may be suspended all the same."""
    if row.revoked_at is not None:
        return KeyStatus.REVOKED
    if row.expires_at is not None and row.expires_at <= now:
        return KeyStatus.EXPIRED
    return KeyStatus.ACTIVE


def check_key(row: ApiKeyRow | None) -> ApiKeyRow:
    """Returns a key that was looked for.

    Raises:
        NotFoundError: 404, there is none.
    """
    if row is None:
        raise NotFoundError("The specified API key is not found.", field="key_id", param="key_id")
    return row


def check_active(row: ApiKeyRow, now: datetime) -> None:
    """Does nothing when a key works.

    Raises:
        ConflictError: 409, it is revoked or has expired.
    """
    status = key_status(row, now)
    if status is not KeyStatus.ACTIVE:
        raise ConflictError("InvalidAction", f"The key is {status}; create a new one instead.")
