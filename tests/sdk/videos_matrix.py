"""What every SDK of OpenAI must do at ``/v1/videos``. A class for each release inherits these tests and names it."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import pytest

from tests.openai.pictures import data_uri, png
from tests.sdk.breakage import without_table
from tests.sdk.clients import Client
from tests.sdk.front import cutting_front, leaving_front, losing_front
from tests.sdk.table import cell
from tests.sdk.users import SMALL_BODY_BYTES, Report, User
from tests.support.gateway import HELD, TASKS
from tests.support.plain import PLAIN

_TIMEOUT_SECONDS = 60.0
_IMPATIENT_SECONDS = 2.5
_UNKNOWN = "cgt-20260101000000-zzzzz"
_PICTURE = png(16, 9)

Record = Callable[[str, Report], None]


class VideosMatrix:
    """The tests of one release."""

    client: ClassVar[Client]

    @pytest.fixture
    def record(self, request: pytest.FixtureRequest) -> Record:
        """Writes the result of a call into the table."""

        def write(operation: str, report: Report) -> None:
            seen = report.note or report.cell
            request.node.user_properties.append(cell("videos", operation, self.client, seen))

        return write

    async def test_a_video_goes_from_create_to_delete(self, user: User, record: Record) -> None:
        prompt = _prompt()
        created = await user.video("create", prompt=prompt)
        record("create", created)
        video = created.result
        assert (video["status"], video["seconds"], video["size"]) == ("queued", "5", "1280x720")
        assert user.site.made(prompt) == 1
        done = await _until_completed(user, video["id"])
        record("retrieve", done)
        assert (done.result["id"], done.result["progress"]) == (video["id"], 100)
        downloaded = await user.video("download_content", id=video["id"])
        record("download_content", downloaded)
        assert b"ftyp" in bytes.fromhex(downloaded.result["head"])
        deleted = await user.video("delete", id=video["id"])
        record("delete", deleted)
        assert deleted.result == {"id": video["id"], "deleted": True, "object": "video.deleted"}
        record("404: unknown video", gone := await user.video("retrieve", id=video["id"]))
        user.check_shown(gone, 404, "NotFound.id")

    async def test_a_file_becomes_the_first_frame(self, user: User, record: Record) -> None:
        created = await user.video("create", prompt=_prompt(), picture=_PICTURE.hex())
        record("create with a file", created)
        assert data_uri(_PICTURE) in user.site.body_of(created.result["id"])

    async def test_the_helper_waits_until_the_video_is_there(self, user: User, record: Record) -> None:
        polled = await user.video("create_and_poll", prompt=_prompt())
        if not self.client.has_poll_helper:
            assert "is not a function" in polled.failure.message
            record("create_and_poll", replace(polled, note="–"))
            return
        assert polled.result["status"] == "completed"
        shown = Report(polled.outcome, polled.answers[:1])
        record("create_and_poll", shown)
        assert len(polled.answers) > 2

    async def test_a_list_is_paged_to_its_end_and_has_the_tasks_of_the_other_dialect(
        self, user: User, record: Record
    ) -> None:
        ids = [(await user.video("create", prompt=_prompt())).result["id"] for _ in range(2)]
        async with httpx.AsyncClient(verify=PLAIN, base_url=user.site.gateway.url) as http:
            body = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a"}]}
            headers = {"Authorization": f"Bearer {user.tenant.key}"}
            native = (await http.post(TASKS, json=body, headers=headers)).json()["id"]
            shown = {each["id"] for each in (await http.get(TASKS, headers=headers)).json()["items"]}
        listed = await user.video("list", limit=1, tries=3)
        record("list, paged", Report(listed.outcome, listed.answers[:1]))
        assert listed.result["ids"] == [native, *ids[::-1]]
        assert shown == {native, *ids}

    async def test_another_tenant_sees_nothing_of_it(self, user: User, record: Record) -> None:
        video_id = (await user.video("create", prompt=_prompt())).result["id"]
        stranger = User(self.client, user.site, user.strict, await user.site.tenant())
        assert (await stranger.video("list")).result["ids"] == []
        for operation in ("retrieve", "download_content", "delete"):
            stranger.check_shown(await stranger.video(operation, id=video_id), 404, "NotFound.id")
        assert (await user.video("list")).result["ids"] == [video_id]

    async def test_wrong_parameters_are_reported(self, user: User, record: Record) -> None:
        wrong = await user.video("create", prompt=_prompt(), seconds="99")
        user.check_shown(wrong, 400, "InvalidParameter.seconds")
        record("400: wrong parameter", wrong)
        early_id = (await user.video("create", prompt="[queue:100000]")).result["id"]
        early = await user.video("download_content", id=early_id)
        user.check_shown(early, 400, "video_not_ready")
        record("400: content of an unfinished video", early)
        remixed = await user.video("remix", id=early_id)
        user.check_shown(remixed, 400, "unsupported_operation")
        record("400: remix", remixed)

    async def test_a_wrong_key_is_reported(self, user: User, record: Record) -> None:
        report = await user.video("retrieve", id=_UNKNOWN, key="sg-wrong")
        user.check_shown(report, 401, "AuthenticationError")
        record("401: wrong key", report)

    async def test_deleting_a_running_video_is_refused_once(self, user: User, record: Record) -> None:
        video_id = (await user.video("create", prompt=_prompt())).result["id"]
        (await user.site.control.post(f"/tasks/{video_id}", json={"status": "running"})).raise_for_status()
        report = await user.video("delete", id=video_id)
        user.check_shown(report, 409, "InvalidAction.RunningTaskDeletion")
        record("409: delete of a running video", report)

    async def test_a_body_that_is_too_large_is_reported(self, user: User, record: Record) -> None:
        report = await user.video("create", prompt="a" * 2 * SMALL_BODY_BYTES, base_url=user.strict.url)
        user.check_shown(report, 413, "RequestTooLarge")
        record("413: body too large", report)

    async def test_an_account_that_stays_throttled_is_reported(self, user: User, record: Record) -> None:
        prompt = _prompt()
        await user.site.fault("create_task", times=None, kind="throttle", status=429, headers={"Retry-After": "1"})
        report = await user.video("create", prompt=prompt, tries=user.tries("429"))
        user.check_shown(report, 429, "AccountRateLimitExceeded")
        assert user.site.made(prompt) == 0
        record("429 for good: create", report)

    async def test_an_internal_error_is_reported(self, user: User, record: Record) -> None:
        async with without_table(user.site.database_url, "tasks"):
            report = await user.video("list", tries=user.tries("500"))
        user.check_shown(report, 500, "InternalServiceError")
        record("500: list", report)

    async def test_a_create_that_cannot_be_sent_is_reported(self, user: User, record: Record) -> None:
        stranded = User(self.client, user.site, user.strict, await user.site.tenant(await user.site.dead_channel()))
        report = await stranded.video("create", prompt=_prompt(), tries=user.tries("503"))
        stranded.check_shown(report, 503, "ServiceUnavailable")
        record("503: create, not sent", report)

    async def test_a_create_whose_connection_is_cut_is_one_video(self, user: User, record: Record) -> None:
        prompt = _prompt()
        await user.site.fault("create_task", **HELD)

        def is_made() -> bool:
            return user.site.made(prompt) == 1

        async with cutting_front(user.site.gateway.port, when=is_made, **user.release_after("cut")) as front:
            report = await user.video("create", prompt=prompt, base_url=front, tries=user.tries("cut"))
        user.check_tries(report, "cut")
        assert user.site.made(prompt) == 1
        record("connection cut while waiting: create", report)

    @pytest.mark.parametrize("has_file", [False, True], ids=["fields", "a file"])
    async def test_a_create_whose_answer_is_lost_is_one_video(
        self, user: User, record: Record, *, has_file: bool
    ) -> None:
        """Each try is a form with a boundary of its own."""
        prompt = _prompt()
        file: dict[str, Any] = {"picture": _PICTURE.hex()} if has_file else {}
        async with losing_front(user.site.gateway.port) as front:
            report = await user.video("create", prompt=prompt, base_url=front, tries=user.tries("cut"), **file)
        user.check_tries(report, "cut")
        assert user.site.made(prompt) == 1
        record(f"answer lost by a proxy: create{' with a file' if has_file else ''}", report)

    async def test_a_create_whose_answer_is_slow_is_one_video(self, user: User, record: Record) -> None:
        prompt = _prompt()
        await user.site.fault("create_task", **HELD)
        async with leaving_front(user.site.gateway.port, **user.release_after("slow")) as front:
            tries, seconds = user.tries("slow"), _IMPATIENT_SECONDS
            report = await user.video("create", prompt=prompt, base_url=front, timeout_seconds=seconds, tries=tries)
        user.check_tries(report, "slow")
        assert user.site.made(prompt) == 1
        record("answer slower than the client waits: create", report)


async def _until_completed(user: User, video_id: str) -> Report:
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while True:
            report = await user.video("retrieve", id=video_id)
            if report.result["status"] == "completed":
                return report


def _prompt() -> str:
    """A unique text, by which the upstream's ledger tells what was made of it."""
    return f"a kitten {uuid.uuid4()}"
