"""The four operations on tasks of the data plane, independent of HTTP.

Source: reference ``upstream.md`` §1 to §2.3, §4.4 and §11.1.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from app.sandbox.assets import AssetStore
from app.sandbox.catalog import Catalog
from app.sandbox.clock import SandboxClock
from app.sandbox.config import Account
from app.sandbox.content import Content, check_mode, read_content
from app.sandbox.drafts import check_model, final_body
from app.sandbox.errors import RefusedError, invalid, missing
from app.sandbox.ids import new_resource_id
from app.sandbox.lifecycle import Lifecycle
from app.sandbox.metering import Size, resolve_ratio
from app.sandbox.parameters import ParameterReader
from app.sandbox.rate_limits import Limits, RateLimiter
from app.sandbox.state_file import Save
from app.sandbox.tasks import CANCELLED, QUEUED, RUNNING, STATUSES, SUCCEEDED, Task, TaskPlan, make_plan
from app.sandbox.test_triggers import read_prompt_triggers

_TASK_ID = re.compile(r"cgt-[0-9]{14}-[0-9a-z]+")
_MAX_PAGE = 500
_DEFAULT_PAGE_SIZE = 10
_MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """The request that created a draft, which its final video inherits from.

    Attributes:
        id: the id of the draft.
        body: without null members.
    """

    KIND: ClassVar = "draft_request"

    id: str
    body: dict[str, Any]


class TaskStore:
    """All tasks of all accounts.

    Args:
        catalog: the models.
        assets: resolves ``asset://``.
        lifecycle: changes the status of tasks.
        clock: the sandbox's clock.
        rate_limiter: counts creates.
        save: persists changes.

    Attributes:
        by_id: in the order of creation, deleted ones included.
        save: to be called with a task that was changed outside of this class.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        assets: AssetStore,
        lifecycle: Lifecycle,
        clock: SandboxClock,
        rate_limiter: RateLimiter,
        save: Save,
    ) -> None:
        self.by_id: dict[str, Task] = {}
        self.save = save
        self._drafts: dict[str, DraftRequest] = {}
        self._catalog = catalog
        self._assets = assets
        self._lifecycle = lifecycle
        self._clock = clock
        self._rate_limiter = rate_limiter

    def restore(self, tasks: Iterable[Task], drafts: Iterable[DraftRequest]) -> None:
        """Adds loaded tasks, in the order of creation, and the requests of the drafts among them."""
        self._drafts |= {draft.id: draft for draft in drafts}
        for task in tasks:
            self.by_id[task.id] = task
            self._lifecycle.resume(task)

    def create(self, account: Account, body: dict[str, Any], limits: Limits | None) -> Task:
        """Validates a request and creates its task.

        Args:
            account: the caller.
            body: the parsed request.
            limits: the limits in force; None for none.

        Raises:
            RefusedError: 400; 404 for an unknown model; 429.
        """
        body = {name: value for name, value in body.items() if value is not None}
        plan, content = self._plan(account, body)
        if limits is not None:
            self._check_limits(account, plan, limits)
        now = self._clock.now()
        task_id = new_resource_id("cgt", now, self.by_id)
        task = Task(id=task_id, account=account, plan=plan, created_at=now, updated_at=now)
        self.by_id[task.id] = task
        if plan.parameters.draft:
            self._drafts[task.id] = DraftRequest(task.id, body)
            self.save(self._drafts[task.id])
        for asset_id in content.asset_ids:
            self._assets.record_use(account, asset_id)
        self._lifecycle.add(task)
        return task

    def get(self, account: Account, task_id: str) -> Task:
        """Returns one task of the last seven days.

        Raises:
            RefusedError: 404 ``NotFound.ID``; 400 for a malformed id.
        """
        if not _TASK_ID.fullmatch(task_id):
            raise RefusedError("InvalidParameter", f"Invalid task ID: {task_id}", param="id")
        task = self.by_id.get(task_id)
        if task is None or task.account != account or not task.is_visible(self._clock.now()):
            raise RefusedError("NotFound.ID", "The specified content generation task is not found", param="id")
        return task

    def list(self, account: Account, query: Sequence[tuple[str, str]]) -> tuple[list[Task], int]:
        """Returns one page of tasks, newest first, and the number of matching tasks.

        Args:
            account: the caller.
            query: decoded pairs; ``filter.task_ids`` may repeat, and the default of ``filter.service_tier`` is
                ``default``.

        Raises:
            RefusedError: 400.
        """
        single = dict(query)
        number = _page_value(single, "page_num", 1)
        size = _page_value(single, "page_size", _DEFAULT_PAGE_SIZE)
        ids = {value for name, value in query if name == "filter.task_ids"}
        status = single.get("filter.status")
        if status is not None and status not in STATUSES:
            raise invalid("filter.status", f"unknown status {status}.")
        tier = single.get("filter.service_tier", "default")
        model = single.get("filter.model")
        now = self._clock.now()
        found = [
            task
            for task in reversed(self.by_id.values())
            if task.account == account
            and task.is_visible(now)
            and (not ids or task.id in ids)
            and (status is None or task.status == status)
            and (model is None or model in (task.plan.model.id, task.plan.model_name))
            and task.plan.parameters.service_tier == tier
        ]
        return found[(number - 1) * size : number * size], len(found)

    def delete(self, account: Account, task_id: str) -> None:
        """Cancels a queued task or deletes a finished one.

        Raises:
            RefusedError: 404; 409 for a running or a cancelled task.
        """
        task = self.get(account, task_id)
        if task.status == QUEUED:
            self._lifecycle.cancel(task)
        elif task.status == CANCELLED:
            text = f"Cannot delete task `{task_id}` because it is already cancelled."
            raise RefusedError("InvalidAction.CancelledTaskDeletion", text)
        elif task.status == RUNNING or task.status not in STATUSES:
            text = f"Cannot delete task `{task_id}` because it is currently running."
            raise RefusedError("InvalidAction.RunningTaskDeletion", text)
        else:
            task.deleted_at = self._clock.now()
            self.save(task)

    def _plan(self, account: Account, body: dict[str, Any]) -> tuple[TaskPlan, Content]:
        model_name = body.get("model")
        if model_name is None or model_name == "":
            raise missing("model")
        if not isinstance(model_name, str):
            raise invalid("model", "expected a string.")
        model = self._catalog.find(model_name)
        content = self._read_content(account, body)
        draft_task_id = content.draft_task_id
        if draft_task_id is not None:
            draft = self._find_draft(account, draft_task_id)
            check_model(model, draft.plan.model)
            body = final_body(body, content, self._drafts[draft.id].body, draft.plan)
            content = self._read_content(account, body)
        mode = check_mode(content, model)
        parameters = ParameterReader(body, content, model, mode, is_final=draft_task_id is not None).read()
        plan = make_plan(
            model=model,
            model_name=model_name,
            parameters=parameters,
            ratio=resolve_ratio(parameters.ratio, _guide(content)),
            input_seconds=sum(video.info.seconds for video in content.of_type("video_url")),
            triggers=read_prompt_triggers(content.prompt),
            draft_task_id=draft_task_id,
        )
        return plan, content

    def _read_content(self, account: Account, body: dict[str, Any]) -> Content:
        return read_content(body.get("content"), lambda asset_id: self._assets.url_for_task(account, asset_id))

    def _find_draft(self, account: Account, task_id: str) -> Task:
        draft = self.by_id.get(task_id)
        is_known = draft is not None and draft.account == account and draft.is_visible(self._clock.now())
        if draft is None or not is_known or draft.status != SUCCEEDED or draft.id not in self._drafts:
            raise invalid("content.draft_task.id", f"The specified draft task {task_id} is not found.")
        return draft

    def _check_limits(self, account: Account, plan: TaskPlan, limits: Limits) -> None:
        is_4k = plan.parameters.resolution == "4k"
        calls = limits.create_4k_per_minute if is_4k else limits.create_per_minute
        key = ("create", account.name, plan.model.id, "4k" if is_4k else "")
        if not self._rate_limiter.is_allowed(key, calls=calls, seconds=_MINUTE_SECONDS):
            is_endpoint = plan.model_name.startswith("ep-")
            code = "RateLimitExceeded.EndpointRPMExceeded" if is_endpoint else "ModelAccountRpmRateLimitExceeded"
            raise RefusedError(code, "The request rate (RPM) of this model exceeds the limit of your account.")
        if limits.queued_tasks is None:
            return
        waiting = sum(task.account == account and task.status == QUEUED for task in self.by_id.values())
        if waiting >= limits.queued_tasks:
            raise RefusedError("QuotaExceeded", "The number of queued tasks exceeds the limit of your account.")


def _guide(content: Content) -> Size | None:
    """Returns the size for an adaptive ratio: of the first frame, else of the first reference, videos first."""
    pictures = [*content.of_type("video_url"), *content.of_type("image_url")]
    first_frames = [picture for picture in pictures if picture.role in (None, "first_frame")]
    chosen = (first_frames or pictures)[:1]
    return (chosen[0].info.width, chosen[0].info.height) if chosen else None


def _page_value(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= _MAX_PAGE:
        raise invalid(name, f"expected an integer between 1 and {_MAX_PAGE}.")
    return int(text)
