"""Channels and the upstream: whether credentials work, and whether a channel's objects are still found."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.audit.log import Actor
from app.channels.channel import Channel, Plane
from app.channels.default_channel import ensure_default_channel
from app.channels.monitor import ChannelMonitor
from app.channels.probe import ChannelProbe
from app.channels.schemas import ChannelPatch
from app.sandbox.config import SandboxConfig
from app.sandbox.server import SandboxServer
from app.settings import Settings
from app.upstream.credentials import ArkAccount, OpenApiAccount
from app.upstream.rate_limits import RateLimiter
from tests.support.channel_app import ChannelApp, everything_stored, running_channel_app
from tests.support.channel_contents import add_asset, add_group, add_task
from tests.support.patience import until
from tests.support.shared_accounts import ark_key, key_of_account, key_pair

OURS = key_of_account("ours", "1")
OURS_RENEWED = key_of_account("ours", "2")
THEIRS = key_of_account("theirs", "1")
NOBODYS = key_of_account("nobodys", "1")


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[SandboxServer]:
    """One upstream for all tests of this file; they use other ids, and clear their faults."""
    async with SandboxServer(SandboxConfig(accounts=(OURS, OURS_RENEWED, THEIRS), limits=None)) as running:
        yield running


@pytest_asyncio.fixture
async def upstream(server: SandboxServer) -> AsyncIterator[SandboxServer]:
    """The upstream without scripted faults."""
    yield server
    server.store.faults.clear()


@pytest_asyncio.fixture
async def app(engine: AsyncEngine, clean_database: None) -> AsyncIterator[ChannelApp]:
    """One process on an empty database."""
    async with running_channel_app(engine) as running:
        yield running


class Story:
    """A channel on the account "ours", and its objects."""

    def __init__(self, app: ChannelApp, server: SandboxServer) -> None:
        self.app = app
        self.server = server
        self.id = ""

    async def begin(self, **fields: Any) -> None:
        addresses = {"ark_base_url": self.server.ark_base_url, "openapi_url": self.server.openapi_url}
        made = await self.app.channel(**{**addresses, **ark_key(OURS), **key_pair(OURS), **fields})
        self.id = made["id"]

    async def new_task(self) -> str:
        account = ArkAccount(self.server.ark_base_url, OURS.api_key)
        body = {"model": "doubao-seedance-2-0-260128", "content": [{"type": "text", "text": "a kitten"}]}
        made = await self.app.ark.create(account, orjson.dumps(body), request_id="test")
        async with self.app.sessions.begin() as session:
            await add_task(session, self.id, made, created_at=datetime.now(UTC))
        return made

    async def new_group(self) -> str:
        made = await self._call("CreateAssetGroup", {"Name": "group"})
        async with self.app.sessions.begin() as session:
            await add_group(session, self.id, made, created_at=datetime.now(UTC))
        return made

    async def new_asset(self) -> str:
        group = await self.new_group()
        made = await self._call(
            "CreateAsset", {"GroupId": group, "URL": "https://example.com/a.png", "AssetType": "Image"}
        )
        async with self.app.sessions.begin() as session:
            await add_asset(session, self.id, made, group_id=group, created_at=datetime.now(UTC))
        return made

    async def patch(self, **fields: Any) -> dict[str, Any]:
        return await self.app.patch(self.id, **fields)

    async def check(self) -> dict[str, dict[str, Any]]:
        answer = await self.app.http.post(f"/channels/{self.id}/check")
        assert answer.status_code == 200, answer.text
        results: dict[str, dict[str, Any]] = answer.json()
        return results

    async def fault(self, operation: str, *, times: int | None = None, **effect: Any) -> None:
        async with httpx.AsyncClient() as http:
            script = {"operation": operation, "times": times, "effect": effect}
            answer = await http.post(f"{self.server.control_url}/faults", json=script)
            assert answer.status_code == 201, answer.text

    async def requests(self, operation: str) -> int:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"{self.server.control_url}/ledger", params={"operation": operation})
            return len(answer.json()["requests"])

    async def _call(self, action: str, body: dict[str, Any]) -> str:
        account = OpenApiAccount(self.server.openapi_url, OURS.access_key_id, OURS.secret_access_key)
        return str((await self.app.control.call(account, action, body))["Id"])


@pytest_asyncio.fixture
async def story(app: ChannelApp, upstream: SandboxServer) -> Story:
    """A channel whose credentials work."""
    told = Story(app, upstream)
    await told.begin()
    return told


async def test_a_check_of_both_planes_passes_and_costs_nothing(story: Story) -> None:
    creates = await story.requests("create_task")
    assert await story.check() == {
        "ark": {"ok": True, "detail": "The upstream answers.", "is_throttled": False},
        "openapi": {"ok": True, "detail": "The upstream answers.", "is_throttled": False},
    }
    assert await story.requests("create_task") == creates


async def test_a_check_of_a_channel_without_credentials_says_what_is_missing(app: ChannelApp) -> None:
    made = await app.channel()
    results = (await app.http.post(f"/channels/{made['id']}/check")).json()
    assert [results[plane]["ok"] for plane in ("ark", "openapi")] == [False, False]
    assert "ark_api_key" in results["ark"]["detail"]
    assert "access key pair" in results["openapi"]["detail"]


async def test_a_check_names_the_refusal_of_wrong_credentials(story: Story) -> None:
    await story.patch(**ark_key(NOBODYS), **key_pair(NOBODYS))
    results = await story.check()
    assert results["ark"] == {
        "ok": False,
        "detail": "The upstream refuses the account: 401 AuthenticationError.",
        "is_throttled": False,
    }
    assert results["openapi"]["ok"] is False
    assert results["openapi"]["detail"].startswith("The upstream refuses the account: 401 InvalidAccessKey")


@pytest.mark.parametrize(
    ("effect", "detail"),
    [
        ({"kind": "throttle"}, "The upstream throttles the account: 429 "),
        ({"kind": "cut"}, "The upstream gave no usable answer: "),
        ({"kind": "garbage"}, "The upstream gave no usable answer: "),
        ({"kind": "error", "code": "InternalServiceError", "status": 500}, "The upstream gave no usable answer: "),
        ({"kind": "error", "code": "InvalidParameter", "status": 400}, "The upstream rejects the request: 400 Inv"),
        ({"kind": "error", "code": "AccountOverdueError", "status": 403}, "The upstream refuses the account: 403 Acc"),
    ],
)
async def test_a_check_names_every_class_of_failure(story: Story, effect: dict[str, Any], detail: str) -> None:
    await story.fault("list_tasks", **effect)
    await story.fault("ListAssetGroups", **effect)
    results = await story.check()
    assert [results[plane]["ok"] for plane in ("ark", "openapi")] == [False, False]
    assert results["ark"]["detail"].startswith(detail)
    assert results["openapi"]["detail"].startswith(detail)


async def test_a_check_of_a_closed_port_says_that_nothing_was_sent(story: Story) -> None:
    nowhere = {"ark_base_url": "http://127.0.0.1:1/api/v3", "openapi_url": "http://127.0.0.1:1"}
    await story.patch(**nowhere, **ark_key(OURS), **key_pair(OURS))
    for result in (await story.check()).values():
        assert result["ok"] is False
        assert result["detail"].startswith("Nothing was sent: cannot connect to 127.0.0.1:1")


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
    asked = await story.requests("get_task")
    changed = await story.patch(**ark_key(NOBODYS), **key_pair(NOBODYS))
    assert changed["status"] == "active"
    assert await story.requests("get_task") == asked


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
    asked = await story.requests("get_task")
    await story.patch(
        priority=1, weight=2, exclusive=True, name="renamed", ark_base_url=story.server.ark_base_url + "/"
    )
    assert await story.requests("get_task") == asked


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


PAGE: dict[str, Any] = {"kind": "answer", "status": 200, "body": "<!doctype html><title>Welcome</title>"}


async def test_a_new_channel_whose_url_leads_to_something_else_is_refused(
    app: ChannelApp, upstream: SandboxServer
) -> None:
    root = upstream.ark_base_url.removesuffix("/api/v3")
    told = Story(app, upstream)
    for fields, param, says in (
        # Without /api/v3 nothing of the API is there.
        ({"ark_base_url": root, **ark_key(OURS)}, "ark_base_url", "answered with 404"),
        ({"openapi_url": f"{root}/api", **key_pair(OURS)}, "openapi_url", "answered with 404"),
    ):
        refused = await app.http.post("/channels", json={"name": "wrong", **fields})
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, param), refused.text
        assert says in refused.json()["error"]["message"]
    await told.fault("list_tasks", **PAGE)
    refused = await app.http.post(
        "/channels", json={"name": "wrong", "ark_base_url": upstream.ark_base_url, **ark_key(OURS)}
    )
    assert (refused.status_code, "a web page" in refused.text) == (400, True), refused.text
    assert (await app.http.get("/channels")).json()["data"] == []


async def test_a_url_that_cannot_be_a_base_url_is_refused_with_the_right_one(app: ChannelApp) -> None:
    url = "https://ark.cn-beijing.volces.com/api/v3/contents/generations/tasks"
    refused = await app.http.post("/channels", json={"name": "wrong", "ark_base_url": url, "ark_api_key": "key"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidParameter.ark_base_url")
    assert "tasks: https://ark.cn-beijing.volces.com/api/v3." in refused.json()["error"]["message"]
    assert (await app.http.get("/channels")).json()["data"] == []


async def test_an_error_of_the_api_or_no_answer_makes_no_url_wrong(app: ChannelApp, upstream: SandboxServer) -> None:
    addresses = {"ark_base_url": upstream.ark_base_url, "openapi_url": upstream.openapi_url}
    nowhere = {"ark_base_url": "http://127.0.0.1:1/api/v3", "openapi_url": "http://127.0.0.1:1"}
    for number, where in enumerate((addresses, nowhere)):
        fields = {**where, **ark_key(NOBODYS), **key_pair(NOBODYS)}
        assert (await app.channel(name=f"c{number}", **fields))["status"] == "active"
    asked = len(upstream.store.ledger.requests)
    idle = await app.channel(name="idle", status="suspended", ark_base_url=upstream.ark_base_url[:-7], **ark_key(OURS))
    assert len(upstream.store.ledger.requests) == asked, "a suspended channel is asked once it is set active"
    activated = await app.patch(idle["id"], status="active")
    assert (activated["status"], "its ark_base_url answered with 404" in activated["status_reason"]) == (
        "suspended",
        True,
    )


async def test_a_changed_url_that_leads_to_something_else_is_refused_and_the_channel_goes_on(story: Story) -> None:
    root = story.server.ark_base_url.removesuffix("/api/v3")
    refused = await story.app.http.patch(f"/channels/{story.id}", json={"ark_base_url": root})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "ark_base_url"), refused.text
    shown = (await story.app.http.get(f"/channels/{story.id}")).json()
    assert (shown["ark_base_url"], shown["status"]) == (story.server.ark_base_url, "active")
    await story.fault("ListAssetGroups", kind="answer", status=302, headers={"Location": "/login"})
    changed = await story.patch(**key_pair(OURS_RENEWED))
    assert (changed["status"], "its openapi_url answered with 302" in changed["status_reason"]) == ("suspended", True)


async def test_a_change_requests_a_list_and_the_newest_task_concurrently(story: Story) -> None:
    await story.new_task()
    before = await story.requests("get_task")
    await story.fault("list_tasks", kind="delay", at="before", delay_seconds=3600)
    changing = asyncio.create_task(story.patch(ark_api_key=OURS_RENEWED.api_key))
    requests = story.server.store.ledger.requests
    await until(lambda: sum(entry.operation == "get_task" for entry in requests) > before)
    assert not changing.done()
    async with httpx.AsyncClient() as http:
        await http.delete(f"{story.server.control_url}/faults")
    assert (await changing)["status"] == "active"


async def test_a_silent_upstream_is_called_only_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    await story.new_task()
    before = await story.requests("get_task")
    for module in ("app.channels.probe", "app.admin.channel_continuity"):
        monkeypatch.setattr(f"{module}.PROBE_TIMEOUT_SECONDS", 0.2)
    for operation in ("list_tasks", "get_task"):
        await story.fault(operation, kind="delay", at="before", delay_seconds=3600)
    changed = await story.patch(ark_api_key=OURS_RENEWED.api_key)
    assert (changed["status"], "could not be verified" in changed["status_reason"]) == ("suspended", True)
    assert await story.requests("get_task") == before + 1


class BrokenForOne(ChannelProbe):
    """Fails for one channel in a way that none of its own errors does."""

    broken_id = ""

    async def find_foreign(self, channel: Channel, planes: frozenset[Plane]) -> dict[str, str]:
        if channel.id == self.broken_id:
            raise RuntimeError("not foreseen")
        return await super().find_foreign(channel, planes)


def watch_of(app: ChannelApp, probe: ChannelProbe) -> ChannelMonitor:
    return ChannelMonitor(
        app.sessions,
        directory=app.directory,
        probe=probe,
        rates=RateLimiter(app.sessions),
        clock=app.clock,
        token_timeout_seconds=0,
    )


async def test_the_monitor_reports_wrong_urls_of_the_environment(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    probe = BrokenForOne(story.app.ark, story.app.control)
    watches = [watch_of(story.app, probe) for _ in range(4)]

    async def look(*forgotten: str) -> None:
        async with story.app.sessions.begin() as session:
            for table in forgotten:
                await session.execute(text(f"DELETE FROM {table}"))
        await asyncio.gather(*(watch.run_once() for watch in watches))

    asked = await story.requests("list_tasks")
    await look("account_rates", "leases")
    assert "channel_account_mismatch" not in caplog.text
    assert await story.requests("list_tasks") == asked + 1, "four processes ask once"
    await story.fault("list_tasks", **PAGE)
    await story.fault("ListAssetGroups", **PAGE)
    await look()
    assert "channel_account_mismatch" not in caplog.text
    # Without a token for the list the other plane is still checked.
    async with story.app.sessions.begin() as session:
        await session.execute(text("UPDATE account_rates SET tokens = -1000"))
    await look("leases")
    assert ("openapi_url" in caplog.text, "ark_base_url" in caplog.text) == (True, False)
    # One failing channel does not stop the check of the others.
    addresses = {"ark_base_url": "http://127.0.0.1:1/api/v3", "openapi_url": "http://127.0.0.1:1"}
    probe.broken_id = (await story.app.channel(name="broken", priority=9, **addresses, **ark_key(OURS)))["id"]
    await look("account_rates", "leases")
    assert ("channel_monitor_failed" in caplog.text, "ark_base_url" in caplog.text) == (True, True)
    health = (await story.app.http.get(f"/channels/{story.id}")).json()["health"]
    assert health["is_breaker_open"], "no create is lost there"
