"""Carries out creates, so that none is sent upstream again once it may have been accepted. See the package."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.channel import Channel
from app.core.background import BackgroundTasks
from app.core.backoff import retry
from app.core.turns import resume_turn
from app.creates.attempts import Attempt, Client, RequestFingerprint
from app.creates.equal_requests import EqualRequest, EqualRequests
from app.creates.group_insert import GroupInsert, Opening
from app.creates.idempotency import is_key_taken
from app.creates.locks import lock_owners, wait_for_open_intents
from app.creates.offer import Outcome, Send, offer
from app.creates.retry_dedup import RetryDedup
from app.db.base import Base
from app.db.engine import DatabaseUnavailableError
from app.db.group_commit import UnsureCommitError, WriteAloneError
from app.db.plain_row import PlainRow, to_plain_row
from app.errors import ConflictError, SeedgateError, ServiceUnavailableError

_WRITE_TIMEOUT_SECONDS = 5.0
_DRAIN_TIMEOUT_SECONDS = 5.0
# An intent whose commit took longer is looked at again before the create is sent.
_FRESH_SECONDS = 1.0
_WITHDRAW_TIMEOUT_SECONDS = 3600.0

ResultT = TypeVar("ResultT")
WrittenT = TypeVar("WrittenT")


class Create(ABC, Generic[ResultT]):
    """One create, from its check to its outcome: what a feature gives to the protocol.

    Attributes:
        action: its name in the log.
        tenant_id: the tenant that creates.
        candidates: the channels that may take it, best first; at least one.
        result_id: what it makes, if that is known from the start, else None.
        model: the name that the client sent, for errors.
        is_one_skipped: another channel could take it, but its breaker is open.
        demand: what a check of ``GroupInsert`` needs to know to admit it; None: nothing is checked.
        is_locked_out: it was left out by that check only because another transaction had what it demands.
    """

    action: str
    tenant_id: str
    candidates: Sequence[Channel]
    result_id: str | None = None
    model: str = ""
    is_one_skipped: bool = False
    demand: object | None = None
    is_locked_out: bool = False

    def __init__(self, background: BackgroundTasks) -> None:
        """``background`` continues the writes for which the client no longer waits."""
        self._background = background

    @abstractmethod
    def row(self, attempt: Attempt) -> Base:
        """Returns the intent, which is inserted in the transaction that inserts the attempt."""

    def plain_row(self, attempt: Attempt) -> PlainRow:
        """Does what ``row`` does, for an insert that does not go through a session."""
        return to_plain_row(self.row(attempt))

    async def admit(self, session: AsyncSession) -> None:
        """Takes what its ``demand`` names, in the transaction that writes the intent; may wait for locks.

        Raises:
            SeedgateError: it may not be created; nothing is written.
        """

    @abstractmethod
    async def is_ours(self) -> bool:
        """Says whether the intent still waits for this process to send it: no other process took this one for dead."""

    @abstractmethod
    async def withdraw(self) -> None:
        """Deletes the intent, if it is there; nothing was sent of it."""

    @abstractmethod
    async def prepare(self, channel: Channel) -> Send[ResultT]:
        """Writes into the intent which channel is about to be asked, and returns what sends the create to it."""

    @abstractmethod
    async def conclude(self, outcome: Outcome[ResultT]) -> str:
        """Writes the outcome and returns the id for the client.

        Raises:
            SeedgateError: nothing was made, or it is not known what.
        """

    async def _write(self, writing: Coroutine[Any, Any, WrittenT]) -> WrittenT | None:
        """Returns what was written; without a database None after five seconds, while the write continues."""
        return await self._background.run_for(writing, timeout_seconds=_WRITE_TIMEOUT_SECONDS)


class CreateReplay(ABC):
    """Answers a create that is sent again with what the first attempt made; a feature says how that is awaited.

    A second create never begins while the first one may have been accepted. Which request is sent again is decided by
    ``app.creates.retry_dedup``.
    """

    def __init__(self, retry_dedup: RetryDedup) -> None:
        self._retry_dedup = retry_dedup

    async def find(self, client: Client) -> str | None:
        """Returns the id that an earlier attempt's client was given, or would have been; None: this is a new create.

        Waits for a create that is under way.

        Raises:
            ConflictError: 409 ``IdempotencyConflict``, the key identifies another create, or one that is not stored
                any more; and what ``wait_for`` raises.
            ServiceUnavailableError: 503, the client left, or the database is unavailable and no earlier create known.
        """
        refused_id = None
        while True:
            attempt = await self._retry_dedup.claim(client.fingerprint)
            if attempt is None:
                return None
            if attempt.id == refused_id:
                raise ConflictError("IdempotencyConflict", "The task of this Idempotency-Key is no longer stored.")
            async with self._retry_dedup.tracked(attempt, client.gone):
                try:
                    found_id = await self.wait_for(attempt, client)
                except asyncio.CancelledError:
                    return self.when_stopping(attempt, client)
            if found_id is not None or not attempt.is_keyed:
                return found_id
            # It was refused, which freed its key; another request may have taken the key since.
            refused_id = attempt.id

    @abstractmethod
    async def wait_for(self, attempt: Attempt, client: Client) -> str | None:
        """Waits for the outcome of an attempt and returns the id for the client; None: it made nothing.

        Raises:
            SeedgateError: the outcome cannot be told, or the client left (503).
        """

    @abstractmethod
    def when_stopping(self, attempt: Attempt, client: Client) -> str:
        """Returns the id to answer with when the server stops before the outcome is known.

        Raises:
            SeedgateError: what to answer instead. The server's own error would say that nothing was made.
        """


class CreateProtocol:
    """Carries out the creates of one feature.

    Attributes:
        background: the creates under way, and the writes of their outcomes.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        retry_dedup: RetryDedup,
        replay: CreateReplay,
        group_insert: GroupInsert | None = None,
        waiting_insert: GroupInsert | None = None,
    ) -> None:
        """``group_insert`` writes intents together; None: each is written in a transaction of its own.

        ``waiting_insert`` does so for those that others have locked out; its batches wait for the locks.
        """
        self.background = BackgroundTasks()
        self._sessions = sessions
        self._retry_dedup = retry_dedup
        self._replay = replay
        self._inserts = [each for each in (group_insert, waiting_insert) if each is not None]
        self._equal = EqualRequests()
        # Many creates share a commit that is not answered: those that wait for its end must not take all connections.
        self._awaiting_end = asyncio.Lock()

    async def run(self, client: Client, check: Callable[[], Awaitable[Create[ResultT]]]) -> str:
        """Returns the id of what a request creates, or the id that an earlier attempt of the same request was given.

        Once the intent is committed, the create continues to its outcome even when the client disconnects.

        Args:
            client: the request.
            check: returns the create; called when there is no earlier attempt, again when there is none any more.

        Raises:
            SeedgateError: what ``check``, ``Create.conclude`` and ``CreateReplay.find`` raise.
            NoChannelError: 503, the tenant or the channel has just been deleted.
            ServiceUnavailableError: 503, the client left before anything was sent.
        """
        request = self._equal.enter(client)
        try:
            if self._inserts and _is_plain(client.fingerprint) and await self._equal.all_have_clients(request):
                await resume_turn()
                create = await self._checked(client, check)
                if isinstance(create, str):
                    return create
                begun_at = asyncio.get_running_loop().time()
                attempt = await self._open_with_others(create, request)
                if attempt is not None:
                    return await self._submit(create, attempt, client, begun_at)
            return await self._run_alone(client, check)
        finally:
            self._equal.leave(request)

    async def drain(self) -> None:
        """Waits for the creates under way; called before the database is closed."""
        await self.background.drain(timeout_seconds=_DRAIN_TIMEOUT_SECONDS)

    async def _run_alone(self, client: Client, check: Callable[[], Awaitable[Create[ResultT]]]) -> str:
        """The long way, with transactions of its own, which may wait for locks.

        So that a tenant has only its share of the pool's connections, the request takes its turn again.
        """
        while True:
            await resume_turn()
            earlier_id = await self._replay.find(client)
            if earlier_id is not None:
                return earlier_id
            create = await check()
            await resume_turn()
            _check_presence(client)
            begun_at = asyncio.get_running_loop().time()
            attempt = await self._open_alone(create, client)
            if attempt is not None:
                return await self._submit(create, attempt, client, begun_at)

    async def _checked(self, client: Client, check: Callable[[], Awaitable[Create[ResultT]]]) -> Create[ResultT] | str:
        """Returns the create; or the id of an earlier attempt, if the request would be refused now."""
        try:
            return await check()
        except SeedgateError:
            earlier_id = await self._replay.find(client)
            if earlier_id is None:
                raise
            return earlier_id

    async def _open_with_others(self, create: Create[ResultT], request: EqualRequest) -> Attempt | None:
        """Commits the intent with those of other requests; None: it is not written, and goes the long way.

        On the long way each create of an owner locks what it demands for itself, and so leaves out the next batch, too:
        after one that was held up for a moment, all would go that way. Those that are locked out wait in one batch.
        """
        fingerprint = request.client.fingerprint
        _check_presence(request.client)
        attempt, attempt_row = self._retry_dedup.new_attempt(fingerprint, result_id=create.result_id)
        rows = (attempt_row, create.plain_row(attempt))
        opening = Opening(fingerprint, attempt, create.candidates[0].id, rows, create.demand)
        for group_insert in self._inserts:
            await group_insert.wait_for_room(create.tenant_id)
            _check_presence(request.client)
            request.opening = written = group_insert.add(opening)
            try:
                await asyncio.wait({written})
                if written.result():
                    return attempt
            except WriteAloneError:
                return None
            except (asyncio.CancelledError, UnsureCommitError):
                self.background.start(self._withdraw_once_known(create, written))
                raise
            if not create.is_locked_out:
                break
        return None

    async def _open_alone(self, create: Create[ResultT], client: Client) -> Attempt | None:
        """Commits the intent; None: another request has just taken the ``Idempotency-Key``."""
        try:
            async with self._sessions.begin() as session:
                await lock_owners(session, create.tenant_id, create.candidates[0].id)
                attempt = self._retry_dedup.add(session, client.fingerprint, result_id=create.result_id)
                if create.demand is not None:
                    # The key first: what a request with the same key has just been admitted for is not asked for again.
                    await session.flush()
                    await create.admit(session)
                session.add(create.row(attempt))
        except SeedgateError:
            raise
        except BaseException as error:
            if isinstance(error, IntegrityError) and is_key_taken(error):
                return None
            # The commit may have succeeded although it failed here.
            self.background.start(self._withdraw_unsure(create))
            raise
        return attempt

    async def _submit(self, create: Create[ResultT], attempt: Attempt, client: Client, begun_at: float) -> str:
        """Calls the upstream and writes the outcome in the background: neither a disconnect nor a shutdown stops it.

        Nothing is sent for a client that has left by now: until the intent was committed, its retry could not find the
        attempt, and may have begun a create of its own. ``begun_at`` is when the intent began to be written, in seconds
        of the loop's clock: after a long time another process may have taken this one for dead.
        """
        try:
            await _check_ours(create, client, begun_at)
        except BaseException:
            self.background.start(create.withdraw())
            raise
        work = self.background.start(self._call_and_apply(create))
        async with self._retry_dedup.tracked(attempt, client.gone):
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                if work.done() and not work.cancelled():
                    return work.result()
                return self._replay.when_stopping(attempt, client)

    async def _withdraw_once_known(self, create: Create[ResultT], written: "asyncio.Future[bool]") -> None:
        """Withdraws an intent, which must not be looked for before it is there."""
        await asyncio.wait({written})
        try:
            is_written = written.result()
        except UnsureCommitError:
            await self._withdraw_unsure(create)
        except (WriteAloneError, DatabaseUnavailableError):
            pass  # nothing was committed
        else:
            if is_written:
                await create.withdraw()

    async def _withdraw_unsure(self, create: Create[ResultT]) -> None:
        """Withdraws an intent whose commit was not answered, and may not have ended."""

        async def await_end() -> None:
            async with self._awaiting_end, self._sessions.begin() as session:
                await wait_for_open_intents(session, create.tenant_id)

        await retry(await_end, is_temporary=lambda _: True, timeout_seconds=_WITHDRAW_TIMEOUT_SECONDS)
        await create.withdraw()

    async def _call_and_apply(self, create: Create[ResultT]) -> str:
        outcome = await offer(
            create.candidates,
            create.prepare,
            action=create.action,
            model=create.model,
            is_one_skipped=create.is_one_skipped,
        )
        return await create.conclude(outcome)


def _is_plain(fingerprint: RequestFingerprint) -> bool:
    """Says whether the request claims abandoned attempts only, which the group insert looks for."""
    return fingerprint.idempotency_key is None and not fingerprint.is_marked_retry


def _check_presence(client: Client) -> None:
    if client.gone.is_set():
        raise ServiceUnavailableError(internal="the client left before anything was sent")


async def _check_ours(create: Create[ResultT], client: Client, begun_at: float) -> None:
    _check_presence(client)
    if asyncio.get_running_loop().time() - begun_at > _FRESH_SECONDS:
        if not await create.is_ours():
            raise ServiceUnavailableError(internal="another process took this one for dead before anything was sent")
        _check_presence(client)
