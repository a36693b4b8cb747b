"""The status of API keys."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, func

from app.errors import ConflictError, NotFoundError
from app.tenants.models import ApiKeyRow


class KeyStatus(StrEnum):
    """The status of a key in the admin API. A rotated key works until its grace ends, and is expired then."""

    ACTIVE = "active"
    ROTATED = "rotated"
    EXPIRED = "expired"
    REVOKED = "revoked"

    @property
    def is_working(self) -> bool:
        """Whether requests with the key are accepted."""
        return self in {KeyStatus.ACTIVE, KeyStatus.ROTATED}


def earlier_end(expires_at: datetime | None, grace_ends_at: datetime | None) -> datetime | None:
    """Returns when a key stops working: when it expires or its grace ends, whichever is earlier; None: never."""
    return min((end for end in (expires_at, grace_ends_at) if end is not None), default=None)


def key_status(row: ApiKeyRow, now: datetime) -> KeyStatus:
    """Returns the status of a key at a time, whether or not its tenant is suspended."""
    if row.revoked_at is not None:
        return KeyStatus.REVOKED
    end = earlier_end(row.expires_at, row.grace_ends_at)
    if end is not None and end <= now:
        return KeyStatus.EXPIRED
    return KeyStatus.ACTIVE if row.grace_ends_at is None else KeyStatus.ROTATED


def has_key_status(status: KeyStatus, now: datetime) -> ColumnElement[bool]:
    """The condition that a key has a status at a time: ``key_status`` for queries."""
    is_revoked = ApiKeyRow.revoked_at.is_not(None)
    is_over = func.coalesce(func.least(ApiKeyRow.expires_at, ApiKeyRow.grace_ends_at) <= now, false())
    if status is KeyStatus.REVOKED:
        return is_revoked
    if status is KeyStatus.EXPIRED:
        return and_(~is_revoked, is_over)
    is_rotated = ApiKeyRow.grace_ends_at.is_not(None)
    return and_(~is_revoked, ~is_over, is_rotated if status is KeyStatus.ROTATED else ~is_rotated)


def check_found(row: ApiKeyRow | None) -> ApiKeyRow:
    """Returns the key.

    Raises:
        NotFoundError: 404, it is None.
    """
    if row is None:
        raise NotFoundError("The specified API key is not found.", field="key_id", param="key_id")
    return row


def check_working(row: ApiKeyRow, now: datetime) -> None:
    """Checks that a key works.

    Raises:
        ConflictError: 409, it is revoked or has expired.
    """
    status = key_status(row, now)
    if not status.is_working:
        raise ConflictError("InvalidAction", f"The key is {status}; create a new one instead.")
