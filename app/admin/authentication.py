"""Who may use the admin API."""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Security
from fastapi.security import HTTPBearer
from starlette.requests import Request

from app.admin.guesses import GuessLimit
from app.audit.actor import Actor
from app.core.turns import leave_turn
from app.errors import AuthenticationFailedError, RateLimitedError
from app.header_text import split_scheme
from app.tenants.api_key import parse_key

_MESSAGE = "The admin token is missing or wrong. Send it as `Authorization: Bearer <admin token>`."
_TOO_MANY = "Too many wrong admin tokens came from this network. Please wait."
_HASH_DOMAIN = b"seedgate admin token\0"


class AdminToken:
    """The bootstrap credential of the admin API, kept as a hash, so that no dump of memory or state shows it."""

    def __init__(self, text: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Makes the guard of one process.

        Args:
            text: the token.
            monotonic: seconds that never go back, by which guesses are slowed.
        """
        self._hash = _hash(text.encode())
        self._guesses = GuessLimit(monotonic=monotonic)

    def check(self, request: Request) -> None:
        """Accepts a request that carries the token, once, as its Bearer credential.

        The token is compared first, in constant time, so that the right one is accepted whatever else came from the
        same network; on a Unix socket or behind an unnamed proxy that network is everybody's. Only wrong tokens are
        counted and slowed. A tenant's key is a mistake and no guess.

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
        wait_seconds = self._guesses.wait_seconds(address)
        if wait_seconds:
            raise RateLimitedError(_TOO_MANY, retry_after_seconds=wait_seconds)
        self._guesses.note_wrong(address)
        raise AuthenticationFailedError(_MESSAGE)


# Never called with a request of its own: it tells /openapi.json what the routes want.
_documented = HTTPBearer(scheme_name="AdminToken", auto_error=False, description="the admin token")


async def require_admin(request: Request, _credentials: Annotated[Any, Security(_documented)]) -> None:
    """Lets only the operator pass, before anything of the request but its headers is read.

    Sets ``request.state.actor`` for the audit log.

    Raises:
        AuthenticationFailedError: 401, also for a tenant's key.
        RateLimitedError: 429, too many wrong tokens came from there.
    """
    token: AdminToken = request.state.admin_token
    token.check(request)
    leave_turn()  # the operator never waits behind the network's other requests
    request.state.actor = Actor(name="admin", address=request.state.client_address or None)


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(_HASH_DOMAIN + token).digest()
