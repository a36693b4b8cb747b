"""After a change a channel must still find its newest objects; otherwise it is suspended."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.audit.log import Actor
from app.channels.default_channel import ensure_default_channel
from app.channels.schemas import ChannelPatch
from app.sandbox.server import SandboxServer
from app.settings import Settings
from tests.admin.channel_story import NOBODYS, OURS, OURS_RENEWED, THEIRS, Story
from tests.support.channel_app import ChannelApp, everything_stored
from tests.support.channel_contents import add_group, add_task
from tests.support.patience import until
from tests.support.plain import PLAIN
from tests.support.shared_accounts import ark_key, key_pair


async def test_another_key_of_the_same_account_keeps_the_channel_active(story: Story) -> None:
    await story.new_task()
    await story.new_asset()
    changed = await story.patch(**ark_key(OURS_RENEWED), **key_pair(OURS_RENEWED))
    assert (changed["status"], changed["status_reason"]) == ("active", None)
    assert {plane: result["ok"] for plane, result in (await story.check()).items()} == {"ark": True, "openapi": True}


async def test_a_key_of_another_account_suspends_the_channel_with_the_reason(story: Story) -> None:
    task = await story.new_task()
    changed = await story.patch(**ark_key(THEIRS))
    assert changed["status"] == "suspended"
    assert changed["status_reason"].startswith(f"its newest task {task} is unknown to this account: 404 ")
    assert changed["has_ark_api_key"] is True
    assert (await story.app.audit())[-1] == (
        "channel.update",
        {"fields": ["ark_api_key", "status"], "status": "suspended", "status_reason": changed["status_reason"]},
    )
    assert await story.app.directory.candidates(None, needs="ark") == []


@pytest.mark.parametrize("kind", ["asset", "asset group"])
async def test_a_key_pair_of_another_account_suspends_the_channel_with_the_reason(story: Story, kind: str) -> None:
    made = await (story.new_asset() if kind == "asset" else story.new_group())
    changed = await story.patch(**key_pair(THEIRS))
    assert changed["status"] == "suspended"
    assert changed["status_reason"].startswith(f"its newest {kind} {made} is unknown to this account: 404 ")


async def test_a_refused_key_suspends_the_channel_with_the_reason(story: Story) -> None:
    task = await story.new_task()
    changed = await story.patch(**ark_key(NOBODYS))
    assert changed["status_reason"] == (
        f"its newest task {task} could not be verified: the upstream refuses the account: 401 AuthenticationError"
    )


async def test_removing_credentials_that_are_still_needed_suspends_the_channel(story: Story) -> None:
    task = await story.new_task()
    asset = await story.new_asset()
    without_key = await story.patch(ark_api_key=None)
    assert without_key["status_reason"] == f"it has no ark_api_key, but live tasks such as {task}"
    restored = await story.patch(**ark_key(OURS))
    assert restored["status"] == "active"
    without_pair = await story.patch(access_key_id=None, secret_access_key=None)
    assert without_pair["status_reason"] == f"it has no access key pair, but live assets such as the asset {asset}"


async def test_an_upstream_that_cannot_be_reached_suspends_the_channel(story: Story) -> None:
    await story.new_task()
    changed = await story.patch(ark_base_url="http://127.0.0.1:1/api/v3", **ark_key(OURS))
    assert changed["status"] == "suspended"
    assert "could not be verified: nothing was sent" in changed["status_reason"]


async def test_a_transient_failure_is_retried(story: Story) -> None:
    await story.new_task()
    await story.fault("get_task", times=1, kind="throttle")
    await story.fault("get_task", times=1, kind="cut")
    assert (await story.patch(**ark_key(OURS_RENEWED)))["status"] == "active"


async def test_a_new_asset_that_is_not_found_yet_is_requested_again(story: Story) -> None:
    await story.new_asset()
    await story.fault("GetAsset", times=2, kind="error", code="NotFound.asset_id", status=404)
    assert (await story.patch(**key_pair(OURS_RENEWED)))["status"] == "active"


async def test_without_objects_any_credentials_are_accepted(story: Story) -> None:
    asked = story.requests("get_task")
    changed = await story.patch(**ark_key(NOBODYS), **key_pair(NOBODYS))
    assert changed["status"] == "active"
    assert story.requests("get_task") == asked


async def test_a_task_that_the_upstream_may_have_deleted_is_not_requested(story: Story) -> None:
    now = datetime.now(UTC)
    async with story.app.sessions.begin() as session:
        await add_task(session, story.id, "cgt-old", created_at=now - timedelta(days=7), status="succeeded")
        await add_task(session, story.id, "cgt-deleted", created_at=now, deleted_at=now)
        await add_group(session, story.id, "group-missing", created_at=now, missing_since=now)
    assert (await story.patch(**ark_key(THEIRS), **key_pair(THEIRS)))["status"] == "active"


@pytest.mark.parametrize("status", ["cancelled", "expired"])
async def test_a_cancelled_or_expired_task_is_not_requested(story: Story, status: str) -> None:
    """The upstream deletes a cancelled task within a day, and a task that it does not know ends as expired."""
    task = await story.new_task()
    async with story.app.sessions.begin() as session:
        await add_task(session, story.id, "cgt-over", created_at=datetime.now(UTC), status=status)
    assert (await story.patch(**ark_key(OURS_RENEWED)))["status"] == "active"
    assert task in (await story.patch(**ark_key(THEIRS)))["status_reason"]


async def test_other_changes_make_no_upstream_call(story: Story) -> None:
    await story.new_task()
    asked = story.requests("get_task")
    await story.patch(
        priority=1, weight=2, exclusive=True, name="renamed", ark_base_url=story.server.ark_base_url + "/"
    )
    assert story.requests("get_task") == asked


async def test_fixed_credentials_lift_the_gateways_own_suspension(story: Story) -> None:
    await story.new_task()
    assert (await story.patch(**ark_key(THEIRS)))["status"] == "suspended"
    still = await story.patch(weight=2)
    assert still["status"] == "suspended"
    assert still["status_reason"] is not None
    mended = await story.patch(**ark_key(OURS_RENEWED))
    assert (mended["status"], mended["status_reason"]) == ("active", None)


async def test_fixing_one_plane_does_not_hide_that_the_other_leads_elsewhere(story: Story) -> None:
    await story.new_task()
    await story.new_asset()
    assert (await story.patch(**key_pair(THEIRS)))["status"] == "suspended"
    changed = await story.patch(**ark_key(OURS_RENEWED))
    assert changed["status"] == "suspended"
    assert "its newest asset" in changed["status_reason"]


async def test_an_operators_suspension_is_lifted_by_the_operator_alone_and_only_after_verification(
    story: Story,
) -> None:
    await story.new_task()
    asleep = await story.patch(status="suspended", **ark_key(THEIRS))
    assert (asleep["status"], asleep["status_reason"]) == ("suspended", None)

    refused = await story.patch(status="active")
    assert refused["status"] == "suspended"
    assert "is unknown to this account" in refused["status_reason"]

    assert (await story.patch(status="suspended"))["status_reason"] is None
    assert (await story.patch(**ark_key(OURS)))["status"] == "suspended"
    assert (await story.patch(status="active"))["status"] == "active"


async def test_a_channel_that_changes_during_its_verification_is_verified_again(story: Story) -> None:
    await story.new_task()
    renamed = False

    async def verify(channel: Any, planes: Any) -> str | None:
        nonlocal renamed
        if not renamed:
            renamed = True
            await story.patch(name="renamed")
        return await story.app.continuity(channel, planes)

    patch = ChannelPatch.model_validate({"ark_api_key": THEIRS.api_key})
    row = await story.app.channels.update(Actor("test", None), story.id, patch, verify=verify)
    assert (row.name, row.status) == ("renamed", "suspended")


async def test_the_environments_channel_is_verified_at_the_start(app: ChannelApp, upstream: SandboxServer) -> None:
    def settings(account: Any) -> Settings:
        return Settings(_env_file=None).model_copy(
            update={
                "ark_base_url": upstream.ark_base_url,
                "openapi_url": upstream.openapi_url,
                **{name: SecretStr(text) for name, text in (ark_key(account) | key_pair(account)).items()},
            }
        )

    row = await ensure_default_channel(settings(OURS), app.channels, verify=app.continuity)
    assert row is not None
    told = Story(app, upstream)
    told.id = row.id
    await told.new_task()

    for account, status in ((OURS_RENEWED, "active"), (THEIRS, "suspended"), (OURS, "active")):
        row = await ensure_default_channel(settings(account), app.channels, verify=app.continuity)
        assert row is not None
        assert row.status == status


async def test_no_secret_reaches_the_log_the_answers_or_the_tables(
    story: Story, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await story.new_task()
    await story.new_asset()
    answers = []
    for account in (NOBODYS, THEIRS, OURS_RENEWED):
        answers.append(str(await story.patch(**ark_key(account), **key_pair(account))))
        answers.append(str(await story.check()))
    answers.append(str((await story.app.http.get("/audit")).json()))
    logged = capfd.readouterr()
    told = "\n".join([*answers, logged.out, logged.err, caplog.text, await everything_stored(story.app.sessions)])
    assert "channel_suspended" in told
    for account in (OURS, NOBODYS, THEIRS, OURS_RENEWED):
        for secret in (account.api_key, account.access_key_id, account.secret_access_key):
            assert secret not in told


async def test_a_change_requests_a_list_and_the_newest_task_concurrently(story: Story) -> None:
    await story.new_task()
    before = story.requests("get_task")
    await story.fault("list_tasks", kind="delay", at="before", delay_seconds=3600)
    changing = asyncio.create_task(story.patch(ark_api_key=OURS_RENEWED.api_key))
    requests = story.server.store.ledger.requests
    await until(lambda: sum(entry.operation == "get_task" for entry in requests) > before)
    assert not changing.done()
    async with httpx.AsyncClient(verify=PLAIN) as http:
        await http.delete(f"{story.server.control_url}/faults")
    assert (await changing)["status"] == "active"


async def test_a_silent_upstream_is_called_only_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    await story.new_task()
    before = story.requests("get_task")
    for module in ("app.channels.probe", "app.admin.channel_continuity"):
        monkeypatch.setattr(f"{module}.PROBE_TIMEOUT_SECONDS", 0.2)
    for operation in ("list_tasks", "get_task"):
        await story.fault(operation, kind="delay", at="before", delay_seconds=3600)
    changed = await story.patch(ark_api_key=OURS_RENEWED.api_key)
    assert (changed["status"], "could not be verified" in changed["status_reason"]) == ("suspended", True)
    assert story.requests("get_task") == before + 1
