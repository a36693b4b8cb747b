"""Authentication of the admin API, by the token of the environment or the token of a named admin."""

import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import datetime

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
from app.errors import AuthenticationFailedError, RateLimitedError
from app.header_text import split_scheme
from app.http.client_address import network_of
from app.observability.log_context import add_log_fields
from app.tenants.api_key import parse_key
from app.tenants.key_cache import KeyCache

_MESSAGE = "The admin token is missing or wrong. Send it as `Authorization: Bearer <admin token>`."
_TOO_MANY = "Too many wrong admin tokens came from this network. Please wait."
_HASH_DOMAIN = b"seedgate admin token\0"
_OF_ENVIRONMENT = StoredAdmin(id="", name="admin", role=AdminRole.OWNER, expires_at=None, is_revoked=False)


class AdminAuthenticator:
    """Authenticates admins. One per process.

    The token of the environment is the first owner and cannot be revoked. It is kept as a hash, so that a memory dump
    does not show it.

    Args:
        token: the token of the environment.
        admins: finds named admins by the parts of their tokens.
        clock: the time in UTC, which decides the expiry of tokens.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        token: str,
        admins: KeyCache[TokenParts, StoredAdmin],
        *,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hash = _hash(token.encode())
        self._admins = admins
        self._clock = clock
        self._throttle = AuthThrottle(monotonic=monotonic)

    async def authenticate(self, request: Request) -> StoredAdmin:
        """Returns the admin of a request, whose token is its only Bearer credential.

        A token is compared before the throttle is asked. So a right token is always accepted, even if wrong ones
        come from the same network (on a Unix socket or behind a proxy that is not configured, all clients share one
        network). Tokens in the form of a named admin's are looked up like API keys: few queries at a time, and the
        networks take turns. A tenant's API key is not counted as a guess.

        Raises:
            AuthenticationFailedError: 401, no token, or one that is wrong, revoked or expired.
            RateLimitedError: 429, a wrong one, after too many others from the same network; too many tokens that were
                not seen lately are waiting to be looked up.
            ServiceUnavailableError: 503, a named admin's token, and the database is not available.
        """
        values = request.headers.getlist("authorization")
        scheme, token = split_scheme(values[0]) if len(values) == 1 else ("", "")
        if scheme != "bearer" or parse_key(token) is not None:
            raise AuthenticationFailedError(_MESSAGE)
        if hmac.compare_digest(_hash(token.encode("latin-1")), self._hash):
            return _OF_ENVIRONMENT
        address: str = request.state.client_address
        parts = parse_token(token)
        found = None if parts is None else await self._admins.find(parts, network_of(address))
        if found is not None and found.is_working(self._clock()):
            return found
        wait_seconds = self._throttle.wait_seconds(address)
        if wait_seconds:
            raise RateLimitedError(_TOO_MANY, retry_after_seconds=wait_seconds)
        self._throttle.record_failure(address)
        raise AuthenticationFailedError(_MESSAGE)


async def require_admin(request: Request) -> None:
    """Checks the admin token and its role, before anything but the headers is read, and again after a body.

    Sets ``request.state.actor`` for the audit log.

    Raises:
        AuthenticationFailedError: 401, also for a tenant's key.
        AccessDeniedError: 403, the role of the admin does not permit this.
        RateLimitedError: 429, too many wrong tokens from this network.
        ServiceUnavailableError: 503, the database is not available.
    """
    authenticator: AdminAuthenticator = request.state.admin_authenticator
    admin = await authenticator.authenticate(request)
    leave_turn()  # the operator does not wait behind other requests of the network
    add_log_fields(admin=admin.id)
    check_role(request, admin.role)
    request.state.actor = Actor(name=admin.name, address=request.state.client_address or None, id=admin.id or None)


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(_HASH_DOMAIN + token).digest()
