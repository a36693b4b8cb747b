"""The routes of the console: its sessions, its page and the files of the page.

They are not in the description of the API: they belong to the page alone, which is shipped with them.
"""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.channels.directory import ChannelDirectory
from app.console.csp import policy
from app.console.schemas import SessionView, SignIn
from app.console.sessions import LIFETIME, ConsoleSessions, LiveSession
from app.console.static_files import StaticFile, index_file, read, read_compressed, static_files
from app.core.strict_json import parse_json_object
from app.core.turns import leave_turn
from app.errors import NotFoundError, ServiceUnavailableError
from app.header_text import trim
from app.http.body import BodyAdmission
from app.http.body_budget import SignInSender
from app.http.client_address import network_of
from app.http.query import read_query
from app.http.responses import constant_response, json_response
from app.http.schemas import parse_model
from app.tenants.key_service import KeyService
from app.tenants.permissions import Permission
from app.upstream.origins import parse_origin

CONSOLE_PATH = "/console"
SESSION_PATH = f"{CONSOLE_PATH}/session"

PAGES = frozenset(
    {
        *("overview", "tenants", "keys", "tasks", "assets", "usage", "channels", "models", "deliveries", "audit"),
        *("playground", "me"),
    }
)
"""First segments of the addresses of the page; the page itself shows that there is no other."""

_MAX_SIGN_IN_BYTES = 4096
_FILE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOT_STORED = {"Cache-Control": "no-store"}
_REVALIDATED = {"Cache-Control": "no-cache"}
_IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}

router = APIRouter(include_in_schema=False)


@router.post(SESSION_PATH)
async def sign_in(request: Request) -> Response:
    """Begins a session with an admin token or an API key, ``{"token": …}``; answers as ``session``."""
    sessions: ConsoleSessions = request.state.console_sessions
    sessions.cookies.check_own_page(request)
    sessions.cookies.check_secure(request)
    read_query(request)
    leave_turn()  # the body may take long
    bodies: BodyAdmission = request.state.bodies
    address: str = request.state.client_address
    sender = SignInSender(network_of(address))
    async with bodies.read(request, sender, limit_bytes=_MAX_SIGN_IN_BYTES) as body:
        secret = parse_model(SignIn, parse_json_object(body.data)).token
    token = await sessions.sign_in(secret, address, replaced=sessions.cookies.read(request))
    response = json_response(await _view(request, await sessions.live(token, address)), headers=_NOT_STORED)
    sessions.cookies.issue(request, response, token, max_age_seconds=int(LIFETIME.total_seconds()))
    return response


@router.get(SESSION_PATH)
async def session(request: Request) -> Response:
    """Answers whose session the browser has; 204 without one, and 401 with one that has ended.

    To come without one is no error, which browsers would list as such.
    """
    sessions: ConsoleSessions = request.state.console_sessions
    found = await sessions.find(request)
    leave_turn()
    read_query(request)
    if found is None:
        return Response(status_code=204, headers=_NOT_STORED)
    return json_response(await _view(request, found), headers=_NOT_STORED)


@router.delete(SESSION_PATH)
async def sign_out(request: Request) -> Response:
    """Ends the session, if there is one, and lets the browser drop the cookie."""
    sessions: ConsoleSessions = request.state.console_sessions
    sessions.cookies.check_own_page(request)
    read_query(request)
    token = sessions.cookies.read(request)
    if token is not None:
        await sessions.sign_out(token, request.state.client_address)
    response = Response(status_code=204, headers=_NOT_STORED)
    sessions.cookies.clear(request, response)
    return response


@router.get(CONSOLE_PATH)
async def start(request: Request) -> Response:
    """Returns the page."""
    return await _page(request, 200)


@router.get(CONSOLE_PATH + "/{path:path}")
async def page_or_file(request: Request) -> Response:
    """Returns a file of the page, or the page itself: with 404 at an address that it does not know."""
    path: str = request.path_params["path"]
    file = static_files().get(path)
    if file is not None:
        return await _file_response(request, file, _IMMUTABLE if file.is_hashed else _REVALIDATED)
    return await _page(request, 200 if path.partition("/")[0] in PAGES else 404)


async def _view(request: Request, found: LiveSession) -> Mapping[str, object]:
    if found.key is None:
        admin = found.admin
        assert admin is not None  # noqa: S101 - a session has one of the two
        ends_at = min(found.expires_at, admin.expires_at or found.expires_at)
        view = SessionView(kind="admin", name=admin.name, role=admin.role.value, admin_id=admin.id, expires_at=ends_at)
    else:
        keys: KeyService = request.state.keys
        principal = found.key.principal
        view = SessionView(
            kind="key",
            name=(await keys.own(principal)).name,
            tenant_id=principal.tenant_id,
            key_id=principal.key_id,
            permissions=[permission.value for permission in Permission if permission in principal.permissions],
            expires_at=min(found.expires_at, found.key.ends_at or found.expires_at),
        )
    return view.model_dump(mode="json", exclude_none=True)


async def _page(request: Request, status: int) -> Response:
    """Returns the page, whose policy names the upstreams that are plain http.

    Raises:
        NotFoundError: 404, this version was made without the page.
    """
    file = index_file()
    if not file.path.is_file():
        raise NotFoundError("This gateway was installed without the console's page.")
    security = {"Content-Security-Policy": policy(await _upstream_origins(request))}
    return await _file_response(request, file, {**_NOT_STORED, **security}, status=status)


async def _upstream_origins(request: Request) -> list[str]:
    directory: ChannelDirectory = request.state.directory
    try:
        channels = await directory.all(None)
    except ServiceUnavailableError:
        # The page says itself that the gateway has no database.
        return []
    return [parse_origin(channel.ark.base_url).text for channel in channels if channel.ark is not None]


async def _file_response(
    request: Request, file: StaticFile, headers: Mapping[str, str], *, status: int = 200
) -> Response:
    """Returns a file.

    Raises:
        NotFoundError: 404, it is there no longer: the gateway was installed anew, and has not been started since.
        ServiceUnavailableError: 503, it cannot be read.
    """
    own = {**_FILE_HEADERS, **headers}
    try:
        if file.is_compressed:
            own["Vary"] = "Accept-Encoding"
            if _accepts_gzip(request):
                data = await asyncio.to_thread(read_compressed, file.path)
                own["Content-Encoding"] = "gzip"
                return constant_response(data, file.media_type, own, status=status)
        return constant_response(read(file.path), file.media_type, own, status=status)
    except FileNotFoundError:
        raise NotFoundError("This file of the console's page was removed while the gateway was running.") from None
    except OSError as error:
        raise ServiceUnavailableError("The console's page cannot be read.", internal=repr(error)) from error


def _accepts_gzip(request: Request) -> bool:
    """Whether gzip is named; a browser never names it with a weight of zero."""
    accepted = ",".join(request.headers.getlist("accept-encoding"))[:256].lower()
    choices = [[trim(part) for part in choice.split(";")] for choice in accepted.split(",")]
    return ["gzip"] in choices
