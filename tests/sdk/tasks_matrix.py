"""What every SDK of the data plane must do. A class for each SDK inherits these tests and names its client."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import pytest

from tests.sdk.breakage import without_table
from tests.sdk.clients import Client
from tests.sdk.front import cutting_front, leaving_front, losing_front
from tests.sdk.table import cell
from tests.sdk.users import SMALL_BODY_BYTES, Report, User
from tests.support.gateway import HELD

_TIMEOUT_SECONDS = 60.0
_IMPATIENT_SECONDS = 2.5
_UNKNOWN = "cgt-20260101000000-zzzzz"

Record = Callable[[str, Report], None]


class TasksMatrix:
    """The tests of one SDK."""

    client: ClassVar[Client]

    @pytest.fixture
    def record(self, request: pytest.FixtureRequest) -> Record:
        """Writes the result of a call into the table."""

        def write(operation: str, report: Report) -> None:
            request.node.user_properties.append(cell("tasks", operation, self.client, report.cell))

        return write

    async def test_a_task_goes_from_create_to_delete(self, user: User, record: Record) -> None:
        prompt = _prompt()
        created = await user.task("create", text=prompt)
        record("create", created)
        task_id = created.result["id"]
        assert user.site.made(prompt) == 1

        got = await _until_succeeded(user, task_id)
        record("get", got)
        assert got.result["id"] == task_id
        assert got.result["video_url"].startswith("http")
        assert got.result["duration"] == 5

        other = (await user.task("create", text=_prompt())).result["id"]
        listed = await user.task("list", status="succeeded", task_ids=[task_id], page_num=1, page_size=10)
        record("list with filters", listed)
        assert listed.result == {"total": 1, "ids": [task_id]}
        assert (await user.task("list")).result == {"total": 2, "ids": [other, task_id]}

        deleted = await user.task("delete", id=task_id)
        record("delete", deleted)
        assert deleted.result == {}
        assert (await user.task("list")).result["ids"] == [other]

    async def test_a_wrong_parameter_is_reported(self, user: User, record: Record) -> None:
        report = await user.task("create", text=_prompt(), duration=99)
        user.check_shown(report, 400, "InvalidParameter.duration")
        record("400: wrong parameter", report)

    async def test_a_wrong_key_is_reported(self, user: User, record: Record) -> None:
        report = await user.task("get", id=_UNKNOWN, key="sg-wrong")
        user.check_shown(report, 401, "AuthenticationError")
        record("401: wrong key", report)

    async def test_an_unknown_task_is_reported(self, user: User, record: Record) -> None:
        report = await user.task("get", id=_UNKNOWN)
        user.check_shown(report, 404, "NotFound.id")
        record("404: unknown task", report)

    async def test_deleting_a_running_task_is_refused_once(self, user: User, record: Record) -> None:
        task_id = (await user.task("create", text=_prompt())).result["id"]
        (await user.site.control.post(f"/tasks/{task_id}", json={"status": "running"})).raise_for_status()
        report = await user.task("delete", id=task_id)
        user.check_shown(report, 409, "InvalidAction.RunningTaskDeletion")
        record("409: delete of a running task", report)

    async def test_a_body_that_is_too_large_is_reported(self, user: User, record: Record) -> None:
        long = "a" * 2 * SMALL_BODY_BYTES
        report = await user.task("create", text=long, base_url=user.strict.url)
        user.check_shown(report, 413, "RequestTooLarge")
        record("413: body too large", report)

    async def test_a_throttled_create_is_one_task(self, user: User, record: Record) -> None:
        prompt = _prompt()
        await user.site.fault("create_task", kind="throttle", status=429, headers={"Retry-After": "1"})
        tries = min(user.tries("429"), 2)
        report = await user.task("create", text=prompt, tries=tries)
        assert len(report.answers) == tries
        assert (report.outcome.failure is None) == (tries > 1)
        assert user.site.made(prompt) == tries - 1
        record("429 once + Retry-After: create", report)

    async def test_an_account_that_stays_throttled_is_reported(self, user: User, record: Record) -> None:
        prompt = _prompt()
        await user.site.fault("create_task", times=None, kind="throttle", status=429, headers={"Retry-After": "1"})
        report = await user.task("create", text=prompt, tries=user.tries("429"))
        user.check_shown(report, 429, "AccountRateLimitExceeded")
        assert user.site.made(prompt) == 0
        record("429 for good: create", report)

    async def test_an_internal_error_is_reported(self, user: User, record: Record) -> None:
        async with without_table(user.site.database_url, "tasks"):
            report = await user.task("list", tries=user.tries("500"))
        user.check_shown(report, 500, "InternalServiceError")
        record("500: list", report)

    async def test_a_create_that_cannot_be_sent_is_reported(self, user: User, record: Record) -> None:
        stranded = User(self.client, user.site, user.strict, await user.site.tenant(await user.site.dead_channel()))
        report = await stranded.task("create", text=_prompt(), tries=user.tries("503"))
        stranded.check_shown(report, 503, "ServiceUnavailable")
        record("503: create, not sent", report)

    async def test_a_create_that_upstream_answers_with_a_500_is_one_task(self, user: User, record: Record) -> None:
        prompt = _prompt()
        await user.site.fault("create_task", kind="error", at="after", status=500, code="InternalServiceError")
        report = await user.task("create", text=prompt)
        assert (await user.task("get", id=report.result["id"])).result["status"] in {"queued", "running", "succeeded"}
        assert user.site.made(prompt) == 1
        record("upstream 500: create", report)

    async def test_a_create_whose_connection_is_cut_is_one_task(self, user: User, record: Record) -> None:
        prompt = _prompt()
        await user.site.fault("create_task", **HELD)

        def is_made() -> bool:
            return user.site.made(prompt) == 1

        async with cutting_front(user.site.gateway.port, when=is_made, **user.release_after("cut")) as front:
            report = await user.task("create", text=prompt, base_url=front, tries=user.tries("cut"))
        user.check_tries(report, "cut")
        assert user.site.made(prompt) == 1
        record("connection cut while waiting: create", report)

    async def test_a_create_whose_answer_a_proxy_loses_is_one_task_if_its_retry_says_so(
        self, user: User, record: Record
    ) -> None:
        prompt = _prompt()
        async with losing_front(user.site.gateway.port) as front:
            report = await user.task("create", text=prompt, base_url=front, tries=user.tries("cut"))
        user.check_tries(report, "cut")
        tasks = user.site.made(prompt)
        assert tasks == (1 if self.client.marks_retries else len(report.answers))
        record("answer lost by a proxy: create", replace(report, note=f"{tasks} tasks" if tasks > 1 else ""))

    async def test_a_create_whose_answer_is_slow_is_one_task(self, user: User, record: Record) -> None:
        prompt = _prompt()
        await user.site.fault("create_task", **HELD)
        async with leaving_front(user.site.gateway.port, **user.release_after("slow")) as front:
            tries, seconds = user.tries("slow"), _IMPATIENT_SECONDS
            report = await user.task("create", text=prompt, base_url=front, timeout_seconds=seconds, tries=tries)
        user.check_tries(report, "slow")
        assert user.site.made(prompt) == 1
        record("answer slower than the client waits: create", report)


async def _until_succeeded(user: User, task_id: str) -> Report:
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while True:
            report = await user.task("get", id=task_id)
            if report.result["status"] == "succeeded":
                return report


def _prompt() -> str:
    """A unique text, by which the upstream's ledger tells what was made of it."""
    return f"a kitten {uuid.uuid4()}"
