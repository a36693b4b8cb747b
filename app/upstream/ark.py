"""The data plane: video generation tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from app.upstream.calls import CallObserver, parse_url, recorded_call, send_request
from app.upstream.credentials import ArkAccount
from app.upstream.errors import OutcomeUnknownError
from app.upstream.http.client import HttpClient, Timeouts
from app.upstream.http.messages import RequestBody
from app.upstream.responses import (
    ApiResponse,
    ReportedError,
    find_reported_error,
    to_error,
    to_unusable_create,
    to_unusable_success,
)

_TASKS_PATH = "/contents/generations/tasks"
_MAX_ID_CHARACTERS = 128
_TASK_ID_PREFIX = "cgt-"
_DELETE_MEMBERS = frozenset({"id", "ResponseMetadata"})
_EMPTY_LIST_MEMBERS = frozenset({"items", "total"})


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of the upstream's list.

    Attributes:
        items: task objects as ``get`` returns them; each has a string ``id``.
        total: how many tasks match, over all pages.
        answered_at: the time of the response by the upstream's clock, to the second, or None when it states none.
    """

    items: tuple[dict[str, Any], ...]
    total: int
    answered_at: datetime | None = None


class ArkClient:
    """Creates, reads, lists and deletes tasks. Every method raises an ``UpstreamError``, nothing else.

    Args:
        http: the client.
        create_read_timeout_seconds: how long to wait for the response to a create, during which the upstream downloads
            and checks all media.
        observer: called after each call.
    """

    def __init__(
        self, http: HttpClient, *, create_read_timeout_seconds: float = 180.0, observer: CallObserver | None = None
    ) -> None:
        self._observer = observer
        self._http = http
        self._create_timeouts = replace(http.timeouts, read_seconds=create_read_timeout_seconds)

    async def create(self, account: ArkAccount, body: bytes | RequestBody, *, request_id: str) -> str:
        """Submits a task and returns its id; it is billed once the upstream accepts it, and never sent twice.

        A response with an id is never read as a refusal, whatever its status: an id of the upstream's form is the
        task's; any other id leaves the outcome unknown.

        Args:
            account: the account billed.
            body: the JSON, sent as it is; a ``RequestBody`` is dropped once it has been sent.
            request_id: the gateway's id of the request, for the upstream's support.

        Raises:
            NotSentError: no byte was sent.
            UpstreamRejectedError: nothing was accepted; the client's mistake.
            AccountFaultError: nothing was accepted; a fault of the channel.
            OutcomeUnknownError: it may have been accepted.
        """
        headers = {"Content-Type": "application/json", "X-Client-Request-Id": request_id}
        with recorded_call("create_task", account, self._observer):
            return _created_id(
                await self._send("POST", account, headers=headers, body=body, timeouts=self._create_timeouts), account
            )

    async def get(self, account: ArkAccount, task_id: str) -> dict[str, Any]:
        """Returns the task object; its ``id`` is ``task_id``, its ``status`` a non-empty string.

        Raises:
            UpstreamRejectedError: ``is_not_found`` when there is no such task, or it is older than seven days.
            UpstreamError: any other class.
        """
        return (await self.get_dated(account, task_id))[0]

    async def get_dated(self, account: ArkAccount, task_id: str) -> tuple[dict[str, Any], datetime | None]:
        """Does what ``get`` does; returns also the time of the response by the upstream's clock, if it states one."""
        with recorded_call("get_task", account, self._observer):
            response = await self._call("GET", account, f"/{quote(task_id, safe='')}")
            task = response.body or {}
            status = task.get("status")
            if task.get("id") != task_id or not isinstance(status, str) or not status:
                # In an object with an id, ``error`` says why the task failed, not why the call did.
                reported = None if "id" in task else _find_error(response, account, names_task=True)
                raise to_unusable_success(
                    response, reported, "a success without the task that was asked for", member="id"
                )
            return task, _parse_date(response.date)

    async def delete(self, account: ArkAccount, task_id: str) -> None:
        """Cancels a queued task or removes a finished one.

        Raises:
            UpstreamRejectedError: 409 while it runs; ``is_not_found`` when there is no such task.
            UpstreamError: any other class.
        """
        with recorded_call("delete_task", account, self._observer):
            response = await self._call("DELETE", account, f"/{quote(task_id, safe='')}")
            reported = _find_error(response, account, names_task=True)
            if reported is not None or not _confirms_deletion(response.body, task_id):
                raise to_unusable_success(response, reported, "a success that confirms no deletion", member=None)

    async def list(
        self,
        account: ArkAccount,
        *,
        task_ids: Sequence[str] = (),
        status: str | None = None,
        model: str | None = None,
        service_tier: str | None = None,
        page_num: int = 1,
        page_size: int = 100,
    ) -> TaskPage:
        """Returns one page of the account's tasks of the last seven days.

        Without ``service_tier`` the upstream lists only the tier ``default``. It allows one call a second.

        Args:
            account: the tasks' account.
            task_ids: only these; empty means all.
            status: only these, such as ``running``.
            model: only these, by the upstream's model or endpoint id.
            service_tier: ``default`` or ``flex``.
            page_num: from 1 to 500.
            page_size: from 1 to 500.

        Raises:
            UpstreamError: any class.
        """
        query: list[tuple[str, str | int]] = [("page_num", page_num), ("page_size", page_size)]
        filters = {"filter.status": status, "filter.model": model, "filter.service_tier": service_tier}
        query += [(name, value) for name, value in filters.items() if value is not None]
        query += [("filter.task_ids", task_id) for task_id in task_ids]
        with recorded_call("list_tasks", account, self._observer):
            response = await self._call("GET", account, f"?{urlencode(query, quote_via=quote)}")
            reported = _find_error(response, account)
            page = _to_page(response.body or {}, _parse_date(response.date))
            if reported is not None or page is None:
                raise to_unusable_success(response, reported, "a success without a usable list", member="items")
            return page

    async def _call(self, method: str, account: ArkAccount, suffix: str) -> ApiResponse:
        """Sends a GET or DELETE and returns its response if it is a success; raises an ``UpstreamError`` otherwise."""
        response = await self._send(method, account, suffix)
        if not response.is_success:
            reported = _find_error(response, account, names_task=suffix.startswith("/"))
            raise to_error(response, reported, is_read=method == "GET")
        return response

    async def _send(
        self,
        method: str,
        account: ArkAccount,
        suffix: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | RequestBody | None = None,
        timeouts: Timeouts | None = None,
    ) -> ApiResponse:
        """Sends a request and returns the response, whatever its status."""
        tasks_url = account.base_url.rstrip("/") + _TASKS_PATH
        return await send_request(
            self._http,
            method,
            parse_url(tasks_url + suffix) if suffix else _parse_tasks_url(tasks_url),
            headers={"Authorization": f"Bearer {account.api_key}", **(headers or {})},
            body=body,
            timeouts=timeouts,
        )


