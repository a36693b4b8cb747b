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
from tests.admin.sandbox_channel import OURS, OURS_RENEWED, THEIRS, UNREGISTERED, SandboxChannel
from tests.support.channel_app import ChannelApp, everything_stored
from tests.support.channel_contents import add_group, add_task
from tests.support.plain import PLAIN
from tests.support.shared_accounts import ark_key, key_pair
from tests.support.timeouts import until


async def test_another_key_of_the_same_account_keeps_the_channel_active(sandbox_channel: SandboxChannel) -> None:
    await sandbox_channel.new_task()
    await sandbox_channel.new_asset()
    changed = await sandbox_channel.patch(**ark_key(OURS_RENEWED), **key_pair(OURS_RENEWED))
    assert (changed["status"], changed["status_reason"]) == ("active", None)
    assert {plane: result["ok"] for plane, result in (await sandbox_channel.check()).items()} == {
        "ark": True,
        "openapi": True,
    }


async def test_a_key_of_another_account_suspends_the_channel_with_the_reason(sandbox_channel: SandboxChannel) -> None:
    task = await sandbox_channel.new_task()
    changed = await sandbox_channel.patch(**ark_key(THEIRS))
    assert changed["status"] == "suspended"
    assert changed["status_reason"].startswith(f"its newest task {task} is unknown to this account: 404 ")
    assert changed["has_ark_api_key"] is True
    assert (await sandbox_channel.app.audit())[-1] == (
        "channel.update",
        {"fields": ["ark_api_key", "status"], "status": "suspended", "status_reason": changed["status_reason"]},
    )
    assert await sandbox_channel.app.directory.candidates(None, needs="ark") == []


@pytest.mark.parametrize("kind", ["asset", "asset group"])
async def test_a_key_pair_of_another_account_suspends_the_channel_with_the_reason(
    sandbox_channel: SandboxChannel, kind: str
) -> None:
    made = await (sandbox_channel.new_asset() if kind == "asset" else sandbox_channel.new_group())
    changed = await sandbox_channel.patch(**key_pair(THEIRS))
    assert changed["status"] == "suspended"
    assert changed["status_reason"].startswith(f"its newest {kind} {made} is unknown to this account: 404 ")


async def test_a_refused_key_suspends_the_channel_with_the_reason(sandbox_channel: SandboxChannel) -> None:
    task = await sandbox_channel.new_task()
    changed = await sandbox_channel.patch(**ark_key(UNREGISTERED))
    assert changed["status_reason"] == (
        f"its newest task {task} could not be verified: the upstream refuses the account: 401 AuthenticationError"
    )


async def test_removing_credentials_that_are_still_needed_suspends_the_channel(sandbox_channel: SandboxChannel) -> None:
    task = await sandbox_channel.new_task()
    asset = await sandbox_channel.new_asset()
    without_key = await sandbox_channel.patch(ark_api_key=None)
    assert without_key["status_reason"] == f"it has no ark_api_key, but live tasks such as {task}"
    restored = await sandbox_channel.patch(**ark_key(OURS))
    assert restored["status"] == "active"
    without_pair = await sandbox_channel.patch(access_key_id=None, secret_access_key=None)
    assert without_pair["status_reason"] == f"it has no access key pair, but live assets such as the asset {asset}"


async def test_an_upstream_that_cannot_be_reached_suspends_the_channel(sandbox_channel: SandboxChannel) -> None:
    await sandbox_channel.new_task()
    changed = await sandbox_channel.patch(ark_base_url="http://127.0.0.1:1/api/v3", **ark_key(OURS))
    assert changed["status"] == "suspended"
    assert "could not be verified: nothing was sent" in changed["status_reason"]


async def test_a_transient_failure_is_retried(sandbox_channel: SandboxChannel) -> None:
    await sandbox_channel.new_task()
    await sandbox_channel.fault("get_task", times=1, kind="throttle")
    await sandbox_channel.fault("get_task", times=1, kind="cut")
    assert (await sandbox_channel.patch(**ark_key(OURS_RENEWED)))["status"] == "active"


