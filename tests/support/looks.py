"""Who has looked at something: how a test knows that a request waits before it lets happen what that waits for."""

import asyncio
from typing import Any

import pytest


class Looks:
    """The tasks that have called an async method and gone on; the method does what it always does.

    Attributes:
        lookers: one for each request.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, method: str) -> None:
        """Watches a method until the test ends."""
        self.lookers: set[asyncio.Task[Any]] = set()
        look = getattr(owner, method)

        async def watched(*args: Any, **options: Any) -> Any:
            seen = await look(*args, **options)
            task = asyncio.current_task()
            if task is not None:
                self.lookers.add(task)
            return seen

        monkeypatch.setattr(owner, method, watched)
