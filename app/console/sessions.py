"""Console sessions: signing in and out, and whose session a request belongs to.

A session has no right of its own: each request is made with the right that its admin or key has at that moment, read
less than a second ago. So it ends with them.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request

from app.admin.auth_throttle import AuthThrottle
from app.admin.authentication import ENVIRONMENT_ADMIN, AdminAuthenticator
from app.admins.stored_admin import StoredAdmin
from app.audit.log import Actor, Target, record
from app.console.models import ConsoleSessionRow
from app.console.repository import AllConsoleSessions
from app.console.stored_session import StoredSession, load_stored_sessions
from app.core.ttl_cache import FRESH_SECONDS, TtlCache, read_or_503
from app.errors import AuthenticationFailedError
from app.http.client_address import network_of
from app.http.session_cookie import SessionCookies
from app.ids import new_id
from app.limits.counters import RateLimits
from app.limits.quotas import MINUTE_SECONDS, Quota
from app.observability.log_context import add_log_fields
from app.tenants.api_key import parse_key
from app.tenants.authentication import Authenticator, check_address
from app.tenants.key_cache import KeyCache
from app.tenants.principal import Principal
from app.tenants.stored_key import StoredKey

IDLE = timedelta(minutes=30)
"""How long a session lasts without a request."""

LIFETIME = timedelta(hours=12)
"""How long it lasts at most."""

MAX_SESSIONS_OF_ONE = 20
"""How many sessions one admin or key has; the oldest ends when there is one more."""

MAX_SIGN_INS_PER_MINUTE = 20
"""How often one admin or key signs in: each time writes a row of the audit log."""

_TOKEN_BYTES = 32
# Of database connections, for the look-ups of sessions that were not seen lately.
_UNKNOWN_QUERIES = 1
# Longer than a read of a session may stay in the cache.
_MEMORY_SECONDS = 2 * FRESH_SECONDS
# A use is written when it moves the end by as much.
_PROLONG_STEP = timedelta(seconds=5)
_CAPACITY = 10_000
_HASH_DOMAIN = b"seedgate console session\0"
_WRONG = "The admin token or the API key is wrong, revoked or expired."
_ENDED = "The console session has ended. Please sign in again."
_OTHER_SIDE = "This console session is not for this part of the API."


@dataclass(frozen=True)
class LiveSession:
    """A session that works now.

    Attributes:
        admin: whose session it is; None for a key's.
        key: likewise; None for an admin's.
        expires_at: when it ends unless it is used.
    """

    admin: StoredAdmin | None
    key: StoredKey | None
    expires_at: datetime


@dataclass(frozen=True)
class _Owner:
    """Who signs in or out, for the row of the session and for the audit log."""

    name: str
    admin_id: str | None = None
    key_id: str | None = None
    tenant_id: str | None = None

    @classmethod
    def of_admin(cls, admin: StoredAdmin) -> Self:
        return cls(admin.name, admin_id=admin.id or None)

    @classmethod
    def of_key(cls, principal: Principal) -> Self:
        return cls(f"key:{principal.key_public_part}", key_id=principal.key_id, tenant_id=principal.tenant_id)

    @property
    def id(self) -> str:
        return self.admin_id or self.key_id or ENVIRONMENT_ADMIN.id

    def actor(self, address: str | None) -> Actor:
        return Actor(self.name, address, self.admin_id or self.key_id)

    def target(self, session_id: str) -> Target:
        return Target("console_session", session_id, self.tenant_id)


class ConsoleSessions:
    """The sessions of one process; what it keeps in memory is less than a second old.

    Args:
        sessions: makes sessions of the database.
        clock: the time in UTC, which decides when a session ends.
        admins: authenticates admin tokens.
        keys: authenticates API keys.
        throttle: counts wrong tokens and keys.
        rate_limits: counts sign-ins.
        cookies: reads the cookie.
        environment_token: the admin token of the environment.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        *,
        admins: AdminAuthenticator,
        keys: Authenticator,
        throttle: AuthThrottle,
        rate_limits: RateLimits,
        cookies: SessionCookies,
        environment_token: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cookies = cookies
        self._sessions = sessions
        self._clock = clock
        self._admins = admins
        self._keys = keys
        self._throttle = throttle
        self._rate_limits = rate_limits
        self._environment_key = _hash(environment_token.encode())
        self._monotonic = monotonic
        self._cache: KeyCache[bytes, StoredSession] = KeyCache(
            sessions, load_stored_sessions, monotonic=monotonic, max_unknown_queries=_UNKNOWN_QUERIES
        )
        # What the cache does not know yet: sessions that were ended, and later ends.
        self._ended: TtlCache[bytes, bool] = TtlCache(capacity=_CAPACITY)
        self._prolonged: TtlCache[bytes, datetime] = TtlCache(capacity=_CAPACITY)

    async def sign_in(self, secret: str, address: str, *, replaced: str | None) -> str:
        """Begins a session with an admin token or an API key; returns the token of the session.

        Args:
            secret: what was typed.
            address: the client's; empty when unknown.
            replaced: the token of the session that the browser had, which ends; a new one always has a new token.

        Raises:
            AuthenticationFailedError: 401, it is no token or key that works.
            AccessDeniedError: 403, the tenant is suspended, or the key may not be used from this address.
            RateLimitedError: 429, too many wrong ones from this network, or too many sign-ins with this one.
            ServiceUnavailableError: 503, the database is not available.
        """
        owner = await self._owner_of(secret, address)
        await self._rate_limits.acquire(
            [Quota(f"{owner.id}:sign-ins", "sign-ins", MAX_SIGN_INS_PER_MINUTE, MINUTE_SECONDS)]
        )
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        token_hash, now = _hash(token.encode()), self._clock()
        row = ConsoleSessionRow(
            id=new_id("session"),
            token_hash=token_hash,
            admin_id=owner.admin_id,
            key_id=owner.key_id,
            environment_mac=self._environment_mac(token_hash) if owner.id == ENVIRONMENT_ADMIN.id else None,
            address=address or None,
            created_at=now,
            expires_at=now + IDLE,
        )
        if replaced is not None:
            await self.sign_out(replaced, address)
        await read_or_503(lambda: self._insert(row, owner))
        return token

    async def sign_out(self, token: str, address: str) -> None:
        """Ends a session, if there is one.

        Raises:
            RateLimitedError: 429, too many unknown sessions are waiting to be looked up.
            ServiceUnavailableError: 503, the database is not available.
        """
        stored = await self._cache.find(_hash(token.encode()), network_of(address))
        if stored is not None:
            await read_or_503(lambda: self._end(stored, address))

    async def find(self, request: Request) -> LiveSession | None:
        """Returns the session that a request belongs to, or None when it belongs to none.

        Its end moves on, unless the page sent the request by itself.

        Raises:
            AuthenticationFailedError: 401, the session has ended.
            AccessDeniedError: 403, the request is not of the console's own page, or comes from an address that the
                session's key does not allow.
            RateLimitedError: 429, too many unknown sessions are waiting to be looked up.
            ServiceUnavailableError: 503, the database is not available.
        """
        token = self.cookies.read(request)
        if token is None:
            return None
        is_used = not self.cookies.is_background(request)
        return await self.live(token, request.state.client_address, is_used=is_used)

    async def live(self, token: str, address: str, *, is_used: bool = True) -> LiveSession:
        """Returns the session with this token. Its end moves on if it is used.

        Raises:
            SeedgateError: as ``find``.
        """
        token_hash = _hash(token.encode())
        stored = await self._cache.find(token_hash, network_of(address))
        now = self._clock()
        if stored is None or self._ended.get(token_hash, now=self._monotonic()):
            raise AuthenticationFailedError(_ENDED)
        expires_at = max(stored.expires_at, self._prolonged.get(token_hash, now=self._monotonic()) or stored.expires_at)
        admin = ENVIRONMENT_ADMIN if self._is_of_environment(stored) else stored.admin
        is_working = (admin is not None and admin.is_working(now)) or (
            stored.key is not None and stored.key.is_working(now)
        )
        if not is_working or expires_at <= now:
            raise AuthenticationFailedError(_ENDED)
        if stored.key is not None:
            # Before its end moves on: a cookie that is used elsewhere must not keep the session alive.
            check_address(stored.key, address)
        add_log_fields(session=stored.id)
        if is_used:
            expires_at = await self._prolong(stored, expires_at, now)
        return LiveSession(admin, stored.key, expires_at)

    async def admin_of(self, request: Request) -> StoredAdmin | None:
        """Returns the admin whose session a request belongs to, or None when it belongs to no session.

        Raises:
            SeedgateError: as ``find``; 401, it is a key's.
        """
        session = await self.find(request)
        if session is not None and session.admin is None:
            raise AuthenticationFailedError(_OTHER_SIDE)
        return None if session is None else session.admin

    async def key_of(self, request: Request) -> StoredKey | None:
        """Returns the key whose session a request belongs to, or None when it belongs to no session.

        Raises:
            SeedgateError: as ``find``; 401, it is an admin's.
        """
        session = await self.find(request)
        if session is not None and session.key is None:
            raise AuthenticationFailedError(_OTHER_SIDE)
        return None if session is None else session.key

    async def _owner_of(self, secret: str, address: str) -> "_Owner":
        if parse_key(secret) is not None:
            try:
                principal = await self._keys.principal([(b"authorization", f"Bearer {secret}".encode())], address)
            except AuthenticationFailedError:
                self._throttle.refuse(address)
                raise AuthenticationFailedError(_WRONG) from None
            return _Owner.of_key(principal)
        if not secret.isascii():
            self._throttle.refuse(address)
            raise AuthenticationFailedError(_WRONG)
        try:
            return _Owner.of_admin(await self._admins.authenticate_token(secret, address))
        except AuthenticationFailedError:
            raise AuthenticationFailedError(_WRONG) from None

    async def _insert(self, row: ConsoleSessionRow, owner: "_Owner") -> None:
        async with self._sessions.begin() as session:
            session.add(row)
            await session.flush()
            await AllConsoleSessions(session).end_oldest(row, keep=MAX_SESSIONS_OF_ONE)
            record(session, owner.actor(row.address), "console.sign_in", owner.target(row.id), at=row.created_at)

    async def _end(self, stored: StoredSession, address: str) -> None:
        owner = (
            _Owner.of_key(stored.key.principal) if stored.key else _Owner.of_admin(stored.admin or ENVIRONMENT_ADMIN)
        )
        async with self._sessions.begin() as session:
            if await AllConsoleSessions(session).end(stored.id):
                record(
                    session, owner.actor(address or None), "console.sign_out", owner.target(stored.id), at=self._clock()
                )
        now = self._monotonic()
        self._ended.put(stored.token_hash, True, until=now + _MEMORY_SECONDS, now=now)  # noqa: FBT003 - a mark

    async def _prolong(self, stored: StoredSession, expires_at: datetime, now: datetime) -> datetime:
        """Writes a use of a session if it moves the end by some seconds; returns the end."""
        later = min(now + IDLE, stored.created_at + LIFETIME)
        if later - expires_at < _PROLONG_STEP:
            return expires_at
        moment = self._monotonic()
        self._prolonged.put(stored.token_hash, later, until=moment + _MEMORY_SECONDS, now=moment)
        await read_or_503(lambda: self._write_end(stored.id, later))
        return later

    async def _write_end(self, session_id: str, expires_at: datetime) -> None:
        async with self._sessions.begin() as session:
            await AllConsoleSessions(session).prolong(session_id, expires_at)

    def _is_of_environment(self, stored: StoredSession) -> bool:
        mac = stored.environment_mac
        return mac is not None and hmac.compare_digest(mac, self._environment_mac(stored.token_hash))

    def _environment_mac(self, token_hash: bytes) -> bytes:
        return hmac.digest(self._environment_key, token_hash, hashlib.sha256)


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(_HASH_DOMAIN + secret).digest()
