"""Refreshes the tasks that clients ask about: a few by GET at once, many together by LIST.

An account has 8 GETs a second for clients and hardly one LIST, but a LIST brings the state of 100 tasks. The tasks of
a channel that are asked about while a call of it is under way therefore wait for the next one, and share it.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.background import BackgroundTasks
from app.core.turns import leave_turn
from app.tasks.models import TaskRow
from app.tasks.polling.batch_refresh import MAX_SINGLE_GETS, BatchRefresh
from app.tasks.polling.refresh import MIN_REFRESH_INTERVAL, TaskRefresh
from app.tasks.polling.single_gets import SingleGets
from app.upstream.rate_limits import RateClass

_CLIENT_TIMEOUT_SECONDS = 5.0
# A slow GET delays the tasks that are asked about after it by no more than this.
_GETS_UNDER_WAY_SECONDS = 0.5
# Somewhat more than the time between two LIST calls of an account.
_TOKEN_TIMEOUT_SECONDS = 1.5
# What a LIST shows as ended and gets no GET within this time is left to the poller.
_LAST_GETS_TIMEOUT_SECONDS = 1.0

_Key = tuple[str, str]


@dataclass
class _Channel:
    """The tasks of one channel that clients ask about.

    Attributes:
        waiting: those that no call has been made for, oldest first.
        answers: of these and of those under way; the result tells whether the row may have changed.
        is_working: whether calls are being made.
    """

    waiting: dict[_Key, TaskRow] = field(default_factory=dict)
    answers: dict[_Key, asyncio.Future[bool]] = field(default_factory=dict)
    is_working: bool = False


class ClientRefresh:
    """Brings the rows of tasks up to date for clients that wait for them."""

    def __init__(self, refresh: TaskRefresh, batch_refresh: BatchRefresh, gets: SingleGets) -> None:
        self._refresh = refresh
        self._batch_refresh = batch_refresh
        self._gets = gets
        self._channels: dict[str, _Channel] = {}
        self._background = BackgroundTasks()

    async def refresh(self, row: TaskRow) -> bool:
        """Asks about a task if the account has a call left, and waits at most five seconds for the answer.

        However many clients ask at once, in this process or another, the upstream gets one call. A slow call continues
        after the client was answered. When the upstream does not answer, ``asked_at`` stays later than ``polled_at``.

        Returns:
            Whether the row may have changed; False when no call was made: none was left, or the channel is not usable.
        """
        leave_turn()
        try:
            async with asyncio.timeout(_CLIENT_TIMEOUT_SECONDS):
                return await asyncio.shield(self._answer_for(row))
        except TimeoutError:
            return True

    async def drain(self) -> None:
        """Cancels the calls under way; the poller will ask about their tasks."""
        await self._background.drain(timeout_seconds=0)

    def _answer_for(self, row: TaskRow) -> asyncio.Future[bool]:
        """Returns the answer that is to come for a task, which waits for a call from now on if it did not before."""
        channel, key = self._channels.setdefault(str(row.channel_id), _Channel()), (row.tenant_id, row.id)
        if key not in channel.answers:
            channel.waiting[key] = row
            channel.answers[key] = asyncio.get_running_loop().create_future()
        if not channel.is_working:
            channel.is_working = True
            self._background.start(self._work(str(row.channel_id), channel))
        return channel.answers[key]

    async def _work(self, channel_id: str, channel: _Channel) -> None:
        """Makes one call after the other until no task waits, each for as many tasks as it can bring."""
        try:
            while channel.waiting:
                max_rows = max(self._batch_refresh.max_ids(channel_id), MAX_SINGLE_GETS)
                rows = [channel.waiting.pop(key) for key in list(channel.waiting)[:max_rows]]
                if len(rows) > MAX_SINGLE_GETS:
                    await self._answer(channel, rows, self._list(channel_id, rows))
                    continue
                calls = [self._answer(channel, [row], self._refresh.refresh_once(row)) for row in rows]
                await asyncio.wait(map(self._background.start, calls), timeout=_GETS_UNDER_WAY_SECONDS)
        finally:
            channel.is_working = False

    async def _answer(self, channel: _Channel, rows: Sequence[TaskRow], call: Coroutine[Any, Any, bool]) -> None:
        """Gives the result of a call, or its error, to all clients that wait for it."""
        answers = [channel.answers[row.tenant_id, row.id] for row in rows]
        try:
            has_changed = await call
        except BaseException as error:
            for answer in answers:
                answer.set_exception(error if isinstance(error, Exception) else TimeoutError())
                answer.exception()  # retrieved: asyncio would log it if every client has left
            if not isinstance(error, Exception):
                raise
        else:
            for answer in answers:
                answer.set_result(has_changed)
        finally:
            for row in rows:
                del channel.answers[row.tenant_id, row.id]

    async def _list(self, channel_id: str, rows: Sequence[TaskRow]) -> bool:
        """Asks about many tasks of a channel, then once more, by GET, about those that have ended."""
        account = await self._refresh.account_of(rows[0])
        if account is None:
            return False
        ended = await self._batch_refresh.refresh(
            channel_id,
            account,
            rows,
            min_age=MIN_REFRESH_INTERVAL,
            token_timeout_seconds=_TOKEN_TIMEOUT_SECONDS,
        )
        await self._gets.run(
            channel_id, account, ended, RateClass.INTERACTIVE_GET, timeout_seconds=_LAST_GETS_TIMEOUT_SECONDS
        )
        return True
