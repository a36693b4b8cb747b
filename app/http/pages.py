"""The pages beside the console: ``GET /``, an introduction or the way to it, and ``/docs``, where the API is tried.

Keys and the admin token are typed into ``/docs``. Its files are therefore our own, and the content security policy
forbids any other source, framing, and calls to elsewhere. Each file has its version in its URL and is cached for good;
the page itself is revalidated every time.

SDKs call Assets actions at ``/`` by POST. One that is set to GET must get an error that it can read: the page is only
for clients that ask for HTML by name.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from string import Template

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.errors import MethodNotAllowedError, SeedgateError
from app.header_text import trim
from app.http.errors import handle_error
from app.http.query import Query
from app.http.responses import constant_response

HOME_PATH = "/"
DOCS_PATH = "/docs"
SWAGGER_UI_VERSION = "5.35.0"

_HARDENING_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_REVALIDATED = {"Cache-Control": "no-cache"}
_IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}


def _security_headers(*sources: str) -> dict[str, str]:
    """Returns headers that allow only the given sources, such as ``script-src 'self'``, and no framing."""
    policy = ("default-src 'none'", *sources, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
    return {"Content-Security-Policy": "; ".join(policy), **_HARDENING_HEADERS}


def _template(name: str) -> Template:
    return Template((Path(__file__).with_name("html") / name).read_text(encoding="utf-8"))


_HOME_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}"
)
_HOME_PAGE = _template("home.html").substitute(style=_HOME_STYLE)
_HOME_STYLE_HASH = base64.b64encode(hashlib.sha256(_HOME_STYLE.encode()).digest()).decode()
_HOME_HEADERS = {**_security_headers(f"style-src 'sha256-{_HOME_STYLE_HASH}'"), **_REVALIDATED}
# Browsers send some 150 characters; a client may send 64 KiB.
_MAX_ACCEPT_CHARACTERS = 1024

_FOLDER = Path(__file__).with_name("swagger_ui")
_STARTER = _FOLDER / "start.js"
_STARTER_VERSION = hashlib.sha256(_STARTER.read_bytes()).hexdigest()[:12]
_DOCS_HEADERS = _security_headers("script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'")

_STYLE_PATH = f"{DOCS_PATH}/{SWAGGER_UI_VERSION}/swagger-ui.css"
_BUNDLE_PATH = f"{DOCS_PATH}/{SWAGGER_UI_VERSION}/swagger-ui-bundle.js"
_ICON_PATH = f"{DOCS_PATH}/{SWAGGER_UI_VERSION}/favicon-32x32.png"
_STARTER_PATH = f"{DOCS_PATH}/{_STARTER_VERSION}/start.js"

ASSETS: Mapping[str, tuple[Path, str]] = {
    _STYLE_PATH: (_FOLDER / "swagger-ui.css", "text/css; charset=utf-8"),
    _BUNDLE_PATH: (_FOLDER / "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    _ICON_PATH: (_FOLDER / "favicon-32x32.png", "image/png"),
    _STARTER_PATH: (_STARTER, "text/javascript; charset=utf-8"),
}
"""The files of ``/docs`` by path, each with its media type."""

# The URLs are relative, so that the pages work behind a proxy that adds a prefix.
_DOCS_PAGE = _template("docs.html").substitute(
    icon=_ICON_PATH[1:], style=_STYLE_PATH[1:], bundle=_BUNDLE_PATH[1:], starter=_STARTER_PATH[1:]
)

docs_router = APIRouter(include_in_schema=False)


def home_router(console_path: str | None) -> APIRouter:
    """Returns the router of ``GET /``, which sends a browser to the console; None: to no console."""
    router = APIRouter(include_in_schema=False)

    @router.get(HOME_PATH)
    async def home(request: Request) -> Response:
        """Returns the page, or an error that a program can read: 405, or 400 for a query that cannot be parsed."""
        try:
            response = _home_page(request, console_path)
        except SeedgateError as error:
            response = await handle_error(request, error)
        # The error depends on it, too: a cache must not return a program's error to a browser.
        response.headers["Vary"] = "Accept"
        return response

    return router


def _home_page(request: Request, console_path: str | None) -> Response:
    """Returns the page, or a redirection to the console.

    Raises:
        MethodNotAllowedError: 405, the client does not ask for HTML, or the query names an action.
        InvalidParameterError: 400, the query exceeds a limit or is not UTF-8.
    """
    query: Query = request.state.query
    if not _accepts_html(request) or any(name == "Action" for name, _ in query.pairs()):
        raise MethodNotAllowedError(request.method)
    if console_path is not None:
        return RedirectResponse(console_path, 303, headers={**_REVALIDATED, **_HARDENING_HEADERS})
    return HTMLResponse(_HOME_PAGE, headers=_HOME_HEADERS)


def _accepts_html(request: Request) -> bool:
    """Whether HTML is requested by name; programs send ``*/*``."""
    accepted = ",".join(request.headers.getlist("accept"))[:_MAX_ACCEPT_CHARACTERS].lower()
    for choice in accepted.split(","):
        name, *parameters = map(trim, choice.split(";"))
        if name == "text/html":
            return not any(parameter in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for parameter in parameters)
    return False


@docs_router.get(DOCS_PATH)
async def docs(request: Request) -> Response:  # noqa: ARG001 - every route takes the request
    """Returns the page."""
    return HTMLResponse(_DOCS_PAGE, headers={**_DOCS_HEADERS, **_REVALIDATED})


def _endpoint_of(file: Path, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def asset(request: Request) -> Response:  # noqa: ARG001 - every route takes the request
        return constant_response(_read(file), media_type, {**_DOCS_HEADERS, **_IMMUTABLE})

    return asset


@cache
def _read(file: Path) -> bytes:
    return file.read_bytes()


for _path, (_file, _media_type) in ASSETS.items():
    docs_router.add_api_route(_path, _endpoint_of(_file, _media_type), methods=["GET"])
