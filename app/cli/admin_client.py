"""A thin client of the admin API, and how its answers are shown."""

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from app.cli.exits import FAILED, MISCONFIGURED, stop
from app.observability.escaping import escape, escape_json

_DEFAULT_URL = "http://127.0.0.1:8080"
_TIMEOUT_SECONDS = 60.0
_PAGE = 100
_WIDEST_TABLE = 10_000


class AdminClient:
    """Calls ``/admin/v1`` of the gateway at ``SEEDGATE_URL`` with ``SEEDGATE_ADMIN_TOKEN``.

    Every method ends the program with the server's message when the call fails.
    """

    def __init__(self) -> None:
        token = os.environ.get("SEEDGATE_ADMIN_TOKEN")
        if not token:
            stop("set SEEDGATE_ADMIN_TOKEN (and SEEDGATE_URL, unless the gateway is on this machine)", MISCONFIGURED)
        self._base_url = os.environ.get("SEEDGATE_URL", _DEFAULT_URL).rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Returns the JSON answer of one call, or None where there is none."""
        return self._answer(method, path, body=body)

    def rows(self, path: str, **query: str | None) -> Iterator[dict[str, Any]]:
        """Yields every row of a list, page after page."""
        wanted: dict[str, Any] = {name: value for name, value in query.items() if value is not None}
        wanted["limit"] = _PAGE
        while True:
            page = self._answer("GET", path, query=wanted)
            yield from page["data"]
            if not page["has_more"]:
                return
            wanted["after"] = page["next_cursor"]

    def _answer(
        self, method: str, path: str, *, body: dict[str, Any] | None = None, query: dict[str, Any] | None = None
    ) -> Any:
        try:
            response = httpx.request(
                method,
                f"{self._base_url}/admin/v1{path}",
                json=body,
                params=query,
                headers=self._headers,
                timeout=_TIMEOUT_SECONDS,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            stop(f"the gateway at {self._base_url} does not answer: {error}")
            raise
        if response.is_error:
            stop(_message(response), FAILED)
        return response.json() if response.content else None


def show(value: Any, columns: Sequence[str], *, is_json: bool) -> None:
    """Prints rows, or one object, as a table for people or as JSON for programs.

    A table is as wide as it needs to be: a key that is cut to fit the terminal could never be shown again. Names and
    messages come from tenants and upstreams, so what would control the terminal is escaped in both forms.
    """
    if is_json:
        print(escape_json(json.dumps(value, ensure_ascii=False)))  # noqa: T201 - the command's answer
        return
    rows = value if isinstance(value, list) else [value]
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    # Names may hold what Rich would take for markup.
    Console(width=_WIDEST_TABLE, markup=False, emoji=False, highlight=False).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return escape(", ".join(str(item) for item in value) if isinstance(value, list) else str(value))


def _message(response: httpx.Response) -> str:
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return f"the gateway answered {response.status_code}"
    return escape(f"{error['code']}: {error['message']}")