async def test_a_new_asset_that_is_not_found_yet_is_requested_again(sandbox_channel: SandboxChannel) -> None:
    await sandbox_channel.new_asset()
    await sandbox_channel.fault("GetAsset", times=2, kind="error", code="NotFound.asset_id", status=404)
    assert (await sandbox_channel.patch(**key_pair(OURS_RENEWED)))["status"] == "active"


async def test_without_objects_any_credentials_are_accepted(sandbox_channel: SandboxChannel) -> None:
    asked = sandbox_channel.requests("get_task")
    changed = await sandbox_channel.patch(**ark_key(UNREGISTERED), **key_pair(UNREGISTERED))
    assert changed["status"] == "active"
    assert sandbox_channel.requests("get_task") == asked


async def test_a_task_that_the_upstream_may_have_deleted_is_not_requested(sandbox_channel: SandboxChannel) -> None:
    now = datetime.now(UTC)
    async with sandbox_channel.app.sessions.begin() as session:
        await add_task(session, sandbox_channel.id, "cgt-old", created_at=now - timedelta(days=7), status="succeeded")
        await add_task(session, sandbox_channel.id, "cgt-deleted", created_at=now, deleted_at=now)
        await add_group(session, sandbox_channel.id, "group-missing", created_at=now, missing_since=now)
    assert (await sandbox_channel.patch(**ark_key(THEIRS), **key_pair(THEIRS)))["status"] == "active"


@pytest.mark.parametrize("status", ["cancelled", "expired"])
async def test_a_cancelled_or_expired_task_is_not_requested(sandbox_channel: SandboxChannel, status: str) -> None:
    """The upstream deletes a cancelled task within a day, and a task that it does not know ends as expired."""
    task = await sandbox_channel.new_task()
    async with sandbox_channel.app.sessions.begin() as session:
        await add_task(session, sandbox_channel.id, "cgt-over", created_at=datetime.now(UTC), status=status)
    assert (await sandbox_channel.patch(**ark_key(OURS_RENEWED)))["status"] == "active"
    assert task in (await sandbox_channel.patch(**ark_key(THEIRS)))["status_reason"]


async def test_other_changes_make_no_upstream_call(sandbox_channel: SandboxChannel) -> None:
    await sandbox_channel.new_task()
    asked = sandbox_channel.requests("get_task")
    await sandbox_channel.patch(
        priority=1, weight=2, exclusive=True, name="renamed", ark_base_url=sandbox_channel.server.ark_base_url + "/"
    )
    assert sandbox_channel.requests("get_task") == asked


async def test_fixed_credentials_lift_the_gateways_own_suspension(sandbox_channel: SandboxChannel) -> None:
    await sandbox_channel.new_task()
    assert (await sandbox_channel.patch(**ark_key(THEIRS)))["status"] == "suspended"
    still = await sandbox_channel.patch(weight=2)
    assert still["status"] == "suspended"
    assert still["status_reason"] is not None
    mended = await sandbox_channel.patch(**ark_key(OURS_RENEWED))
    assert (mended["status"], mended["status_reason"]) == ("active", None)


async def test_fixing_one_plane_does_not_hide_that_the_other_leads_elsewhere(sandbox_channel: SandboxChannel) -> None:
    await sandbox_channel.new_task()
    await sandbox_channel.new_asset()
    assert (await sandbox_channel.patch(**key_pair(THEIRS)))["status"] == "suspended"
    changed = await sandbox_channel.patch(**ark_key(OURS_RENEWED))
    assert changed["status"] == "suspended"
    assert "its newest asset" in changed["status_reason"]


