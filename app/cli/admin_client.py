"""A thin client of the admin API."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
from dotenv import dotenv_values

from app.cli.exits import FAILED, MISCONFIGURED, stop

_DEFAULT_URL = "http://127.0.0.1:8080"
_TIMEOUT_SECONDS = 60.0
_PAGE = 100


class AdminClient:
    """Calls ``/admin/v1`` of the gateway at ``SEEDGATE_URL`` with ``SEEDGATE_ADMIN_TOKEN``.

    Both are read from the environment, or from ``.env`` in the working folder. Every method ends the program with the
    server's message when the call fails.
    """

    def __init__(self) -> None:
        variables = {**dotenv_values(".env"), **{name: value for name, value in os.environ.items() if value}}
        token = variables.get("SEEDGATE_ADMIN_TOKEN")
        if not token:
            stop(
                "set SEEDGATE_ADMIN_TOKEN (and SEEDGATE_URL, unless the gateway is on this machine) in the environment "
                "or in .env",
                MISCONFIGURED,
            )
        self._base_url = (variables.get("SEEDGATE_URL") or _DEFAULT_URL).rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Returns the JSON answer of one call, or None where there is none."""
        return self._checked(self._send(method, path, body=body))

    def find(self, path: str) -> Any | None:
        """Returns one object, or None when the gateway has none at this path."""
        response = self._send("GET", path)
        return None if response.status_code == httpx.codes.NOT_FOUND else self._checked(response)

    def rows(self, path: str, **query: str | None) -> Iterator[dict[str, Any]]:
        """Yields every row of a list, page after page."""
        wanted: dict[str, Any] = {name: value for name, value in query.items() if value is not None}
        wanted["limit"] = _PAGE
        while True:
            page = self._checked(self._send("GET", path, query=wanted))
            yield from page["data"]
            if not page["has_more"]:
                return
            wanted["after"] = page["next_cursor"]

    def _send(
        self, method: str, path: str, *, body: dict[str, Any] | None = None, query: dict[str, Any] | None = None
    ) -> httpx.Response:
        try:
            return httpx.request(
                method,
                f"{self._base_url}/admin/v1{path}",
                json=body,
                params=query,
                headers=self._headers,
                timeout=_TIMEOUT_SECONDS,
            )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            stop(f"the gateway at {self._base_url} does not answer: {error}")

    def _checked(self, response: httpx.Response) -> Any:
        if response.is_error:
            stop(_message(response), FAILED)
        try:
            return response.json() if response.content else None
        except ValueError:
            stop(f"what answers at {self._base_url} is no gateway: its answer is not JSON")


def segment(text: str) -> str:
    """Returns text as one segment of a path, whatever is in it."""
    return quote(text, safe="")


def _message(response: httpx.Response) -> str:
    try:
        error = response.json()["error"]
        return f"{error['code']}: {error['message']}"
    except (ValueError, KeyError, TypeError):
        return f"the gateway answered {response.status_code}"
