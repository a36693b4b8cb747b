"""The data plane: video generation tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from app.upstream.accounts import ArkAccount
from app.upstream.answers import Answer, ReportedError, find_reported_error, to_error, to_unreadable, to_unusable
from app.upstream.errors import OutcomeUnknownError
from app.upstream.exchange import Observe, counted, send_request, to_url
from app.upstream.payload import Payload
from app.upstream.transport import FRESH_WITHIN, FRESH_WITHIN_SECONDS

_TASKS_PATH = "/contents/generations/tasks"
_MAX_ID_CHARACTERS = 128
_TASK_ID_PREFIX = "cgt-"
_DELETE_MEMBERS = frozenset({"id", "ResponseMetadata"})
_EMPTY_LIST_MEMBERS = frozenset({"items", "total"})


@dataclass(frozen=True, slots=True)
class CreatedTask:
    """A task that the upstream has accepted.

    Attributes:
        id: the upstream's id, printable, without a slash.
        request_id: the upstream's id of the request, or None.
        raw: the whole body.
    """

    id: str
    request_id: str | None
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of the upstream's list.

    Attributes:
        items: task objects as ``get`` returns them; each has a string ``id``.
        total: how many tasks match, over all pages.
        answered_at: the time of the answer on the upstream's own clock, to the second, or None when it tells none.
    """

    items: tuple[dict[str, Any], ...]
    total: int
    answered_at: datetime | None = None