async def test_an_operators_suspension_is_lifted_by_the_operator_alone_and_only_after_verification(
    sandbox_channel: SandboxChannel,
) -> None:
    await sandbox_channel.new_task()
    asleep = await sandbox_channel.patch(status="suspended", **ark_key(THEIRS))
    assert (asleep["status"], asleep["status_reason"]) == ("suspended", None)

    refused = await sandbox_channel.patch(status="active")
    assert refused["status"] == "suspended"
    assert "is unknown to this account" in refused["status_reason"]

    assert (await sandbox_channel.patch(status="suspended"))["status_reason"] is None
    assert (await sandbox_channel.patch(**ark_key(OURS)))["status"] == "suspended"
    assert (await sandbox_channel.patch(status="active"))["status"] == "active"


async def test_a_channel_that_changes_during_its_verification_is_verified_again(
    sandbox_channel: SandboxChannel,
) -> None:
    await sandbox_channel.new_task()
    renamed = False

    async def verify(channel: Any, planes: Any) -> str | None:
        nonlocal renamed
        if not renamed:
            renamed = True
            await sandbox_channel.patch(name="renamed")
        return await sandbox_channel.app.continuity(channel, planes)

    patch = ChannelPatch.model_validate({"ark_api_key": THEIRS.api_key})
    row = await sandbox_channel.app.channels.update(Actor("test", None), sandbox_channel.id, patch, verify=verify)
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
    opened = SandboxChannel(app, upstream)
    opened.id = row.id
    await opened.new_task()

    for account, status in ((OURS_RENEWED, "active"), (THEIRS, "suspended"), (OURS, "active")):
        row = await ensure_default_channel(settings(account), app.channels, verify=app.continuity)
        assert row is not None
        assert row.status == status


async def test_no_secret_reaches_the_log_the_answers_or_the_tables(
    sandbox_channel: SandboxChannel, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await sandbox_channel.new_task()
    await sandbox_channel.new_asset()
    answers = []
    for account in (UNREGISTERED, THEIRS, OURS_RENEWED):
        answers.append(str(await sandbox_channel.patch(**ark_key(account), **key_pair(account))))
        answers.append(str(await sandbox_channel.check()))
    answers.append(str((await sandbox_channel.app.http.get("/audit")).json()))
    logged = capfd.readouterr()
    message = "\n".join(
        [*answers, logged.out, logged.err, caplog.text, await everything_stored(sandbox_channel.app.sessions)]
    )
    assert "channel_suspended" in message
    for account in (OURS, UNREGISTERED, THEIRS, OURS_RENEWED):
        for secret in (account.api_key, account.access_key_id, account.secret_access_key):
            assert secret not in message


async def test_a_change_requests_a_list_and_the_newest_task_concurrently(sandbox_channel: SandboxChannel) -> None:
    await sandbox_channel.new_task()
    before = sandbox_channel.requests("get_task")
    await sandbox_channel.fault("list_tasks", kind="delay", at="before", delay_seconds=3600)
    changing = asyncio.create_task(sandbox_channel.patch(ark_api_key=OURS_RENEWED.api_key))
    requests = sandbox_channel.server.store.ledger.requests
    await until(lambda: sum(entry.operation == "get_task" for entry in requests) > before)
    assert not changing.done()
    async with httpx.AsyncClient(verify=PLAIN) as http:
        await http.delete(f"{sandbox_channel.server.control_url}/faults")
    assert (await changing)["status"] == "active"


async def test_a_silent_upstream_is_called_only_once(
    sandbox_channel: SandboxChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sandbox_channel.new_task()
    before = sandbox_channel.requests("get_task")
    for module in ("app.channels.probe", "app.admin.channel_continuity"):
        monkeypatch.setattr(f"{module}.PROBE_TIMEOUT_SECONDS", 0.2)
    for operation in ("list_tasks", "get_task"):
        await sandbox_channel.fault(operation, kind="delay", at="before", delay_seconds=3600)
    changed = await sandbox_channel.patch(ark_api_key=OURS_RENEWED.api_key)
    assert (changed["status"], "could not be verified" in changed["status_reason"]) == ("suspended", True)
    assert sandbox_channel.requests("get_task") == before + 1
