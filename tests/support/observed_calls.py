"""The calls of a method, so that a test knows that a request waits before it ends what the request waits for."""

import asyncio
from typing import Any

import pytest


class ObservedCalls:
    """The asyncio tasks in which an async method has returned; the method itself is unchanged.

    Attributes:
        callers: one task for each request.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, method: str) -> None:
        """Observes a method until the test ends."""
        self.callers: set[asyncio.Task[Any]] = set()
        original = getattr(owner, method)

        async def observed(*args: Any, **options: Any) -> Any:
            result = await original(*args, **options)
            task = asyncio.current_task()
            if task is not None:
                self.callers.add(task)
            return result

        monkeypatch.setattr(owner, method, observed)
