"""The secrets that sign deliveries, one per tenant: sealed in the database, ``whsec_…`` when opened."""

import base64
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.sealing import SealError, SecretBox
from app.webhooks.models import WebhookSecretRow

_PREFIX = "whsec_"
_SECRET_BYTES = 32
_COLUMN = "secret_sealed"


def new_secret() -> str:
    """Returns a secret in the format of Standard Webhooks: ``whsec_`` and base64 of 32 random bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


async def secret_of(session: AsyncSession, box: SecretBox, tenant_id: str, *, now: datetime) -> str:
    """Returns a tenant's secret; creates it when the tenant has none yet.

    Raises:
        SealError: no configured key opens it.
    """
    row = await _find(session, tenant_id)
    if row is None:
        made = box.seal(new_secret(), row=tenant_id, column=_COLUMN)
        values = {"tenant_id": tenant_id, "secret_sealed": made, "created_at": now}
        await session.execute(insert(WebhookSecretRow).values(values).on_conflict_do_nothing())
        row = await _find(session, tenant_id)
        if row is None:
            raise SealError("the secret was removed in this very moment")
    return box.open(row.secret_sealed, row=tenant_id, column=_COLUMN)


async def replace_secret(session: AsyncSession, box: SecretBox, tenant_id: str, *, now: datetime) -> str:
    """Gives a tenant a new secret and returns it; the previous one is no longer used."""
    secret = new_secret()
    values = {"secret_sealed": box.seal(secret, row=tenant_id, column=_COLUMN), "created_at": now}
    statement = insert(WebhookSecretRow).values({"tenant_id": tenant_id, **values})
    await session.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values))
    return secret


async def reseal_secrets(session: AsyncSession, box: SecretBox) -> int:
    """Seals every tenant's secret with the first key of ``box``; returns how many there are.

    Raises:
        SealError: one does not open with any of the keys; the text names its tenant.
    """
    rows = (await session.scalars(select(WebhookSecretRow).with_for_update())).all()
    for row in rows:
        try:
            secret = box.open(row.secret_sealed, row=row.tenant_id, column=_COLUMN)
        except SealError as error:
            raise SealError(f"webhook secret of tenant {row.tenant_id}: {error}") from error
        row.secret_sealed = box.seal(secret, row=row.tenant_id, column=_COLUMN)
    return len(rows)


async def _find(session: AsyncSession, tenant_id: str) -> WebhookSecretRow | None:
    found: WebhookSecretRow | None = await session.scalar(
        select(WebhookSecretRow).where(WebhookSecretRow.tenant_id == tenant_id)
    )
    return found
