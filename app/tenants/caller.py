"""Who is calling: the first line of every tenant route, and the first one after a body was read.

Routes with a body ask twice: before it is read, so that no body of an unknown client is read, and after it, because a
body may take minutes to arrive and the key may have ended meanwhile. Once the caller is known, a query parameter that
the route does not declare is refused (``app.http.query``). A known caller gives the turn of its network back and waits
for one of its tenant (``app.core.turns``), which ends with the request; none is held while a body arrives.
"""

from starlette.requests import Request

from app.core.turns import Turns, leave_turn
from app.http.body_budget import KeySender, Sender, UnprovenSigner
from app.http.client_address import network_of
from app.http.query import read_query
from app.observability.log_context import add_log_fields
from app.tenants.authentication import Authenticator
from app.tenants.credentials import read_credential
from app.tenants.principal import Principal
from app.upstream.signed_request import SignedRequest


async def admit(request: Request) -> Sender:
    """Lets a request go on to its body.

    Returns:
        On whose account the body counts.

    Raises:
        SeedgateError: as ``identify``.
    """
    principal = await _authenticate(request)
    leave_turn()
    return sender_of(principal)


async def identify(request: Request) -> Principal:
    """Returns who is calling, from headers and address alone, once its tenant has a turn; the body is not touched.

    Adds the tenant and the key's public part to the request's log line.

    Raises:
        AuthenticationFailedError: 401, no key or a wrong one.
        InvalidParameterError: 400, the query has a parameter that the route does not declare.
        AccessDeniedError: 403, the key may not be used now or from here.
        RateLimitedError: 429, too many keys that were not seen lately are waiting to be looked up.
        ServiceUnavailableError: 503, the database cannot be asked.
    """
    return await _with_turn(request, await _authenticate(request))


def sender_of(principal: Principal) -> Sender:
    """Returns on whose account a caller's body counts."""
    return KeySender(principal.tenant_id, principal.key_id)


async def admit_on_native_entry(request: Request) -> Sender:
    """Lets a request to the native entry go on to its body, whose caller may have signed it.

    Returns:
        On whose account the body counts: the caller's, unless its signature cannot be judged before the body is there.

    Raises:
        SeedgateError: as ``identify_on_native_entry`` does; a signature is judged by the hash that the head claims.
    """
    credential = read_credential(request.headers.raw)
    if not credential.is_signing_key:
        return await admit(request)
    authenticator: Authenticator = request.state.authenticator
    address: str = request.state.client_address
    principal = await authenticator.admit_signer(credential.authorization, _head_of(request), address)
    leave_turn()
    if principal is None:
        return UnprovenSigner(credential.text, network_of(address))
    return sender_of(_known(request, principal))


async def identify_on_native_entry(request: Request, body_hash: str) -> Principal:
    """Returns who is calling the native entry: whose key it is, or who signed just this request.

    Args:
        request: the request.
        body_hash: lower-case hex of the SHA-256 of the body that arrived.

    Raises:
        SeedgateError: 401, 403 or 503 as ``identify``; of a signature also 400, see ``Authenticator.signer``.
    """
    credential = read_credential(request.headers.raw)
    if not credential.is_signing_key:
        return await identify(request)
    authenticator: Authenticator = request.state.authenticator
    principal = await authenticator.signer(
        credential.authorization, _head_of(request), request.state.client_address, body_hash=body_hash
    )
    return await _with_turn(request, _known(request, principal))


async def _authenticate(request: Request) -> Principal:
    authenticator: Authenticator = request.state.authenticator
    return _known(request, await authenticator.principal(request.headers.raw, request.state.client_address))


async def _with_turn(request: Request, principal: Principal) -> Principal:
    leave_turn()
    turns: Turns = request.state.turns
    turn = await turns.acquire(f"tenant {principal.tenant_id}")
    request.state.on_end.append(turn.end)
    return principal


def _known(request: Request, principal: Principal) -> Principal:
    add_log_fields(tenant=principal.tenant_id, key=principal.key_public_part)
    read_query(request)
    return principal


def _head_of(request: Request) -> SignedRequest:
    scope = request.scope
    return SignedRequest.from_wire(
        method=scope["method"],
        raw_path=scope["raw_path"],
        query_pairs=request.state.query.pairs(),
        headers=scope["headers"],
    )
