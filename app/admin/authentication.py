"""Authentication of the admin API, by the token of the environment, that of a named admin, or a console session."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from starlette.requests import Request

from app.admin.auth_throttle import AuthThrottle
from app.admin.roles import check_role
from app.admins.models import AdminRole
from app.admins.stored_admin import StoredAdmin
from app.admins.token import parse_token
from app.audit.log import Actor
from app.core.token_format import TokenParts
from app.core.turns import leave_turn
from app.db.base import utc_now
from app.errors import AuthenticationFailedError
from app.header_text import split_scheme
from app.http.client_address import network_of
from app.observability.log_context import add_log_fields
from app.tenants.api_key import parse_key
from app.tenants.key_cache import KeyCache

_MESSAGE = "The admin token is missing or wrong. Send it as `Authorization: Bearer <admin token>`."
_HASH_DOMAIN = b"seedgate admin token\0"
_ADMIN_PREFIX = "/admin/v1/"
ENVIRONMENT_ADMIN = StoredAdmin(id="", name="admin", role=AdminRole.OWNER, expires_at=None, is_revoked=False)
"""The owner whose token is in the environment."""


class AdminSessions(Protocol):
    """The sessions of the console, which is on a floor above; the application provides them."""

    async def admin_of(self, request: Request) -> StoredAdmin | None:
        """Returns the admin whose session a request belongs to, or None when it belongs to no session.

        Raises:
            SeedgateError: 401, the session has ended, or is a key's; 403, not of the console's own page; 503.
        """


class AdminAuthenticator:
    """Authenticates admins. One per process.

    The token of the environment is the first owner and cannot be revoked. It is kept as a hash, so that a memory dump
    does not show it.

    Args:
        token: the token of the environment.
        admins: finds named admins by the parts of their tokens.
        throttle: counts wrong tokens.
        clock: the time in UTC, which decides the expiry of tokens.
    """

    def __init__(
        self,
        token: str,
        admins: KeyCache[TokenParts, StoredAdmin],
        *,
        throttle: AuthThrottle,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._hash = _hash(token.encode())
        self._admins = admins
        self._clock = clock
        self._throttle = throttle

    async def authenticate(self, request: Request) -> StoredAdmin:
        """Returns the admin of a request, whose token is its only Bearer credential. A tenant's API key is not counted.

        Raises:
            SeedgateError: as ``authenticate_token``; 401 without a token, too.
        """
        values = request.headers.getlist("authorization")
        scheme, token = split_scheme(values[0]) if len(values) == 1 else ("", "")
        if scheme != "bearer" or parse_key(token) is not None:
            raise AuthenticationFailedError(_MESSAGE)
        return await self.authenticate_token(token, request.state.client_address)

    async def authenticate_token(self, token: str, address: str) -> StoredAdmin:
        """Returns the admin whose token this is.

        A token is compared before the throttle is asked. So a right token is always accepted, even if wrong ones
        come from the same network (on a Unix socket or behind a proxy that is not configured, all clients share one
        network). Tokens in the form of a named admin's are looked up like API keys: few queries at a time, and the
        networks take turns.

        Args:
            token: what the client sent, decoded as latin-1.
            address: the client's.

        Raises:
            AuthenticationFailedError: 401, it is wrong, revoked or expired.
            RateLimitedError: 429, a wrong one, after too many others from the same network; too many tokens that were
                not seen lately are waiting to be looked up.
            ServiceUnavailableError: 503, a named admin's token, and the database is not available.
        """
        if hmac.compare_digest(_hash(token.encode("latin-1")), self._hash):
            return ENVIRONMENT_ADMIN
        parts = parse_token(token)
        found = None if parts is None else await self._admins.find(parts, network_of(address))
        if found is not None and found.is_working(self._clock()):
            return found
        self._throttle.refuse(address)
        raise AuthenticationFailedError(_MESSAGE)


async def require_admin(request: Request) -> None:
    """Checks the admin and its role, before anything but the headers is read, and again after a body.

    The admin is that of the token, or below ``/admin/v1`` that of a console session. Sets ``request.state.actor`` for
    the audit log, and ``request.state.admin_role``.

    Raises:
        AuthenticationFailedError: 401, also for a tenant's key, and for a session that has ended.
        AccessDeniedError: 403, the role of the admin does not permit this, or another page uses the session.
        RateLimitedError: 429, too many wrong tokens from this network.
        ServiceUnavailableError: 503, the database is not available.
    """
    authenticator: AdminAuthenticator = request.state.admin_authenticator
    sessions: AdminSessions | None = request.state.console_sessions
    admin = None
    if sessions is not None and request.scope["path"].startswith(_ADMIN_PREFIX):
        admin = await sessions.admin_of(request)
    if admin is None:
        admin = await authenticator.authenticate(request)
    leave_turn()  # the operator does not wait behind other requests of the network
    add_log_fields(admin=admin.id)
    check_role(request, admin.role)
    request.state.admin_role = admin.role
    request.state.actor = Actor(name=admin.name, address=request.state.client_address or None, id=admin.id or None)


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(_HASH_DOMAIN + token).digest()
