"""Identifies the caller of tenant routes.

A route calls this first. A route with a body calls it twice: before the body is read (``admit``), so that unknown
clients send no bodies, and afterwards (``identify``), because a body may take minutes and the key may end meanwhile.

As soon as the caller is known, query parameters that the route does not declare are refused (``app.http.query``). The
request then gives up the turn of its network and waits for a turn of its tenant (``app.core.turns``), which ends with
the request. It has no turn while a body arrives.
"""

from typing import Protocol

from starlette.requests import Request
from starlette.types import Scope

from app.core.turns import Turns, leave_turn
from app.errors import RateLimitedError, SeedgateError
from app.http.body_budget import KeySender, Sender, UnprovenSigner
from app.http.client_address import network_of
from app.http.exact_paths import is_tenant_route
from app.http.query import read_query
from app.limits.counters import RateLimits
from app.limits.quotas import Quotas
from app.observability.log_context import add_log_fields
from app.tenants.authentication import Authenticator
from app.tenants.credentials import read_credential
from app.tenants.permissions import Permission
from app.tenants.principal import Principal
from app.tenants.stored_key import StoredKey
from app.upstream.signed_request import SignedRequest

_CREDENTIALS = frozenset({b"authorization", b"x-api-key", b"cookie"})


class KeySessions(Protocol):
    """The sessions of the console, which is on a floor above; the application provides them."""

    async def key_of(self, request: Request) -> StoredKey | None:
        """Returns the key whose session a request belongs to, or None when it belongs to no session.

        Raises:
            SeedgateError: 401, the session has ended, or is an admin's; 403, not of the console's own page; 503.
        """


async def admit(request: Request, needed: Permission | None) -> KeySender:
    """Authenticates a request before its body is read.

    Args:
        request: the request.
        needed: the permission that every request to this route needs; None if there is none, or only the body or the
            query tells which.

    Returns:
        The sender for the budget of bodies.

    Raises:
        SeedgateError: as ``identify``.
    """
    principal = await _authenticate(request)
    _check_permission(principal, needed)
    leave_turn()
    return sender_of(principal)


async def identify(request: Request, needed: Permission | None) -> Principal:
    """Authenticates a request by its headers and address; returns when its tenant has a turn.

    Adds the tenant and the key's public part to the request's log line.

    Args:
        request: the request.
        needed: as for ``admit``.

    Raises:
        AuthenticationFailedError: 401, no key or a wrong one.
        InvalidParameterError: 400, the query has a parameter that the route does not declare.
        AccessDeniedError: 403, the key may not be used now or from here, or lacks the permission.
        RateLimitedError: 429, too many requests for the limits of the caller; too many keys that were not seen lately
            are waiting to be looked up.
        ServiceUnavailableError: 503, the database is not available.
    """
    principal = await _authenticate(request)
    _check_permission(principal, needed)
    return await _with_turn(request, principal)


def sender_of(principal: Principal) -> KeySender:
    """Returns the sender for the budget of bodies."""
    return KeySender(principal.tenant_id, principal.key_id)


async def admit_on_native_entry(request: Request) -> Sender:
    """As ``admit``, for the native entry, where requests may be signed.

    Returns:
        The sender for the budget of bodies; an ``UnprovenSigner`` if the signature needs the body's hash.

    Raises:
        SeedgateError: as ``identify_on_native_entry``; a signature is checked with the hash in the headers.
    """
    credential = read_credential(request.headers.raw)
    if not credential.is_signing_key:
        return await admit(request, None)
    authenticator: Authenticator = request.state.authenticator
    address: str = request.state.client_address
    principal = await authenticator.admit_signer(credential.authorization, _head_of(request), address)
    leave_turn()
    if principal is None:
        return UnprovenSigner(credential.text, network_of(address))
    return sender_of(await _known(request, principal))


