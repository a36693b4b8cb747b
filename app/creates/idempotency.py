"""Idempotency keys of one tenant: each identifies one create, of any kind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.creates.models import IdempotencyKeyRow
from app.errors import ConflictError

CREATE_TASK = "create_task"
"""The route of a create of a task."""

CREATE_VIDEO = "create_video"
"""The same in OpenAI's dialect. The route of any other create is the name of its action."""

_SHOWN_ROUTES = {CREATE_TASK: "a create of a task", CREATE_VIDEO: "a create at /v1/videos"}
_CODE = "IdempotencyConflict"
_PRIMARY_KEY = "pk_idempotency_keys"
OLDER_KEY_INDEX = "uq_tasks_tenant_id_idempotency_key"
"""The index of the keys that versions before 0007 of the schema write into the rows of tasks, and nowhere else."""


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's key, and the hash by which the same create is recognised.

    Attributes:
        text: as the client sent it.
        value_hash: the hash of the body's JSON value (``app.core.json_hash``).
    """

    text: str
    value_hash: bytes


@dataclass(frozen=True)
class OlderKey:
    """A key that a version before 0007 of the schema wrote into the row of its task.

    Attributes:
        task_id: the task's spare id.
        body_hash: SHA-256 of the body's bytes; the hash of its value is not known.
        created_at: the time of the task.
    """

    task_id: str
    body_hash: bytes
    created_at: datetime


FindOlderKey = Callable[[AsyncSession, str, str], Awaitable[OlderKey | None]]
"""Takes a session, a tenant id and a key, and returns the older key. Tasks are on a floor above, so it is passed in."""


class IdempotencyKeyRepository:
    """One tenant's keys. Creates of all kinds share them, so that a key which comes with another action is noticed."""

    def __init__(self, session: AsyncSession, tenant_id: str) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def find(self, key: str) -> IdempotencyKeyRow | None:
        """Returns the row of a key, or None when it has none."""
        return await self._session.get(IdempotencyKeyRow, (self._tenant_id, key))

    async def delete_all(self) -> None:
        """Deletes every key of the tenant."""
        await self._session.execute(delete(IdempotencyKeyRow).where(IdempotencyKeyRow.tenant_id == self._tenant_id))


async def delete_idempotency_keys(session: AsyncSession, tenant_id: str) -> None:
    """Deletes every key of a tenant; passed to ``TenantService.delete_tenant``."""
    await IdempotencyKeyRepository(session, tenant_id).delete_all()


def check_row(row: IdempotencyKeyRow, key: IdempotencyKey, route: str) -> None:
    """Checks that a known key is sent for the create that it identifies.

    Raises:
        ConflictError: 409 ``IdempotencyConflict``.
    """
    _check_route(row.route, route)
    if row.value_hash != key.value_hash:
        raise _used_with_another_body()


def check_older(older: OlderKey, body_hash: bytes, route: str) -> None:
    """Checks the same for a key of which only the hash of the body's bytes is known.

    Raises:
        ConflictError: 409 ``IdempotencyConflict``.
    """
    _check_route(CREATE_TASK, route)
    if older.body_hash != body_hash:
        raise _used_with_another_body()


def is_key_taken(error: IntegrityError) -> bool:
    """Says whether a transaction failed because another one has just inserted the same key."""
    return any(name in str(error.orig) for name in (_PRIMARY_KEY, OLDER_KEY_INDEX))


def _check_route(used_for: str, route: str) -> None:
    if used_for != route:
        raise ConflictError(_CODE, f"The Idempotency-Key was used for {_SHOWN_ROUTES.get(used_for, used_for)}.")


def _used_with_another_body() -> ConflictError:
    return ConflictError(_CODE, "The Idempotency-Key was used with another request body.")
