"""Who may use the admin API."""

import hashlib
import hmac
from typing import Annotated, Any

from fastapi import Security
from fastapi.security import HTTPBearer
from starlette.requests import Request

from app.audit.actor import Actor
from app.errors import AuthenticationFailedError

_MESSAGE = "The admin token is missing or wrong. Send it as `Authorization: Bearer <admin token>`."
_HASH_DOMAIN = b"seedgate admin token\0"


class AdminToken:
    """The bootstrap credential of the admin API, kept as a hash, so that no dump of memory or state shows it."""

    def __init__(self, text: str) -> None:
        self._hash = _hash(text.encode())

    def is_presented_by(self, request: Request) -> bool:
        """Says whether a request carries the token, once, as its Bearer credential; compared in constant time."""
        values = request.headers.getlist("authorization")
        scheme, _, token = values[0].strip().partition(" ") if len(values) == 1 else ("", "", "")
        presented = _hash(token.strip().encode("latin-1"))
        return hmac.compare_digest(presented, self._hash) and scheme.lower() == "bearer"


# Never called with a request of its own: it tells /openapi.json what the routes want.
_documented = HTTPBearer(scheme_name="AdminToken", auto_error=False, description="the admin token")


async def require_admin(request: Request, _credentials: Annotated[Any, Security(_documented)]) -> None:
    """Lets only the operator pass, before anything of the request but its headers is read.

    Sets ``request.state.actor`` for the audit log.

    Raises:
        AuthenticationFailedError: 401, also for a tenant's key.
    """
    token: AdminToken = request.state.admin_token
    if not token.is_presented_by(request):
        raise AuthenticationFailedError(_MESSAGE)
    request.state.actor = Actor(name="admin", address=request.state.client_address or None)


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(_HASH_DOMAIN + token).digest()
