"""A wrong sealing key is detected at the start."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.canary import check_canary
from app.core.sealing import SealError, SecretBox, generate_key
from tests.support.starting_line import start_together

Sessions = async_sessionmaker[AsyncSession]


async def test_a_wrong_sealing_key_refuses_the_start_with_words_for_the_operator(sessions: Sessions) -> None:
    await check_canary(sessions, SecretBox.from_text(generate_key()))

    with pytest.raises(SealError, match="SEEDGATE_SECRET_KEY is not the key") as caught:
        await check_canary(sessions, SecretBox.from_text(generate_key()))

    assert "after a comma" in str(caught.value)


async def test_the_same_key_and_a_longer_list_of_keys_pass(sessions: Sessions) -> None:
    key = generate_key()
    await check_canary(sessions, SecretBox.from_text(key))

    await check_canary(sessions, SecretBox.from_text(key))
    await check_canary(sessions, SecretBox.from_text(f"{generate_key()},{key}"))


async def test_a_canary_that_was_altered_refuses_the_start(sessions: Sessions) -> None:
    box = SecretBox.from_text(generate_key())
    await check_canary(sessions, box)
    async with sessions.begin() as session:
        await session.execute(
            text("UPDATE sealed_canary SET sealed = :other"), {"other": box.seal("x", row="r", column="c")}
        )

    with pytest.raises(SealError):
        await check_canary(sessions, box)


async def test_of_two_concurrent_first_starts_with_different_keys_one_is_refused(sessions: Sessions) -> None:
    boxes = [SecretBox.from_text(generate_key()) for _ in range(4)]

    results = await start_together(sessions, "sealed_canary", [check_canary(sessions, box) for box in boxes])

    assert [result for result in results if result is None] == [None]
    assert all(isinstance(result, SealError) for result in results if result is not None)
