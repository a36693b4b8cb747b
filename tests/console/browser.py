"""What a browser sends to the gateway, without a browser: for the guarantees that need none."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.gateway import Gateway

SESSION = "/console/session"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin", "X-Seedgate-Console": "1"}
TLS = {"X-Forwarded-Proto": "https", "Host": "gateway.example"}
"""What a proxy that ends TLS sends."""


@dataclass
class Browser:
    """A browser with its cookie.

    Attributes:
        gateway: what it talks to.
        address: the client's, as the proxy in front says.
        front: the headers of the proxy.
        cookie: the ``Cookie`` header, once it has signed in.
    """

    gateway: Gateway
    address: str = "203.0.113.7"
    front: dict[str, str] = field(default_factory=lambda: dict(TLS))
    cookie: str | None = None

    async def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Sends a request of the console's own page; ``headers`` replace its own, and empty ones are left out."""
        own = {**OWN_PAGE, **self.front, "X-Forwarded-For": self.address}
        if self.cookie is not None:
            own["Cookie"] = self.cookie
        kept = {name: value for name, value in (own | (headers or {})).items() if value}
        return await self.gateway.anonymous.request(method, self.gateway.base_url + path, headers=kept, **options)

    async def sign_in(self, secret: str, **headers: str) -> httpx.Response:
        """Signs in; keeps the cookie."""
        answer = await self.send("POST", SESSION, headers, json={"token": secret})
        if answer.is_success:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    async def who(self) -> httpx.Response:
        """Asks whose session it has."""
        return await self.send("GET", SESSION)


def admin_token(gateway: Gateway) -> str:
    """Returns the admin token of the environment."""
    assert gateway.settings.admin_token is not None
    return gateway.settings.admin_token.get_secret_value()


async def new_admin(gateway: Gateway, role: str = "owner", **fields: Any) -> dict[str, Any]:
    """Makes a named admin; returns it with its token."""
    made = await gateway.admin.post("/admins", json={"name": f"an {role}", "role": role, **fields})
    assert made.status_code == 201, made.text
    admin: dict[str, Any] = made.json()
    return admin


def check_refused(answer: httpx.Response, status: int, code: str = "") -> None:
    """Checks an error by its status and code; 401 and 403 have the usual ones."""
    usual = {401: "AuthenticationError", 403: "AccessDenied", 404: "NotFound", 429: "RateLimitExceeded"}
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == (code or usual[status])