class ArkClient:
    """Creates, reads, lists and deletes tasks. Every method raises an ``UpstreamError``, nothing else."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        create_read_timeout_seconds: float = 180.0,
        observe: Observe | None = None,
    ) -> None:
        """Makes a client.

        Args:
            http: from ``open_upstream_http``.
            create_read_timeout_seconds: how long a create may take to be answered; the upstream downloads and checks
                all media meanwhile.
            observe: is told what becomes of each call.
        """
        self._observe = observe
        self._http = http
        self._create_timeout = {**http.timeout.as_dict(), "read": create_read_timeout_seconds}

    async def create(self, account: ArkAccount, body: bytes | Payload, *, request_id: str) -> CreatedTask:
        """Submits a task; costs money once the upstream accepts it, and is never written twice.

        An answer with an id refuses nothing, whatever its status: one of the upstream's own form is the task's, and
        of any other one nothing tells what it names.

        Args:
            account: whom it is billed to.
            body: the JSON, sent as it is; a ``Payload`` is dropped once it has been sent.
            request_id: our own id of the request, for the upstream's support.

        Raises:
            NotSentError: no byte left us.
            UpstreamRejectedError: nothing was accepted, the client's mistake.
            AccountFaultError: nothing was accepted, the channel's affair.
            OutcomeUnknownError: it may have been accepted.
        """
        headers = {"Content-Type": "application/json", "X-Client-Request-Id": request_id}
        extensions = {FRESH_WITHIN: FRESH_WITHIN_SECONDS, "timeout": self._create_timeout}
        with counted("create_task", account, self._observe):
            answer = await self._send("POST", account, "", headers=headers, content=body, extensions=extensions)
            return _to_created(answer, account)

    async def get(self, account: ArkAccount, task_id: str) -> dict[str, Any]:
        """Returns the task object; its ``id`` is the one asked for, its ``status`` a non-empty string.

        Raises:
            UpstreamRejectedError: ``is_not_found`` when there is no such task, or it is older than seven days.
            UpstreamError: any other class.
        """
        with counted("get_task", account, self._observe):
            answer = await self._call("GET", account, f"/{quote(task_id, safe='')}")
            task = answer.body or {}
            status = task.get("status")
            if task.get("id") != task_id or not isinstance(status, str) or not status:
                # The error of an object with an id is the task's.
                reported = None if "id" in task else _find_error(answer, account, names_task=True)
                raise to_unreadable(answer, reported, "a success without the task that was asked for", member="id")
            return task

    async def delete(self, account: ArkAccount, task_id: str) -> None:
        """Cancels a queued task or removes a finished one.

        Raises:
            UpstreamRejectedError: 409 while it runs; ``is_not_found`` when there is no such task.
            UpstreamError: any other class.
        """
        extensions = {FRESH_WITHIN: FRESH_WITHIN_SECONDS}
        with counted("delete_task", account, self._observe):
            answer = await self._call("DELETE", account, f"/{quote(task_id, safe='')}", extensions=extensions)
            reported = _find_error(answer, account, names_task=True)
            if reported is not None or not _confirms_deletion(answer.body, task_id):
                raise to_unreadable(answer, reported, "a success that confirms no deletion", member=None)

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

        The upstream shows only the tier ``default`` unless another one is named, and allows one call a second.

        Args:
            account: whose tasks.
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
        with counted("list_tasks", account, self._observe):
            answer = await self._call("GET", account, f"?{urlencode(query, quote_via=quote)}")
            reported = _find_error(answer, account)
            page = _to_page(answer.body or {}, _to_moment(answer.date))
            if reported is not None or page is None:
                raise to_unreadable(answer, reported, "a success without a usable list", member="items")
            return page

    async def _call(
        self,
        method: str,
        account: ArkAccount,
        suffix: str,
        *,
        extensions: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Sends a request that may be repeated and returns its successful answer; raises for every other one."""
        answer = await self._send(method, account, suffix, extensions=extensions)
        if not answer.is_success:
            names_task = suffix.startswith("/")
            raise to_error(answer, _find_error(answer, account, names_task=names_task), is_read=method == "GET")
        return answer

    async def _send(
        self,
        method: str,
        account: ArkAccount,
        suffix: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | Payload | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Sends a request and returns its answer, of whatever status."""
        tasks_url = account.base_url.rstrip("/") + _TASKS_PATH
        return await send_request(
            self._http,
            method,
            to_url(tasks_url + suffix) if suffix else _to_tasks_url(tasks_url),
            headers={"Authorization": f"Bearer {account.api_key}", **(headers or {})},
            content=content,
            extensions=extensions or {},
        )


def is_usable_id(value: str) -> bool:
    """Whether an id can be kept and asked for: 1 to 128 printable characters, no slash, no blank at an end."""
    has_fit_length = 0 < len(value) <= _MAX_ID_CHARACTERS
    is_plain = value.isprintable() and "/" not in value and value.strip() == value
    return has_fit_length and is_plain and value not in {".", ".."}


@lru_cache(maxsize=256)
def _to_tasks_url(text: str) -> httpx.URL:
    """Parses the URL of an account's creates, the only one that comes again and again."""
    return to_url(text)


def _find_error(answer: Answer, account: ArkAccount, *, names_task: bool = False) -> ReportedError | None:
    return find_reported_error(answer, account.secrets, names_task=names_task)


def _to_created(answer: Answer, account: ArkAccount) -> CreatedTask:
    raw = answer.body or {}
    task_id = raw.get("id")
    if isinstance(task_id, str) and is_usable_id(task_id):
        if answer.is_success or task_id.startswith(_TASK_ID_PREFIX):
            return CreatedTask(task_id, answer.request_id, raw)
        reason = f"answered with {answer.status} and an id"
        raise OutcomeUnknownError(reason, status=answer.status, request_id=answer.request_id)
    if not answer.is_success:
        raise to_error(answer, _find_error(answer, account))
    raise to_unusable(answer, account.secrets, "a success without a usable id")


def _confirms_deletion(body: dict[str, Any] | None, task_id: str) -> bool:
    """Whether this is how the API answers a deletion: ``{}``, or nothing but the id and the metadata."""
    return body is not None and set(body) <= _DELETE_MEMBERS and body.get("id", task_id) == task_id


def _to_page(body: dict[str, Any], answered_at: datetime | None) -> TaskPage | None:
    items, total = body.get("items"), body.get("total")
    if type(total) is not int or total < 0:
        return None
    # Any other member makes it the answer of another API, which proves no task absent.
    if items is None and total == 0 and set(body) <= _EMPTY_LIST_MEMBERS:
        return TaskPage((), 0, answered_at)
    if not isinstance(items, list) or not all(_is_task(item) for item in items):
        return None
    return TaskPage(tuple(items), total, answered_at)


def _to_moment(date: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date) if date is not None else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _is_task(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)
