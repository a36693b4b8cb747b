"""The client of the admin API."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import httpx

from app.cli.exit_codes import FAILED, MISCONFIGURED, stop
from app.env_file import EnvFileError, read_env_file
from app.secret_files import FOLDER_VARIABLE, SecretFileError, closed_default_folder, read_secret_files
from app.setting_names import refusals

_URL = "SEEDGATE_URL"
_TOKEN = "SEEDGATE_ADMIN_TOKEN"  # noqa: S105 - a name
_DEFAULT_URL = "http://127.0.0.1:8080"
_TIMEOUT_SECONDS = 60.0
_PAGE_SIZE = 100


class AdminClient:
    """Calls ``/admin/v1`` of the gateway at ``SEEDGATE_URL`` with ``SEEDGATE_ADMIN_TOKEN``.

    Both are read from the environment or from ``.env`` in the working folder, the token also from the folder of
    secrets. Variables that begin with ``SEEDGATE_`` and are no setting end the program, as they end the server. Every
    method ends the program with the server's message if the call fails.
    """

    def __init__(self) -> None:
        try:
            read = read_env_file()
        except EnvFileError as error:
            stop(str(error), MISCONFIGURED)
        if refused := refusals([*os.environ.items(), *read.items()]):
            stop("\n".join(refused), MISCONFIGURED)
        file = {name.upper(): value for name, value in read.items() if value}
        environment = {name.upper(): value for name, value in os.environ.items() if value}
        place = "the environment"
        named = environment.get(FOLDER_VARIABLE) or file.get(FOLDER_VARIABLE)
        folder = Path(named) if named else None
        if _TOKEN not in environment and _TOKEN not in file:
            environment |= _token_of_folder(folder)
            place = "the folder of secrets"
        if _TOKEN in environment and _URL in file and _URL not in environment:
            # The .env of a downloaded folder could otherwise send the token to any server.
            stop(f"{_TOKEN} is set in {place} and {_URL} in .env: set both in one place", MISCONFIGURED)
        variables = {**file, **environment}
        self._base_url = (variables.get(_URL) or _DEFAULT_URL).strip().rstrip("/")
        self._headers = {"Authorization": f"Bearer {_token(variables.get(_TOKEN), folder)}"}

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, Any] | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> Any:
        """Returns the JSON answer of one call, or None for an empty one."""
        return self._check(self._send(method, path, query=query, body=body, timeout_seconds=timeout_seconds))

    def find(self, path: str) -> Any | None:
        """Returns the object at a path, or None if there is none."""
        response = self._send("GET", path)
        return None if response.status_code == httpx.codes.NOT_FOUND else self._check(response)

    def rows(self, path: str, **query: str | None) -> Iterator[dict[str, Any]]:
        """Yields all rows of a list."""
        wanted = {**given(**query), "limit": _PAGE_SIZE}
        while True:
            page = self._check(self._send("GET", path, query=wanted))
            if page is None or not isinstance(page.get("data"), list):
                self._stop_at_other_server()
            yield from page["data"]
            if not page["has_more"]:
                return
            wanted["after"] = page["next_cursor"]

    def permitted_rows(self, path: str) -> list[dict[str, Any]] | None:
        """Returns all rows of a list, or None when the role of the token does not permit to read it."""
        if self._send("GET", path, query={"limit": 1}).status_code == httpx.codes.FORBIDDEN:
            return None
        return list(self.rows(path))

    def lines(self, path: str, **query: str | None) -> Iterator[dict[str, Any]]:
        """Yields the objects of a streamed answer, which has one in each line."""
        url = f"{self._base_url}/admin/v1{path}"
        with (
            self._friendly_errors(),
            httpx.stream("GET", url, params=given(**query), **self._options()) as response,
        ):
            if not response.is_success:
                response.read()
                self._check(response)
            for line in response.iter_lines():
                try:
                    found = json.loads(line)
                except ValueError:
                    self._stop_at_other_server()
                if not isinstance(found, dict):
                    self._stop_at_other_server()
                yield found

    def pieces(self, path: str, *, accept: str, **query: str | None) -> Iterator[str]:
        """Yields the text of a streamed answer of another type than JSON, as it arrives."""
        options = self._options()
        headers = {**options.pop("headers"), "Accept": accept}
        url = f"{self._base_url}/admin/v1{path}"
        with (
            self._friendly_errors(),
            httpx.stream("GET", url, params=given(**query), headers=headers, **options) as response,
        ):
            if not response.is_success:
                response.read()
                self._check(response)
            if not response.headers.get("content-type", "").startswith(accept):
                self._stop_at_other_server()
            yield from response.iter_text()

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        query: dict[str, Any] | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> httpx.Response:
        options = {**self._options(), "timeout": timeout_seconds}
        with self._friendly_errors():
            return httpx.request(method, f"{self._base_url}/admin/v1{path}", json=body, params=query, **options)

    def _options(self) -> dict[str, Any]:
        return {
            "headers": self._headers,
            "timeout": _TIMEOUT_SECONDS,
            # A gateway on this machine is called directly: the proxy of the environment must not see the token.
            "trust_env": not _is_on_this_machine(self._base_url),
        }

    @contextmanager
    def _friendly_errors(self) -> Iterator[None]:
        try:
            yield
        except httpx.LocalProtocolError:  # its text may contain a header
            stop("the request cannot be written: check SEEDGATE_URL", MISCONFIGURED)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            stop(f"the gateway at {self._base_url} does not answer: {error}")

    def _check(self, response: httpx.Response) -> dict[str, Any] | None:
        """Returns the object of an answer, or None for an empty one; ends the program for any other answer."""
        if response.has_redirect_location:
            stop(
                f"the gateway is not at {self._base_url}: it answers with a redirect to {response.headers['location']}"
            )
        if not response.is_success:
            stop(_message(response), FAILED)
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        try:
            answer = response.json()
        except ValueError:
            self._stop_at_other_server()
        if not isinstance(answer, dict):
            self._stop_at_other_server()
        return answer

    def _stop_at_other_server(self) -> NoReturn:
        stop(f"what answers at {self._base_url} is no gateway: its answer has another form")


def given(**members: Any) -> dict[str, Any]:
    """Returns the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def segment(text: str) -> str:
    """Returns a text as one segment of a path; ends the program if it cannot be one."""
    if text in {"", ".", ".."} or not text.isprintable():
        stop(f"{text!r} is neither an id nor a name", MISCONFIGURED)
    return quote(text, safe="")


def _token_of_folder(folder: Path | None) -> dict[str, str]:
    try:
        # The command needs no other file, and must work while one of them is being changed.
        files = read_secret_files(folder, only=_TOKEN)
    except SecretFileError as error:
        stop(str(error), MISCONFIGURED)
    return {file.name: file.value for file in files if file.value}


def _token(text: str | None, folder: Path | None) -> str:
    token = (text or "").strip()
    if not token:
        closed = closed_default_folder(folder)
        stop(
            f"set {_TOKEN} (and {_URL}, unless the gateway is on this machine) in the environment or in .env"
            + (f"; {closed}" if closed else ""),
            MISCONFIGURED,
        )
    if not (token.isascii() and token.isprintable()):
        stop(f"{_TOKEN} holds characters that no token has", MISCONFIGURED)
    return token


def _is_on_this_machine(url: str) -> bool:
    try:
        host = httpx.URL(url).host
        return host == "localhost" or ip_address(host).is_loopback
    except (httpx.InvalidURL, ValueError):
        return False


def _message(response: httpx.Response) -> str:
    try:
        error = response.json()["error"]
        return f"{error['code']}: {error['message']}"
    except (ValueError, KeyError, TypeError):
        return f"the gateway answered {response.status_code}"
