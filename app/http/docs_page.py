"""``/docs``: a page that shows the API and lets a person try it, made of our own files.

Keys and the admin token are typed there, so nothing is loaded from elsewhere, and the content security policy lets
nothing else run, be framed or be called. Each file has its version in its address and is cached for good; the page
itself is asked for again every time.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.http.page_headers import UNCACHED, page_headers
from app.http.responses import constant_response

SWAGGER_UI_VERSION = "5.35.0"
DOCS_PATH = "/docs"

_FOLDER = Path(__file__).with_name("swagger_ui")
_STARTER = _FOLDER / "start.js"
_STARTER_VERSION = hashlib.sha256(_STARTER.read_bytes()).hexdigest()[:12]
_SECURITY_HEADERS = page_headers("script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'")
_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}

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
"""The files of the page by their paths, each with its media type."""

# The addresses are relative, so that the page works behind a proxy that puts a prefix in front.
_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Seedgate API</title>
<link rel="icon" type="image/png" href="{_ICON_PATH[1:]}">
<link rel="stylesheet" href="{_STYLE_PATH[1:]}">
</head>
<body>
<noscript>This page needs JavaScript. The description itself is <a href="openapi.json">openapi.json</a>.</noscript>
<div id="swagger-ui"></div>
<script src="{_BUNDLE_PATH[1:]}"></script>
<script src="{_STARTER_PATH[1:]}"></script>
</body>
</html>
"""

router = APIRouter(include_in_schema=False)


@router.get(DOCS_PATH, response_model=None)
async def docs(request: Request) -> Response:  # noqa: ARG001 - every route takes the request
    """Answers the page."""
    return HTMLResponse(_PAGE, headers={**_SECURITY_HEADERS, **UNCACHED})


def _endpoint_of(file: Path, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def asset(request: Request) -> Response:  # noqa: ARG001 - every route takes the request
        return constant_response(_read(file), media_type, {**_SECURITY_HEADERS, **_FOR_GOOD})

    return asset


@cache
def _read(file: Path) -> bytes:
    return file.read_bytes()


for _path, (_file, _media_type) in ASSETS.items():
    router.add_api_route(_path, _endpoint_of(_file, _media_type), methods=["GET"], response_model=None)
