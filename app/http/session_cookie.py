"""The cookie of a console session, and the proof that a request with it was made by the console's own page.

A browser sends a cookie with requests that any page makes. So it counts only when the browser itself says that the page
is of the same origin, and on methods that change something only with a header that a page of another origin cannot add
without a preflight, which the routes do not answer.

Source: RFC 6265bis, "The __Host- Prefix"; Fetch Metadata Request Headers, ``Sec-Fetch-Site``.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AccessDeniedError
from app.header_text import trim
from app.http.client_address import is_within, parse_address

CONSOLE_HEADER = "X-Seedgate-Console"
"""The header of a request that changes something, with the value ``1``."""

BACKGROUND = "background"
"""The value of the header on a read that the page repeats by itself while its reader does nothing."""

SECURE_NAME = "__Host-seedgate"
"""The name of the cookie on https: a browser accepts it from this host alone, and sends it over TLS alone."""

PLAIN_NAME = "seedgate"
"""The name on plain http, which is accepted on the browser's own machine only."""

_CREDENTIAL_HEADERS = frozenset({b"authorization", b"x-api-key"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_TOKEN = re.compile(rb"[A-Za-z0-9_-]{43}")
# One search of the whole header: splitting 64 KiB of semicolons would occupy the event loop for milliseconds.
_VALUES = {
    name: re.compile(rb"(?:^|;)[ \t]*" + re.escape(name.encode()) + rb"[ \t]*=[ \t]*([^;]*)")
    for name in (SECURE_NAME, PLAIN_NAME)
}
_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]{2,45})]|(?P<name>[a-z0-9.-]{1,253}))(?::[0-9]{1,5})?", re.ASCII)
_FOREIGN = (
    "A console session is accepted only from the console's own page: `Sec-Fetch-Site: same-origin`, or an `Origin` "
    f"equal to this address; what changes something also needs `{CONSOLE_HEADER}: 1`."
)
_INSECURE = (
    "The console can be used over https, or on the machine that the browser runs on. When a proxy in front of the "
    "gateway ends TLS, name it in SEEDGATE_TRUSTED_PROXIES and let it send `X-Forwarded-Proto`."
)


class SessionCookies:
    """Reads and writes the cookie.

    Args:
        trusted_proxies: networks of the operator's own proxies, whose ``X-Forwarded-Proto`` counts.
    """

    def __init__(self, trusted_proxies: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._trusted_proxies = tuple(trusted_proxies)

    def read(self, request: Request) -> str | None:
        """Returns the token of the session that a request belongs to, or None.

        It belongs to none when it has another credential, right or wrong, no cookie, or several different ones, of
        which another page of the host may have set one.

        Raises:
            AccessDeniedError: 403, there is a cookie, and the request is not of the console's own page.
        """
        cookies: list[bytes] = []
        for name, value in request.scope["headers"]:
            if name in _CREDENTIAL_HEADERS:
                return None
            if name == b"cookie":
                cookies.append(value)
        if not cookies:
            return None
        token = self._token(request, cookies)
        if token is not None:
            self.check_own_page(request)
        return token

    def check_own_page(self, request: Request) -> None:
        """Checks that the console's own page makes a request.

        Raises:
            AccessDeniedError: 403, it does not, or the browser does not say so.
        """
        headers = request.headers
        sites = headers.getlist("sec-fetch-site")
        if sites:
            is_own = sites == ["same-origin"]
        else:
            is_own = headers.getlist("origin") == [f"{self._scheme(request)}://{headers.get('host', '').lower()}"]
        if request.method not in _SAFE_METHODS:
            is_own = is_own and headers.getlist(CONSOLE_HEADER) == ["1"]
        if not is_own:
            raise AccessDeniedError(_FOREIGN)

    def is_background(self, request: Request) -> bool:
        """Whether the page says that it sends a request by itself; that is no use of the session."""
        return request.method in _SAFE_METHODS and request.headers.getlist(CONSOLE_HEADER) == [BACKGROUND]

    def check_secure(self, request: Request) -> None:
        """Checks that a cookie may be issued: only the browser and the gateway can read it on its way.

        Raises:
            AccessDeniedError: 403, plain http to another machine.
        """
        if self._name(request) is None:
            raise AccessDeniedError(_INSECURE)

    def issue(self, request: Request, response: Response, token: str, *, max_age_seconds: int) -> None:
        """Adds the cookie of a new session to a response, after ``check_secure``."""
        self._set(request, response, token, max_age_seconds)

    def clear(self, request: Request, response: Response) -> None:
        """Makes the browser drop the cookie."""
        self._set(request, response, "", 0)

    def _set(self, request: Request, response: Response, value: str, max_age_seconds: int) -> None:
        name = self._name(request)
        if name is not None:
            secure = "; Secure" if name == SECURE_NAME else ""
            cookie = f"{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Strict{secure}"
            response.headers.append("Set-Cookie", cookie)

    def _token(self, request: Request, cookies: Sequence[bytes]) -> str | None:
        name = self._name(request)
        if name is None:
            return None
        found = {value.rstrip(b" \t") for cookie in cookies for value in _VALUES[name].findall(cookie)}
        token = found.pop() if len(found) == 1 else b""
        return token.decode("ascii") if _TOKEN.fullmatch(token) else None

    def _name(self, request: Request) -> str | None:
        if self._scheme(request) == "https":
            return SECURE_NAME
        return PLAIN_NAME if is_loopback(request.headers.get("host", "")) else None

    def _scheme(self, request: Request) -> str:
        """Returns the scheme that the client used."""
        client = request.scope.get("client")
        # The other end of a Unix socket is a proxy on this machine.
        if client is None or not client[0] or is_within(client[0], self._trusted_proxies):
            claimed = trim(",".join(request.headers.getlist("x-forwarded-proto")).partition(",")[0]).lower()
            if claimed in {"http", "https"}:
                return claimed
        scheme: str = request.scope["scheme"]
        return scheme


def is_loopback(host: str) -> bool:
    """Whether a ``Host`` header names the machine on which the browser runs."""
    found = _HOST.fullmatch(host.lower())
    if found is None:
        return False
    name = found["six"] or found["name"].removesuffix(".")
    address = parse_address(name)
    return address.is_loopback if address is not None else name == "localhost" or name.endswith(".localhost")
