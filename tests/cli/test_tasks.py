"""``seedgate tasks`` against a running gateway."""

import json
from collections.abc import Awaitable
from typing import Any

import pytest

from app.tasks.models import OrphanRow
from tests.cli.commands import Command
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import ENDLESS, Gateway, Tenant, text

gateway = prepared_gateway


async def lost(gateway: Gateway, tenant: Tenant) -> tuple[str, str]:
    """Creates a task whose answer is lost; returns our id and the upstream's."""
    await gateway.fault("create_task", kind="cut", at="after")
    task_id = await tenant.new_task(content=text(ENDLESS))
    return task_id, str(gateway.received("create_task")[-1].resource_id)


async def parsed(command: Awaitable[tuple[int, str, str]]) -> Any:
    code, out, err = await command
    assert code == 0, err
    return json.loads(out)


async def test_tasks_are_listed_for_people_and_for_programs(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    ids = [await tenant.new_task() for _ in range(3)][::-1]

    code, out, _ = await seedgate("tasks", "list", "--tenant", tenant.id)
    rows = await parsed(seedgate("tasks", "list", "--tenant", tenant.id, "--json"))
    two = await parsed(seedgate("tasks", "list", "--tenant", tenant.id, "--limit", "2", "--json"))
    none = await parsed(seedgate("tasks", "list", "--tenant", tenant.id, "--status", "unknown", "--json"))

    assert code == 0
    assert all(task_id in out for task_id in (*ids, tenant.id, "default", "queued"))
    assert [row["id"] for row in rows] == ids
    assert [row["id"] for row in two] == ids[:2]
    assert none == []


async def test_a_task_is_shown_whole_with_its_history(gateway: Gateway, seedgate: Command) -> None:
    task_id = await (await gateway.tenant()).new_task()

    code, out, _ = await seedgate("tasks", "get", task_id)
    shown = await parsed(seedgate("tasks", "get", task_id, "--json"))

    assert code == 0
    assert {field for field in shown if field not in out} == {"history", "ledger", "copies"}
    assert (shown["spare_id"] in out, "create" in out) == (True, True)
    assert [event["status"] for event in shown["history"]] == ["queued"]


async def test_a_task_is_refreshed_and_cancelled(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    running = await tenant.new_task(content=text(ENDLESS))
    await gateway.force(running, "running")
    queued = await tenant.new_task(content=text(ENDLESS))

    assert (await parsed(seedgate("tasks", "refresh", running, "--json")))["status"] == "running"
    assert (await parsed(seedgate("tasks", "cancel", queued, "--yes", "--json")))["status"] == "cancelled"
    code, out, err = await seedgate("tasks", "cancel", running, "--yes")
    assert (code, out) == (1, "")
    assert "InvalidAction.RunningTaskDeletion" in err


async def test_an_unknown_outcome_is_resolved_either_way(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    found, upstream_id = await lost(gateway, tenant)
    absent, _ = await lost(gateway, tenant)

    resolved = await parsed(seedgate("tasks", "resolve", found, "--upstream-id", upstream_id, "--yes", "--json"))
    ended = await parsed(seedgate("tasks", "resolve", absent, "--absent", "--yes", "--json"))

    assert (resolved["upstream_id"], ended["status"]) == (upstream_id, "failed")


@pytest.mark.parametrize("options", [(), ("--absent", "--upstream-id", "cgt-1")])
async def test_an_unknown_outcome_is_resolved_one_way_only(seedgate: Command, options: tuple[str, ...]) -> None:
    code, _, err = await seedgate("tasks", "resolve", "cgt-1", *options)
    assert code == 2
    assert "either --upstream-id or --absent" in err


async def test_orphans_are_listed_with_the_creates_that_may_have_made_them(gateway: Gateway, seedgate: Command) -> None:
    task_id, upstream_id = await lost(gateway, await gateway.tenant())
    now = gateway.clock()
    async with gateway.sessions.begin() as session:
        session.add(
            OrphanRow(
                channel_id=await gateway.channel_id("default"),
                upstream_id=upstream_id,
                model="doubao-seedance-2-0-260128",
                service_tier="default",
                status="queued",
                created_at=now,
                first_seen_at=now,
                last_seen_at=now,
            )
        )

    code, out, _ = await seedgate("tasks", "orphans")
    rows = await parsed(seedgate("tasks", "orphans", "--task", task_id, "--upstream-id", upstream_id, "--json"))

    assert [row["upstream_id"] for row in rows] == [upstream_id]
    assert (await seedgate("tasks", "orphans", "--task", "none", "--json"))[1] == "[]\n"
    assert (code, upstream_id in out, task_id in out) == (0, True, True)
    assert task_id in next(row for row in rows if row["upstream_id"] == upstream_id)["possible_tasks"]


async def test_a_wrong_token_is_reported_in_one_line(
    gateway: Gateway, seedgate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", "wrong")
    code, out, err = await seedgate("tasks", "list")
    assert (code, out) == (1, "")
    assert err.startswith("seedgate: AuthenticationError: ")
    assert err.count("\n") == 1


async def test_the_links_to_a_clip_are_shown_and_the_look_is_recorded(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    await parsed(seedgate("tasks", "refresh", task_id, "--json"))

    code, out, _ = await seedgate("tasks", "media", task_id)
    content = (await parsed(seedgate("tasks", "media", task_id, "--json")))["content"]
    listed = await parsed(seedgate("tasks", "list", "--id", task_id, "--json"))

    assert code == 0
    assert "video_url" in out
    assert content["video_url"].startswith("http")
    assert [row["id"] for row in listed] == [task_id]
    audit = (await gateway.admin.get("/audit", params={"action": "task.look", "limit": "2"})).json()["data"]
    assert {row["tenant_id"] for row in audit} == {tenant.id}
