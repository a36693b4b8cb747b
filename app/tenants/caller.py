"""Who is calling: the first line of every tenant route, and the first one after a body was read."""

from starlette.requests import Request

from app.http.request_scope import note
from app.tenants.authentication import Authenticator
from app.tenants.principal import Principal


async def identify(request: Request) -> Principal:
    """Returns who is calling, from headers and address alone; the body is not touched.

    Routes with a body ask twice: before it is read, so that nobody unknown is listened to, and after it, because a
    body may take minutes to arrive and the key may have ended meanwhile.

    Adds the tenant and the key's public part to the request's log line.

    Raises:
        AuthenticationFailedError: 401, no key or a wrong one.
        AccessDeniedError: 403, the key may not be used now or from here.
        ServiceUnavailableError: 503, the database cannot be asked.
    """
    authenticator: Authenticator = request.state.authenticator
    principal = await authenticator.principal(request.headers.raw, request.state.client_address)
    note(request, tenant=principal.tenant_id, key=principal.key_public_part)
    return principal
