"""Refreshes the tasks that clients ask about: a few by GET at once, many together by LIST.

An account has one LIST a second, which brings the state of 100 tasks, and GETs that each bring one. So only some polls
are GETs. The tasks that are asked about while a call of their channel is under way, or when no GET is left for polls,
wait for the next LIST and share it with those that are due in the background. With 300 tasks and 32 clients that polled
them, a task cost 1.23 calls a minute when each poll was a GET, and 0.43 since (``2026-11-30-run-1``).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest

from app.core.background import BackgroundTasks
from app.core.turns import leave_turn
from app.tasks.context import TasksContext
from app.tasks.freshness import MIN_REFRESH_INTERVAL
from app.tasks.models import TaskRow
from app.tasks.polling.batch_refresh import CLAIM_DURATION, DUE_SOON, MAX_SINGLE_GETS, BatchRefresh, tier_of
from app.tasks.polling.bulk_refresh import BulkRefresh
from app.tasks.polling.refresh import PollOutcome, TaskRefresh
from app.tasks.polling.single_gets import SingleGets
from app.tasks.repository import AllTasks
from app.upstream.credentials import ArkAccount
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
        waiting: the tasks for which no call has been made, oldest first.
        answers: the future of each of these and of the tasks under way; its result: whether the row may have changed.
        is_working: whether calls are being made.
    """

    waiting: dict[_Key, TaskRow] = field(default_factory=dict)
    answers: dict[_Key, asyncio.Future[bool]] = field(default_factory=dict)
    is_working: bool = False

    def take(self, count: int) -> list[TaskRow]:
        """Removes waiting tasks and returns them: one of each tenant in turn, so that none waits for all of another."""
        keys_of: dict[str, list[_Key]] = {}
        for key in self.waiting:
            keys_of.setdefault(key[0], []).append(key)
        in_turn = (key for keys in zip_longest(*keys_of.values()) for key in keys if key is not None)
        return [self.waiting.pop(key) for key in list(islice(in_turn, count))]

    def answer(self, rows: Sequence[TaskRow], *, has_changed: bool) -> None:
        """Tells the clients that wait for tasks whether to read their rows again."""
        for row in rows:
            if (answer := self.answers.pop(to_key(row), None)) is not None:
                answer.set_result(has_changed)

    def fail(self, rows: Sequence[TaskRow], error: Exception) -> None:
        """Raises an error in the clients that wait for tasks."""
        for row in rows:
            if (answer := self.answers.pop(to_key(row), None)) is not None:
                answer.set_exception(error)
                answer.exception()  # retrieved: asyncio would log it if every client has left


class ClientRefresh:
    """Brings the rows of tasks up to date for clients that wait for them."""

    def __init__(
        self,
        context: TasksContext,
        refresh: TaskRefresh,
        batch_refresh: BatchRefresh,
        bulk_refresh: BulkRefresh,
        gets: SingleGets,
    ) -> None:
        self._context = context
        self._refresh = refresh
        self._batch_refresh = batch_refresh
        self._bulk_refresh = bulk_refresh
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
        channel, key = self._channels.setdefault(str(row.channel_id), _Channel()), to_key(row)
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
                rows = channel.take(max_rows)
                if len(rows) <= MAX_SINGLE_GETS:
                    gets = {self._background.start(self._get(channel, row)) for row in rows}
                    done, slow = await asyncio.wait(gets, timeout=_GETS_UNDER_WAY_SECONDS)
                    for get in slow:
                        self._background.start(self._answer_without_call(channel, get))
                    rows = [row for get in done if (row := get.result()) is not None]
                if rows:
                    await self._list(channel_id, channel, rows)
        finally:
            channel.is_working = False

    async def _get(self, channel: _Channel, row: TaskRow) -> TaskRow | None:
        """Asks about one task; returns it, unanswered, when the account has no GET left for polls."""
        try:
            outcome = await self._refresh.refresh_once(row)
        except Exception as error:  # noqa: BLE001 - the clients that wait are told
            channel.fail([row], error)
            return None
        if outcome is PollOutcome.NO_CALL:
            return row
        channel.answer([row], has_changed=outcome.may_have_changed)
        return None

    @staticmethod
    async def _answer_without_call(channel: _Channel, get: asyncio.Task[TaskRow | None]) -> None:
        """Answers a task whose GET got no token in time: the LIST that it could have shared has been made."""
        if (row := await get) is not None:
            channel.answer([row], has_changed=False)

    async def _list(self, channel_id: str, channel: _Channel, rows: Sequence[TaskRow]) -> None:
        """Asks about many tasks, then by GET about those that have ended, while the next call is made."""
        try:
            account = await self._refresh.account_of(rows[0])
            # While the pages of all tasks are read, these are soon brought up to date; a LIST more would delay that.
            if account is None or await self._bulk_refresh.is_under_way(channel_id):
                channel.answer(rows, has_changed=False)
                return
            asked = {to_key(row): row for row in [*rows, *await self._claim_due(channel_id, rows)]}
            found = await self._batch_refresh.refresh(
                channel_id,
                account,
                list(asked.values()),
                min_age=MIN_REFRESH_INTERVAL,
                token_timeout_seconds=_TOKEN_TIMEOUT_SECONDS,
                min_rows=1,
            )
        except Exception as error:  # noqa: BLE001 - the clients that wait are told
            channel.fail(rows, error)
            return
        keys = {to_key(row) for row in found.left}
        channel.answer([row for row in rows if to_key(row) not in keys], has_changed=True)
        # The clients have waited for a LIST already: the poller asks about the tasks that got none.
        timeout_seconds = 0.0 if found.is_rate_used_up else _LAST_GETS_TIMEOUT_SECONDS
        self._background.start(self._get_left(channel_id, channel, account, found.left, timeout_seconds))

    async def _claim_due(self, channel_id: str, rows: Sequence[TaskRow]) -> list[TaskRow]:
        """Claims, as the poller does, tasks that are due now or soon and that a LIST of ``rows`` can name as well.

        Returns:
            Their rows; those of ``rows`` that are due are among them.
        """
        limit = self._batch_refresh.max_ids(channel_id) - len(rows)
        if limit <= 0:
            return []
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            return await AllTasks(session).claim_due(
                channel_id, tier_of(rows[0]), due_before=now + DUE_SOON, until=now + CLAIM_DURATION, limit=limit
            )

    async def _get_left(
        self,
        channel_id: str,
        channel: _Channel,
        account: ArkAccount,
        rows: Sequence[TaskRow],
        timeout_seconds: float,
    ) -> None:
        """Asks by GET about tasks that have ended or were not listed, so that their final state is known."""
        try:
            await self._gets.run(channel_id, account, rows, RateClass.INTERACTIVE_GET, timeout_seconds=timeout_seconds)
        except Exception as error:  # noqa: BLE001 - the clients that wait are told
            channel.fail(rows, error)
        else:
            channel.answer(rows, has_changed=True)


def to_key(row: TaskRow) -> _Key:
    """Returns the primary key of a task."""
    return row.tenant_id, row.id
