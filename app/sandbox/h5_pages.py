"""The H5 page of a face verification, with two buttons in place of the upstream's camera.

It loads no external resources.
"""

import secrets
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs, parse_qsl, urlencode, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app.sandbox.faces import FaceSession, FaceSessions
from app.sandbox.test_triggers import split_url

H5_PATH = "/h5"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}
_STYLE = """
:root { color-scheme: light dark; font-family: system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { width: min(24rem, 100% - 3rem); padding: 2.5rem 0; text-align: center; }
h1 { font-size: 1.4rem; margin: 1.5rem 0 .5rem; }
p { margin: .4rem 0; line-height: 1.5; opacity: .75; }
svg { width: 7rem; height: 7rem; }
form { display: grid; gap: .75rem; margin-top: 2rem; }
button { font: inherit; color: inherit; padding: .8rem; border-radius: .6rem; border: 1px solid #8886;
  background: none; cursor: pointer; }
button.complete { background: #1664ff; border-color: #1664ff; color: #fff; }
button:focus-visible { outline: 3px solid #1664ff80; outline-offset: 2px; }
small { display: block; margin-top: 2rem; opacity: .55; }
"""
_FACE = """<svg viewBox="0 0 96 96" fill="none" stroke="#1664ff" stroke-width="4" stroke-linecap="round"
  aria-hidden="true">
<path d="M6 26V14a8 8 0 0 1 8-8h12M70 6h12a8 8 0 0 1 8 8v12M90 70v12a8 8 0 0 1-8 8H70M26 90H14a8 8 0 0 1-8-8V70"/>
<circle cx="48" cy="48" r="24"/><path d="M40 43v2M56 43v2M39 56c5 5 13 5 18 0"/></svg>"""


def h5_link(origin: str, token: str) -> str:
    """Returns the one-time link of a session.

    It contains random temporary credentials, as the upstream's older form does, so that tests can find them in a
    caller's logs.
    """
    query = {
        "accessKeyId": f"AKTP{secrets.token_urlsafe(24)}",
        "secretAccessKey": secrets.token_urlsafe(32),
        "sessionToken": secrets.token_urlsafe(64),
        "configId": secrets.token_hex(16),
        "bytedToken": token,
        "lng": "zh",
    }
    return f"{origin}{H5_PATH}?{urlencode(query)}"


def h5_routes(faces: Callable[[], FaceSessions]) -> list[Route]:
    """Returns the routes of the page."""

    async def show(request: Request) -> Response:
        token = request.query_params.get("bytedToken", "")
        return _page(token) if faces().find_open(token) else _gone()

    async def finish(request: Request) -> Response:
        form = parse_qs((await request.body()).decode(errors="replace"))
        token, outcome = form.get("bytedToken", [""])[0], form.get("outcome", [""])[0]
        session = faces().find_open(token)
        if session is None or outcome not in {"complete", "fail"}:
            return _gone()
        faces().finish(session, is_passed=outcome == "complete")
        return RedirectResponse(_return_url(session), 303, headers=_HEADERS)

    return [Route(H5_PATH, show, methods=["GET"]), Route(H5_PATH, finish, methods=["POST"])]


def _return_url(session: FaceSession) -> str:
    """Returns CallbackURL with the result added to its query."""
    parts = split_url(session.callback_url)
    is_passed = session.group_id is not None
    result = [
        ("bytedToken", session.token),
        ("resultCode", str(session.result_code)),
        ("algorithmBaseRespCode", "0" if is_passed else "1"),
        ("reqMeasureInfoValue", "1"),
        ("verify_type", "real_time"),
    ]
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *result])
    return urlunsplit(parts._replace(query=query))


def _page(token: str) -> Response:
    return _html(
        f"""{_FACE}
<h1>人脸核验 · Face verification</h1>
<p>这是沙箱页面，不会打开摄像头。</p>
<p>This is the sandbox: no camera is used.</p>
<form method="post" action="{H5_PATH}">
<input type="hidden" name="bytedToken" value="{escape(token)}">
<button class="complete" name="outcome" value="complete">通过核验 · Complete</button>
<button class="fail" name="outcome" value="fail">核验失败 · Fail</button>
</form>""",
        200,
    )


def _gone() -> Response:
    return _html(
        """<h1>链接已失效 · Link no longer valid</h1>
<p>链接已使用或已过期，请重新发起核验。</p>
<p>It was used or has expired. Please start a new verification.</p>""",
        410,
    )


def _html(content: str, status: int) -> Response:
    page = f"""<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>人脸核验 · Face verification</title><style>{_STYLE}</style></head>
<body><main>{content}<small>Seedgate sandbox</small></main></body>
</html>
"""
    return HTMLResponse(page, status, headers=_HEADERS)