async def identify_on_native_entry(request: Request, body_hash: str) -> Principal:
    """As ``identify``, for the native entry, where requests may be signed.

    ``body_hash`` is the SHA-256 of the received body in lower-case hex.

    Raises:
        SeedgateError: as ``identify``; for a signed request as ``Authenticator.signer``.
    """
    credential = read_credential(request.headers.raw)
    if not credential.is_signing_key:
        return await identify(request, None)
    authenticator: Authenticator = request.state.authenticator
    principal = await authenticator.signer(
        credential.authorization, _head_of(request), request.state.client_address, body_hash=body_hash
    )
    return await _with_turn(request, await _known(request, principal))


async def _authenticate(request: Request) -> Principal:
    authenticator: Authenticator = request.state.authenticator
    sessions: KeySessions | None = request.state.console_sessions
    address: str = request.state.client_address
    key = None if sessions is None else await sessions.key_of(request)
    if key is not None:
        return await _known(request, authenticator.principal_of(key, address))
    return await _known(request, await authenticator.principal(request.headers.raw, address))


def _check_permission(principal: Principal, needed: Permission | None) -> None:
    if needed is not None:
        principal.check_permission(needed)


async def _with_turn(request: Request, principal: Principal) -> Principal:
    leave_turn()
    turns: Turns = request.state.turns
    turn = await turns.acquire(f"tenant {principal.tenant_id}")
    request.state.on_end.append(turn.end)
    return principal


async def count_create(request: Request, principal: Principal) -> None:
    """Counts a create of a video task against the limits of its caller.

    Raises:
        RateLimitedError: 429, there are too many.
    """
    if principal.quotas is not None and principal.quotas.creates:
        rate_limits: RateLimits = request.state.rate_limits
        await rate_limits.acquire(principal.quotas.creates, is_exact=True)


async def count_refused(scope: Scope) -> RateLimitedError | None:
    """Counts a request that was refused before a route has counted it, such as one for an unknown route.

    Its key has to be valid, and its address one of the key's: with a key that was stolen, requests from elsewhere must
    not use up what its tenant may send. The tenant may be suspended. Adds key and tenant to the log line, and the
    limits to the response. A key that is not in memory is looked up like any other; when that is not possible now, the
    request is not counted.

    Returns:
        The 429 for a request beyond a limit of its caller; else None.
    """
    if not is_tenant_route(scope) or all(name not in _CREDENTIALS for name, _ in scope["headers"]):
        return None
    request = Request(scope)
    try:
        principal = await _holder(request)
    except SeedgateError:
        return None
    add_log_fields(tenant=principal.tenant_id, key=principal.key_public_part)
    try:
        if principal.quotas is not None:
            await _count_request(request, principal.quotas)
    except RateLimitedError as error:
        return error
    return None


async def _holder(request: Request) -> Principal:
    authenticator: Authenticator = request.state.authenticator
    sessions: KeySessions | None = request.state.console_sessions
    key = None if sessions is None else await sessions.key_of(request)
    if key is not None:
        return key.principal
    return await authenticator.holder(request.headers.raw, request.state.client_address)


async def _known(request: Request, principal: Principal) -> Principal:
    add_log_fields(tenant=principal.tenant_id, key=principal.key_public_part)
    if principal.quotas is not None:
        await _count_request(request, principal.quotas)
    read_query(request)
    return principal


async def _count_request(request: Request, quotas: Quotas) -> None:
    """Counts a request once, however often its caller is identified, and shows its limits in the response."""
    if request.state.limit_headers is not None:
        return
    rate_limits: RateLimits = request.state.rate_limits

    def headers() -> dict[str, str]:
        return {"RateLimit-Policy": quotas.policy, "RateLimit": rate_limits.state(quotas)}

    request.scope["state"]["limit_headers"] = headers
    await rate_limits.acquire(quotas.requests)


def _head_of(request: Request) -> SignedRequest:
    scope = request.scope
    return SignedRequest.from_wire(
        method=scope["method"],
        raw_path=scope["raw_path"],
        query_pairs=request.state.query.pairs(),
        headers=scope["headers"],
    )
