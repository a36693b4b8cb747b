"""``GET /`` in a browser: a page that says what this is. Programs are answered as before, 405 in the error shape.

SDKs call Assets actions at the same address, by POST. One that is set to GET must read an error, whatever it accepts.
"""

import base64
import hashlib

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.errors import MethodNotAllowedError, SeedgateError
from app.header_text import trim
from app.http.page_headers import UNCACHED, page_headers
from app.http.query import Query
from app.http.rendering import handle_error

HOME_PATH = "/"

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}"
)
# The addresses are relative, so that the page works behind a proxy that puts a prefix in front.
_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Seedgate</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Seedgate</h1>
<p>A gateway for Seedance video tasks and the Assets API. Programs call it with an API key that its operator issues.</p>
<p>The base URL of SDKs for video tasks is the address of this page followed by <code>api/v3</code>; for Assets with an
OpenAPI SDK it is the address alone.</p>
<ul>
<li><a href="docs">Every route, to read and to try</a></li>
<li><a href="openapi.json">The same as an OpenAPI document</a></li>
</ul>
</body>
</html>
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {**page_headers(f"style-src 'sha256-{_STYLE_HASH}'"), **UNCACHED}
# Browsers send some 150 characters; a client may send 64 KiB.
_MOST_ACCEPT_CHARACTERS = 1024

router = APIRouter(include_in_schema=False)


@router.get(HOME_PATH, response_model=None)
async def home(request: Request) -> Response:
    """Answers the page, or the error that a program knows how to read: 405, or 400 for a query that cannot be read."""
    try:
        answer = _page_for(request)
    except SeedgateError as error:
        answer = await handle_error(request, error)
    # Each of these answers depends on it, so that a cache must not give a browser the error of a program.
    answer.headers["Vary"] = "Accept"
    return answer


def _page_for(request: Request) -> Response:
    """Returns the page.

    Raises:
        MethodNotAllowedError: 405, the client does not ask for HTML, or the query names an action.
        InvalidParameterError: 400, the query passes a bound or is not UTF-8.
    """
    query: Query = request.state.query
    if not _accepts_html(request) or any(name == "Action" for name, _ in query.pairs()):
        raise MethodNotAllowedError(request.method)
    return HTMLResponse(_PAGE, headers=_HEADERS)


def _accepts_html(request: Request) -> bool:
    """Says whether HTML is asked for by name: ``*/*`` is what programs send."""
    accepted = ",".join(request.headers.getlist("accept"))[:_MOST_ACCEPT_CHARACTERS].lower()
    for choice in accepted.split(","):
        name, *parameters = map(trim, choice.split(";"))
        if name == "text/html":
            return not any(parameter in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for parameter in parameters)
    return False
