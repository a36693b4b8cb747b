"""Authentication of the admin API."""

import hashlib
import hmac
import time
from collections.abc import Callable

from starlette.requests import Request

from app.admin.auth_throttle import AuthThrottle
from app.audit.log import Actor
from app.core.turns import leave_turn
from app.errors import AuthenticationFailedError, RateLimitedError
from app.header_text import split_scheme
from app.tenants.api_key import parse_key

_MESSAGE = "The admin token is missing or wrong. Send it as `Authorization: Bearer <admin token>`."
_TOO_MANY = "Too many wrong admin tokens came from this network. Please wait."
_HASH_DOMAIN = b"seedgate admin token\0"


class AdminToken:
    """The credential of the admin API. It is kept as a hash, so that a memory dump does not show it."""

    def __init__(self, text: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._hash = _hash(text.encode())
        self._throttle = AuthThrottle(monotonic=monotonic)

    def check(self, request: Request) -> None:
        """Accepts a request with the token as its only Bearer credential.

        The token is compared before the throttle is asked, and in constant time. So the right token is always
        accepted, even if wrong ones come from the same network (on a Unix socket or behind a proxy that is not
        configured, all clients share one network). A tenant's API key is not counted as a guess.

        Raises:
            AuthenticationFailedError: 401, no token or a wrong one.
            RateLimitedError: 429, a wrong one, after too many others from the same network.
        """
        values = request.headers.getlist("authorization")
        scheme, token = split_scheme(values[0]) if len(values) == 1 else ("", "")
        if scheme != "bearer" or parse_key(token) is not None:
            raise AuthenticationFailedError(_MESSAGE)
        if hmac.compare_digest(_hash(token.encode("latin-1")), self._hash):
            return
        address: str = request.state.client_address
        wait_seconds = self._throttle.wait_seconds(address)
        if wait_seconds:
            raise RateLimitedError(_TOO_MANY, retry_after_seconds=wait_seconds)
        self._throttle.record_failure(address)
        raise AuthenticationFailedError(_MESSAGE)


async def require_admin(request: Request) -> None:
    """Checks the admin token, before anything but the headers is read.

    Sets ``request.state.actor`` for the audit log.

    Raises:
        AuthenticationFailedError: 401, also for a tenant's key.
        RateLimitedError: 429, too many wrong tokens from this network.
    """
    token: AdminToken = request.state.admin_token
    token.check(request)
    leave_turn()  # the operator does not wait behind other requests of the network
    request.state.actor = Actor(name="admin", address=request.state.client_address or None)


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(_HASH_DOMAIN + token).digest()
