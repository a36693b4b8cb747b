"""``seedgate reconcile`` against a running gateway."""

import asyncio
import json

import pytest
import pytest_asyncio

from app.upstream.rate_limits import RateLimiter
from tests.admin.forgotten import forget, has_a_call_to_spare
from tests.cli.commands import Command
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import ENDLESS, TASKS, Gateway, Tenant, text

gateway = prepared_gateway


@pytest_asyncio.fixture(autouse=True)
async def a_time_of_its_own(gateway: Gateway) -> None:
    """Lets a day pass: an open create that another file left in the shared database could own what is adopted here."""
    gateway.clock.advance(86_400)


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's rate limits are not reached."""
    monkeypatch.setattr(RateLimiter, "acquire", has_a_call_to_spare)


async def forgotten(gateway: Gateway, tenant: Tenant) -> str:
    """Creates a task that the upstream bills, and deletes its row as a restore does."""
    task_id = await tenant.new_task(content=text(ENDLESS))
    await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": 4711}})
    await forget(gateway, task_id)
    return task_id


async def test_the_result_is_shown_for_people_and_for_programs(gateway: Gateway, seedgate: Command) -> None:
    task_id = await forgotten(gateway, await gateway.tenant())

    code, out, err = await seedgate("reconcile", "--since", "30d", "--channel", "default")
    assert code == 0
    assert all(told in out for told in (task_id, "4711", "default", "perhaps another program"))
    assert "tasks on default: " in err
    assert "the upstream lists tasks of seven days" in err

    code, out, err = await seedgate("reconcile", "--since", "2026-01-01", "--channel", "default", "--json")
    assert code == 0
    told = json.loads(out)
    assert 4711 in [line["total_tokens"] for line in told["found"] if line["upstream_id"] == task_id]
    assert [ended["kind"] for ended in told["lists"]] == ["task", "group", "asset"]


async def test_a_partial_result_is_shown_and_called_one(gateway: Gateway, seedgate: Command) -> None:
    await gateway.fault("list_tasks", times=None, kind="cut", at="before")
    code, _, err = await seedgate("reconcile", "--since", "1h", "--channel", "default")
    assert code == 1
    assert "tasks on default: INCOMPLETE: " in err


async def test_an_answer_that_broke_off_is_reported(
    gateway: Gateway, seedgate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_call: object, **_options: object) -> bool:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(RateLimiter, "acquire", breaks)
    code, _, err = await seedgate("reconcile", "--since", "1h", "--channel", "default")
    assert code == 1
    assert "the answer broke off" in err


async def test_a_gateway_without_a_channel_is_reported(seedgate: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was compared, which must not look like a comparison that found nothing."""
    answer = b'{"type": "end"}\n'

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(answer), answer))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        monkeypatch.setenv("SEEDGATE_URL", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        code, out, err = await seedgate("reconcile", "--since", "1h")
    assert (code, out) == (1, "")
    assert "no channel has credentials" in err


@pytest.mark.parametrize("since", ["yesterday", "2999-01-01"])
async def test_a_wrong_time_is_refused_before_anything_is_asked(
    gateway: Gateway, seedgate: Command, since: str
) -> None:
    code, out, err = await seedgate("reconcile", "--since", since)
    assert (code, out) == (2, "")
    assert err.startswith(f"seedgate: --since: {since!r} is ")
    assert gateway.received("list_tasks") == []


async def test_an_object_is_adopted_after_confirmation(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    task_id = await forgotten(gateway, tenant)
    given = ("tenants", "adopt", tenant.id, "--channel", "default", "--task", task_id)

    code, out, err = await seedgate(*given)
    assert (code, out) == (2, "")
    assert f"{task_id} will belong to the tenant" in err
    code, out, err = await seedgate(*given, "--yes")
    assert code == 0
    assert "adopted" in out
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 200

    code, out, _ = await seedgate(*given, "--task", "cgt-20260101000000-none1", "--yes", "--json")
    assert code == 1
    assert [row["outcome"] for row in json.loads(out)] == ["own", "not_found"]
    assert (await seedgate("tenants", "adopt", tenant.id, "--channel", "default"))[0] == 2
