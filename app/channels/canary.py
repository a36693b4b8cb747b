"""A sealed known text that detects a wrong ``SEEDGATE_SECRET_KEY`` before anything is sealed with it."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.models import SealedCanaryRow
from app.core.sealing import SealError, SecretBox

CANARY_ID = 1
_ROW = "sealed_canary/1"
_COLUMN = "sealed"
_TEXT = "seedgate"


async def check_canary(sessions: async_sessionmaker[AsyncSession], box: SecretBox) -> None:
    """Checks that ``box`` has the key that sealed this database's secrets; a database without a canary gets one.

    Several processes may do this at once.

    Raises:
        SealError: it has not; the text tells the operator what to do.
    """
    async with sessions.begin() as session:
        canary = await session.get(SealedCanaryRow, CANARY_ID)
        if canary is None:
            sealed = box.seal(_TEXT, row=_ROW, column=_COLUMN)
            await session.execute(insert(SealedCanaryRow).values(id=CANARY_ID, sealed=sealed).on_conflict_do_nothing())
            # Another process may have been first, with a different key.
            canary = await session.get_one(SealedCanaryRow, CANARY_ID, populate_existing=True)
    try:
        box.open(canary.sealed, row=_ROW, column=_COLUMN)
    except SealError as error:
        raise SealError(
            "SEEDGATE_SECRET_KEY is not the key that this database's secrets were sealed with "
            f"({error}). Start with the old key; to change keys, put the new one first and keep the old one "
            "after a comma."
        ) from error


def reseal_canary(box: SecretBox, canary: SealedCanaryRow) -> None:
    """Seals the canary with the first key of ``box``.

    Raises:
        SealError: none of them opens it.
    """
    text = box.open(canary.sealed, row=_ROW, column=_COLUMN)
    canary.sealed = box.seal(text, row=_ROW, column=_COLUMN)
