"""The statements that a process sends, as its driver sees them."""

from typing import Any

import asyncpg
import pytest


def note_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns a list to which every connection that is opened from now on adds the statements that it sends."""
    sent: list[str] = []
    connect = asyncpg.connect

    async def connect_and_note(*arguments: Any, **options: Any) -> Any:
        connection = await connect(*arguments, **options)
        connection.add_query_logger(lambda query: sent.append(query.query))
        return connection

    monkeypatch.setattr(asyncpg, "connect", connect_and_note)
    return sent
