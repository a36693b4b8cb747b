"""The secrets of signing keys, sealed in the rows of their API keys and open in memory."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.sealing import SealError, SecretBox
from app.tenants.models import ApiKeyRow

_COLUMN = "secret_access_key_sealed"


def seal_secret(box: SecretBox, key_id: str, secret: str) -> str:
    """Returns the secret access key of an API key, sealed for exactly its row and column."""
    return box.seal(secret, row=key_id, column=_COLUMN)


def open_secret(box: SecretBox, key_id: str, sealed: str) -> str:
    """Returns the secret access key of an API key.

    Raises:
        SealError: no key that we hold opens it, or it was sealed for another row or column.
    """
    return box.open(sealed, row=key_id, column=_COLUMN)


async def reseal_signing_keys(session: AsyncSession, box: SecretBox) -> int:
    """Seals every secret access key with the first key of ``box``; returns how many there are.

    Raises:
        SealError: one does not open with any of the keys; the text names its API key.
    """
    query = select(ApiKeyRow).where(ApiKeyRow.secret_access_key_sealed.is_not(None)).order_by(ApiKeyRow.id)
    rows = (await session.scalars(query.with_for_update())).all()
    for row in rows:
        try:
            secret = open_secret(box, row.id, row.secret_access_key_sealed or "")
        except SealError as error:
            raise SealError(f"signing key of API key {row.id}: {error}") from error
        row.secret_access_key_sealed = seal_secret(box, row.id, secret)
    return len(rows)
