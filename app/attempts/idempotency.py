"""Idempotency keys of one tenant: each identifies one create, of whatever kind."""

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.attempts.models import IdempotencyKeyRow
from app.errors import ConflictError

CREATE_TASK = "create_task"
"""The route of a create of a task; that of another create is its action."""

_CODE = "IdempotencyConflict"
_PRIMARY_KEY = "pk_idempotency_keys"


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's key, and the hash by which a repetition of the same create is recognised.

    Attributes:
        text: as the client sent it.
        value_hash: of the body's JSON value (``app.http.json_hash``).
    """

    text: str
    value_hash: bytes


class IdempotencyKeyRepository:
    """One tenant's keys. All creates share them, so that a key which comes with another action is noticed."""

    def __init__(self, session: AsyncSession, tenant_id: str) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def find(self, key: IdempotencyKey, route: str) -> IdempotencyKeyRow | None:
        """Returns the row of a key, or None when it is new.

        Raises:
            ConflictError: 409 ``IdempotencyConflict``, it identifies another create.
        """
        row = await self._session.get(IdempotencyKeyRow, (self._tenant_id, key.text))
        if row is None:
            return None
        if row.route != route:
            used_for = "a create of a task" if row.route == CREATE_TASK else row.route
            raise ConflictError(_CODE, f"The Idempotency-Key was used for {used_for}.")
        if row.value_hash != key.value_hash:
            raise used_with_another_body()
        return row


def used_with_another_body() -> ConflictError:
    """Returns the 409 of a key that comes again with another body."""
    return ConflictError(_CODE, "The Idempotency-Key was used with another request body.")


def is_key_taken(error: IntegrityError) -> bool:
    """Says whether a transaction failed because another one has just taken its key."""
    return _PRIMARY_KEY in str(error.orig)
