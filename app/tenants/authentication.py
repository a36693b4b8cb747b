"""From a request's headers to the principal behind it.

A key is looked up in the database and then trusted for a moment, so that a busy client costs one query a second
and a revoked key stops within a second on every process, with no message between them to lose.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.engine import is_unavailable
from app.errors import AccessDeniedError, ServiceUnavailableError
from app.tenants.api_key import KeyParts, parse_key
from app.tenants.credentials import authentication_failed, presented_key
from app.tenants.last_used import LastUsedWriter
from app.tenants.networks import is_within
from app.tenants.principal import Principal
from app.tenants.short_memory import ShortMemory
from app.tenants.stored_key import StoredKey, load_stored_key

# Counted from before the query starts; with the time that a request then takes it stays under the promised second.
_TRUST_SECONDS = 0.9
_QUERY_SECONDS = 5.0
_KNOWN_CAPACITY = 20_000
_UNKNOWN_CAPACITY = 2_000


@dataclass(frozen=True)
class _Lookup:
    """A query under way, and when it began."""

    task: asyncio.Task[StoredKey | None]
    started_at: float


class Authenticator:
    """Tells who is calling. One per process, shared by all requests.

    The memory is keyed by the public part *and* the secret's hash: a wrong secret never meets an entry that the
    right one made. Keys that do not exist have a memory of their own, so that guesses cannot push out real ones.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        *,
        last_used: LastUsedWriter,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Makes an authenticator that trusts nothing yet.

        Args:
            sessions: for the look-ups.
            clock: the time of day, UTC-aware, which decides expiry.
            last_used: is told of every use.
            monotonic: seconds that never go back, which decide how long an answer is trusted.
        """
        self._sessions = sessions
        self._clock = clock
        self._last_used = last_used
        self._monotonic = monotonic
        self._known: ShortMemory[KeyParts, StoredKey] = ShortMemory(capacity=_KNOWN_CAPACITY)
        self._unknown: ShortMemory[KeyParts, bool] = ShortMemory(capacity=_UNKNOWN_CAPACITY)
        self._lookups: dict[KeyParts, _Lookup] = {}

    async def principal(self, headers: Iterable[tuple[bytes, bytes]], client_address: str) -> Principal:
        """Returns the principal of a request and notes that its key was used.

        Args:
            headers: raw headers, names in lower case.
            client_address: where the request comes from, proxies seen through; empty when not known.

        Raises:
            AuthenticationFailedError: 401, no key, or one that is unknown, revoked or expired, told alike.
            AccessDeniedError: 403, the tenant is suspended, or the key may not be used from this address.
            ServiceUnavailableError: 503, the database cannot be asked.
        """
        parts = parse_key(presented_key(headers))
        stored = None if parts is None else await self._stored_key(parts)
        if stored is None:
            raise authentication_failed()
        now = self._clock()
        self._check(stored, now, client_address)
        self._last_used.note(stored.principal.key_id, now)
        return stored.principal

    def _check(self, stored: StoredKey, now: datetime, client_address: str) -> None:
        key_id = stored.principal.key_id
        if stored.is_revoked:
            raise authentication_failed(internal=f"{key_id} is revoked")
        if stored.expires_at is not None and stored.expires_at <= now:
            raise authentication_failed(internal=f"{key_id} has expired")
        if stored.is_suspended:
            raise AccessDeniedError("The tenant of this API key is suspended.")
        if stored.allowed_networks is not None and not is_within(client_address, stored.allowed_networks):
            raise AccessDeniedError("This API key is not allowed to be used from this address.")

    async def _stored_key(self, parts: KeyParts) -> StoredKey | None:
        now = self._monotonic()
        known = self._known.get(parts, now=now)
        if known is not None or self._unknown.get(parts, now=now):
            return known
        lookup = self._lookups.get(parts)
        # A slow query may have read the row long ago, so only a young one is joined.
        if lookup is None or now - lookup.started_at >= _TRUST_SECONDS:
            lookup = self._start_lookup(parts, now)
        # Whoever gives up waiting must not end the query of the others.
        return await asyncio.shield(lookup.task)

    def _start_lookup(self, parts: KeyParts, now: float) -> _Lookup:
        lookup = _Lookup(asyncio.create_task(self._look_up(parts, now)), now)
        self._lookups[parts] = lookup

        def forget(task: asyncio.Task[StoredKey | None]) -> None:
            if self._lookups.get(parts) is lookup:
                del self._lookups[parts]
            if not task.cancelled():
                task.exception()  # seen, also when nobody waits any more

        lookup.task.add_done_callback(forget)
        return lookup

    async def _look_up(self, parts: KeyParts, started_at: float) -> StoredKey | None:
        try:
            async with asyncio.timeout(_QUERY_SECONDS), self._sessions() as session:
                stored = await load_stored_key(session, parts)
        except TimeoutError as error:
            raise ServiceUnavailableError(internal="the look-up of an API key took too long") from error
        except Exception as error:
            if is_unavailable(error):
                raise ServiceUnavailableError(internal=f"no database to look up an API key: {error!r}") from error
            raise
        until, now = started_at + _TRUST_SECONDS, self._monotonic()
        if stored is None:
            self._unknown.put(parts, True, until=until, now=now)  # noqa: FBT003 - the value is a mark
        else:
            self._known.put(parts, stored, until=until, now=now)
        return stored
