"""Writes deliveries, in the transaction of the change that they report."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.due_work import wake_after_commit
from app.core.strict_json import to_json_bytes
from app.ids import new_id
from app.urls import split_url
from app.webhooks.backoff import RETRY_FOR
from app.webhooks.models import OPERATOR, DeliveryRow, DeliveryStatus
from app.webhooks.repository import DELIVERIES_DUE


def enqueue(
    session: AsyncSession, *, tenant_id: str, task_id: str, key_id: str, url: str, body: dict[str, Any], now: datetime
) -> None:
    """Adds a delivery to the open transaction, so that it exists if and only if the reported change does.

    ``task_id`` is the task's spare id, ``key_id`` the API key that made it, ``body`` equals the body of a GET at this
    moment, and the URL was checked when the task was created.
    """
    names = {"tenant_id": tenant_id, "task_id": task_id, "key_id": key_id}
    _add(session, **names, url=url, origin=origin_of(url), body=body, now=now)


def enqueue_for_operator(
    session: AsyncSession, *, origin: str, budget_id: str, body: dict[str, Any], now: datetime
) -> None:
    """Adds a message to the operator about a budget to the open transaction.

    ``origin`` is that of the operator's URL. The URL itself, which may contain a credential, is not stored.
    """
    _add(session, tenant_id=OPERATOR, task_id="", url="", origin=origin, budget_id=budget_id, body=body, now=now)


def origin_of(url: str) -> str:
    """Returns scheme, host and port of a web URL, in lower case and without user name and password."""
    parts = split_url(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def _add(session: AsyncSession, *, body: dict[str, Any], now: datetime, **columns: str) -> None:
    session.add(
        DeliveryRow(
            **columns,
            id=new_id("msg"),
            body=to_json_bytes(body).decode(),
            status=DeliveryStatus.PENDING.value,
            attempts=0,
            next_attempt_at=now,
            retry_until=now + RETRY_FOR,
            created_at=now,
            updated_at=now,
        )
    )
    wake_after_commit(session, DELIVERIES_DUE)


def apply_resend(row: DeliveryRow, *, now: datetime) -> None:
    """Makes a delivery in any state due now, with attempts for another day; an attempt under way is disregarded."""
    row.status = DeliveryStatus.PENDING.value
    row.attempts = 0
    row.next_attempt_at = now
    row.retry_until = now + RETRY_FOR
    row.lease_token = row.lease_until = row.delivered_at = None
    row.updated_at = now
