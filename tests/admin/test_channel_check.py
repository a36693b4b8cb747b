"""The check of a channel: whether its credentials work, and whether its URLs lead to the API."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from app.channels.channel import Channel, Plane
from app.channels.monitor import ChannelMonitor
from app.channels.probe import ChannelProbe
from app.sandbox.server import SandboxServer
from app.upstream.rate_limits import RateLimiter
from tests.admin.sandbox_channel import OURS, OURS_RENEWED, UNREGISTERED, SandboxChannel
from tests.support.channel_app import ChannelApp
from tests.support.shared_accounts import ark_key, key_pair


async def test_a_check_of_both_planes_passes_and_costs_nothing(sandbox_channel: SandboxChannel) -> None:
    creates = sandbox_channel.requests("create_task")
    assert await sandbox_channel.check() == {
        "ark": {"ok": True, "detail": "The upstream answers.", "is_throttled": False},
        "openapi": {"ok": True, "detail": "The upstream answers.", "is_throttled": False},
    }
    assert sandbox_channel.requests("create_task") == creates


async def test_a_check_of_a_channel_without_credentials_says_what_is_missing(app: ChannelApp) -> None:
    made = await app.channel()
    results = (await app.http.post(f"/channels/{made['id']}/check")).json()
    assert [results[plane]["ok"] for plane in ("ark", "openapi")] == [False, False]
    assert "ark_api_key" in results["ark"]["detail"]
    assert "access key pair" in results["openapi"]["detail"]


async def test_a_check_names_the_refusal_of_wrong_credentials(sandbox_channel: SandboxChannel) -> None:
    await sandbox_channel.patch(**ark_key(UNREGISTERED), **key_pair(UNREGISTERED))
    results = await sandbox_channel.check()
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
async def test_a_check_names_every_class_of_failure(
    sandbox_channel: SandboxChannel, effect: dict[str, Any], detail: str
) -> None:
    await sandbox_channel.fault("list_tasks", **effect)
    await sandbox_channel.fault("ListAssetGroups", **effect)
    results = await sandbox_channel.check()
    assert [results[plane]["ok"] for plane in ("ark", "openapi")] == [False, False]
    assert results["ark"]["detail"].startswith(detail)
    assert results["openapi"]["detail"].startswith(detail)


async def test_a_check_of_a_closed_port_says_that_nothing_was_sent(sandbox_channel: SandboxChannel) -> None:
    nowhere = {"ark_base_url": "http://127.0.0.1:1/api/v3", "openapi_url": "http://127.0.0.1:1"}
    await sandbox_channel.patch(**nowhere, **ark_key(OURS), **key_pair(OURS))
    for result in (await sandbox_channel.check()).values():
        assert result["ok"] is False
        assert result["detail"].startswith("Nothing was sent: cannot connect to 127.0.0.1:1")


PAGE: dict[str, Any] = {"kind": "answer", "status": 200, "body": "<!doctype html><title>Welcome</title>"}


async def test_a_new_channel_whose_url_leads_to_something_else_is_refused(
    app: ChannelApp, upstream: SandboxServer
) -> None:
    root = upstream.ark_base_url.removesuffix("/api/v3")
    opened = SandboxChannel(app, upstream)
    for fields, param, says in (
        # Without /api/v3 nothing of the API is there.
        ({"ark_base_url": root, **ark_key(OURS)}, "ark_base_url", "answered with 404"),
        ({"openapi_url": f"{root}/api", **key_pair(OURS)}, "openapi_url", "answered with 404"),
    ):
        refused = await app.http.post("/channels", json={"name": "wrong", **fields})
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, param), refused.text
        assert says in refused.json()["error"]["message"]
    await opened.fault("list_tasks", **PAGE)
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
        fields = {**where, **ark_key(UNREGISTERED), **key_pair(UNREGISTERED)}
        assert (await app.channel(name=f"c{number}", **fields))["status"] == "active"
    asked = len(upstream.store.ledger.requests)
    idle = await app.channel(name="idle", status="suspended", ark_base_url=upstream.ark_base_url[:-7], **ark_key(OURS))
    assert len(upstream.store.ledger.requests) == asked, "a suspended channel is asked once it is set active"
    activated = await app.patch(idle["id"], status="active")
    assert (activated["status"], "its ark_base_url answered with 404" in activated["status_reason"]) == (
        "suspended",
        True,
    )


async def test_a_changed_url_that_leads_to_something_else_is_refused_and_the_channel_keeps_working(
    sandbox_channel: SandboxChannel,
) -> None:
    root = sandbox_channel.server.ark_base_url.removesuffix("/api/v3")
    refused = await sandbox_channel.app.http.patch(f"/channels/{sandbox_channel.id}", json={"ark_base_url": root})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "ark_base_url"), refused.text
    shown = (await sandbox_channel.app.http.get(f"/channels/{sandbox_channel.id}")).json()
    assert (shown["ark_base_url"], shown["status"]) == (sandbox_channel.server.ark_base_url, "active")
    await sandbox_channel.fault("ListAssetGroups", kind="answer", status=302, headers={"Location": "/login"})
    changed = await sandbox_channel.patch(**key_pair(OURS_RENEWED))
    assert (changed["status"], "its openapi_url answered with 302" in changed["status_reason"]) == ("suspended", True)


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
    sandbox_channel: SandboxChannel, caplog: pytest.LogCaptureFixture
) -> None:
    probe = BrokenForOne(sandbox_channel.app.ark, sandbox_channel.app.control)
    watches = [watch_of(sandbox_channel.app, probe) for _ in range(4)]

    async def look(*forgotten: str) -> None:
        async with sandbox_channel.app.sessions.begin() as session:
            for table in forgotten:
                await session.execute(text(f"DELETE FROM {table}"))
        await asyncio.gather(*(watch.run_once() for watch in watches))

    asked = sandbox_channel.requests("list_tasks")
    await look("account_rates", "leases")
    assert "channel_account_mismatch" not in caplog.text
    assert sandbox_channel.requests("list_tasks") == asked + 1, "four processes ask once"
    await sandbox_channel.fault("list_tasks", **PAGE)
    await sandbox_channel.fault("ListAssetGroups", **PAGE)
    await look()
    assert "channel_account_mismatch" not in caplog.text
    # Without a token for the list the other plane is still checked.
    async with sandbox_channel.app.sessions.begin() as session:
        await session.execute(text("UPDATE account_rates SET tokens = -1000"))
    await look("leases")
    assert ("openapi_url" in caplog.text, "ark_base_url" in caplog.text) == (True, False)
    # One failing channel does not stop the check of the others.
    addresses = {"ark_base_url": "http://127.0.0.1:1/api/v3", "openapi_url": "http://127.0.0.1:1"}
    probe.broken_id = (await sandbox_channel.app.channel(name="broken", priority=9, **addresses, **ark_key(OURS)))["id"]
    await look("account_rates", "leases")
    assert ("channel_monitor_failed" in caplog.text, "ark_base_url" in caplog.text) == (True, True)
    health = (await sandbox_channel.app.http.get(f"/channels/{sandbox_channel.id}")).json()["health"]
    assert health["is_breaker_open"], "no create is lost there"
