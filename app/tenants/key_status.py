"""Whether a key works."""

from datetime import datetime
from enum import StrEnum

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
