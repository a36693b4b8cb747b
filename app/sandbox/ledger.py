"""The ledger: every request received, every object created, every token billed."""

from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from app.sandbox.assets import Asset, AssetGroup, AssetStore
from app.sandbox.tasks import Task

_MAX_BODY_BYTES = 64 * 1024


@dataclass(slots=True, kw_only=True)
class RequestEntry:
    """One request.

    Attributes:
        number: starts at 1.
        at: arrival of its headers, ISO 8601 UTC.
        operation: ``create_task``, ``GetAsset``, …
        account: name of the account that its credential names, verified or not; None for none.
        url: path and query.
        client_request_id: ``X-Client-Request-Id`` of the request.
        request_id: ``X-Request-Id`` of the response.
        body_sha256: hex; None when the body was not read completely.
        body: the body as text, when it has at most 64 KiB.
        ended: ``open``, ``answered``, ``cut`` (by a fault) or ``client_gone`` (closed before its body was complete).
        status: the HTTP status of the response, whether or not it arrived.
        has_effect: whether the call was carried out (successfully or not) rather than answered by a fault.
        resource_id: the id of the task, group or asset that it created.
        fault_id: the id of the fault that hit it.
    """

    number: int
    at: str
    operation: str
    account: str | None
    url: str
    client_request_id: str | None
    request_id: str
    body_sha256: str | None = None
    body: str | None = None
    ended: str = "open"
    status: int | None = None
    has_effect: bool = False
    resource_id: str | None = None
    fault_id: str | None = None

    def set_body(self, body: bytes, sha256: str) -> None:
        """Stores the complete body and its hash."""
        self.body_sha256 = sha256
        if len(body) <= _MAX_BODY_BYTES:
            self.body = body.decode(errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackEntry:
    """One delivery attempt of a callback.

    Attributes:
        at: ISO 8601 UTC.
        task_id: id of the task.
        status: status of the task in the callback's body.
        attempt: 1 to 3.
        answer: HTTP status of the receiver; None when there was no response.
        is_dropped: whether a fault dropped it.
    """

    at: str
    task_id: str
    status: str
    attempt: int
    answer: int | None
    is_dropped: bool = False


class Ledger:
    """The requests and callbacks since the last reset.

    Args:
        max_requests: how many requests, and how many callbacks, are kept.
    """

    def __init__(self, max_requests: int) -> None:
        self.requests: deque[RequestEntry] = deque(maxlen=max_requests)
        self.callbacks: deque[CallbackEntry] = deque(maxlen=max_requests)
        self._received = 0
        self._created_by: dict[str, RequestEntry] = {}

    def open_entry(
        self,
        *,
        at: datetime,
        operation: str,
        account: str | None,
        url: str,
        client_request_id: str | None,
        request_id: str,
    ) -> RequestEntry:
        """Adds the entry of a request whose headers have arrived, and returns it."""
        self._received += 1
        entry = RequestEntry(
            number=self._received,
            at=at.isoformat(),
            operation=operation,
            account=account,
            url=url,
            client_request_id=client_request_id,
            request_id=request_id,
        )
        self.requests.append(entry)
        return entry

    def record_created(self, entry: RequestEntry, resource_id: str) -> None:
        """Records which task, group or asset a request created."""
        entry.resource_id = resource_id
        self._created_by[resource_id] = entry

    def report(
        self, tasks: dict[str, Task], assets: AssetStore, *, operation: str | None = None, after: int = 0
    ) -> dict[str, Any]:
        """Returns the JSON of ``GET /_sandbox/ledger``.

        Args:
            tasks: all tasks, deleted ones included.
            assets: all groups and assets, deleted ones included.
            operation: only requests of this operation.
            after: only requests with a higher number.
        """
        shown = [
            asdict(entry) for entry in self.requests if entry.number > after and operation in (None, entry.operation)
        ]
        return {
            "requests_received": self._received,
            "requests": shown,
            "tasks": [self._task(task) for task in tasks.values()],
            "groups": [self._group(group) for group in assets.groups.values()],
            "assets": [self._asset(asset) for asset in assets.assets.values()],
            "callbacks": [asdict(entry) for entry in self.callbacks],
            "billed_tokens": sum(task.billed_tokens for task in tasks.values()),
            "billed_tokens_by_account": _by_account(tasks),
        }

    def _task(self, task: Task) -> dict[str, Any]:
        creator = self._created_by.get(task.id)
        return {
            "id": task.id,
            "account": task.account.name,
            "model": task.plan.model.id,
            "status": task.status,
            "created_at": task.created_at.isoformat(),
            "updated_at": task.updated_at.isoformat(),
            "deleted_at": _iso(task.deleted_at),
            "tokens_if_succeeded": task.plan.tokens,
            "billed_tokens": task.billed_tokens,
            "safety_identifier": task.plan.parameters.safety_identifier,
            "callback_url": task.plan.parameters.callback_url,
            "request_number": creator.number if creator else None,
            "client_request_id": creator.client_request_id if creator else None,
            "body_sha256": creator.body_sha256 if creator else None,
        }

    def _group(self, group: AssetGroup) -> dict[str, Any]:
        creator = self._created_by.get(group.id)
        return {
            "id": group.id,
            "account": group.account.name,
            "name": group.name,
            "type": group.type,
            "project": group.project,
            "created_at": group.created_at.isoformat(),
            "deleted_at": _iso(group.deleted_at),
            "request_number": creator.number if creator else None,
        }

    def _asset(self, asset: Asset) -> dict[str, Any]:
        creator = self._created_by.get(asset.id)
        return {
            "id": asset.id,
            "account": asset.account.name,
            "group_id": asset.group_id,
            "name": asset.name,
            "type": asset.type,
            "created_at": asset.created_at.isoformat(),
            "deleted_at": _iso(asset.deleted_at),
            "request_number": creator.number if creator else None,
        }


def _by_account(tasks: dict[str, Task]) -> dict[str, int]:
    billed: dict[str, int] = {}
    for task in tasks.values():
        billed[task.account.name] = billed.get(task.account.name, 0) + task.billed_tokens
    return billed


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