def is_usable_id(value: str) -> bool:
    """Whether an id can be stored and used in a URL: 1 to 128 printable characters, no slash, no outer blanks."""
    has_valid_length = 0 < len(value) <= _MAX_ID_CHARACTERS
    is_plain = value.isprintable() and "/" not in value and value.strip() == value
    return has_valid_length and is_plain and value not in {".", ".."}


@lru_cache(maxsize=256)  # the URL of an account's creates is the only one used repeatedly
def _parse_tasks_url(text: str) -> httpx.URL:
    return parse_url(text)


def _find_error(response: ApiResponse, account: ArkAccount, *, names_task: bool = False) -> ReportedError | None:
    return find_reported_error(response, account.secrets, names_task=names_task)


def _created_id(response: ApiResponse, account: ArkAccount) -> str:
    task_id = (response.body or {}).get("id")
    if isinstance(task_id, str) and is_usable_id(task_id):
        if response.is_success or task_id.startswith(_TASK_ID_PREFIX):
            return task_id
        raise OutcomeUnknownError(f"answered with {response.status} and an id", status=response.status)
    if not response.is_success:
        raise to_error(response, _find_error(response, account))
    raise to_unusable_create(response, account.secrets, "a success without a usable id")


def _confirms_deletion(body: dict[str, Any] | None, task_id: str) -> bool:
    """Whether the body is the API's response to a deletion: ``{}``, or only the id and the metadata."""
    return body is not None and set(body) <= _DELETE_MEMBERS and body.get("id", task_id) == task_id


def _to_page(body: dict[str, Any], answered_at: datetime | None) -> TaskPage | None:
    items, total = body.get("items"), body.get("total")
    if type(total) is not int or total < 0:
        return None
    # With any other member it is the response of a different API, and no evidence that a task is absent.
    if items is None and total == 0 and set(body) <= _EMPTY_LIST_MEMBERS:
        return TaskPage((), 0, answered_at)
    if not isinstance(items, list) or not all(_is_task(item) for item in items):
        return None
    return TaskPage(tuple(items), total, answered_at)


def _parse_date(date: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date) if date is not None else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _is_task(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)
