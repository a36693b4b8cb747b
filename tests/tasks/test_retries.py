"""What the SDKs do by themselves: they send a create again. It is paid once, and its client gets one task."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from app.creates.models import AttemptRow
from app.tasks.models import TaskStatus
from tests.support.gateway import HELD, MODEL, TASKS, Gateway, Tenant, text
from tests.support.process import GatewayProcess, gateway_process
from tests.support.timeouts import HANG_SECONDS, until

BODY = {"model": MODEL, "content": text("a kitten")}


async def left(gateway: Gateway, tenant: Tenant) -> None:
    """Sends a create and leaves when it has arrived upstream, which holds its answer; the gateway knows of it."""
    posting = asyncio.create_task(tenant.http.post(TASKS, json=BODY))
    await gateway.arrival("create_task")
    await leave(gateway, tenant, posting)


async def leave(gateway: Gateway, tenant: Tenant, posting: asyncio.Task[httpx.Response]) -> None:
    posting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await posting
    await gateway.until_abandoned(tenant)


async def retry(gateway: Gateway, tenant: Tenant) -> httpx.Response:
    """Sends the create again, and has the upstream answer the first one when the retry waits for it."""
    posting = asyncio.create_task(tenant.http.post(TASKS, json=BODY))
    await gateway.until_claimed(tenant)
    await gateway.release()
    return await posting


async def attempts_of(gateway: Gateway, tenant: Tenant) -> int:
    async with gateway.sessions() as session:
        query = select(func.count()).select_from(AttemptRow).where(AttemptRow.tenant_id == tenant.id)
        return await session.scalar(query) or 0


async def test_a_retry_gets_the_task_of_the_abandoned_attempt_that_still_runs(
    gateway: Gateway,
) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    await left(gateway, tenant)
    retried = await retry(gateway, tenant)
    assert retried.status_code == 200, retried.text
    assert len(gateway.received("create_task")) == len(await gateway.rows_of(tenant)) == 1
    assert retried.json()["id"] == gateway.received("create_task")[0].resource_id


async def test_the_attempt_of_an_abandoned_retry_can_be_claimed_again(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    await left(gateway, tenant)
    waiting = asyncio.create_task(tenant.http.post(TASKS, json=BODY))
    await gateway.until_claimed(tenant)
    await leave(gateway, tenant, waiting)
    retried = await retry(gateway, tenant)
    assert retried.json()["id"] == gateway.received("create_task")[0].resource_id
    assert len(gateway.received("create_task")) == 1


async def test_a_second_create_of_a_client_that_got_its_answer_is_a_second_task(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ids = {(await tenant.http.post(TASKS, json=BODY)).json()["id"] for _ in range(3)}
    assert len(ids) == len(gateway.received("create_task")) == 3


async def test_creates_that_are_sent_at_once_are_tasks_of_their_own(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    answers = await asyncio.gather(*(tenant.http.post(TASKS, json=BODY) for _ in range(5)))
    assert len({answer.json()["id"] for answer in answers}) == 5


async def test_an_abandoned_attempt_is_claimed_once(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    await left(gateway, tenant)
    answering = asyncio.gather(*(tenant.http.post(TASKS, json=BODY) for _ in range(2)))
    await until(lambda: len(gateway.received("create_task")) == 2)
    await gateway.release()
    answers = await answering
    assert len({answer.json()["id"] for answer in answers}) == 2
    assert len(gateway.received("create_task")) == 2


@pytest.mark.parametrize(
    "headers", [{"x-stainless-retry-count": "1"}, {"X-Sdk-Request": "attempt=2; max=4"}], ids=["stainless", "openapi"]
)
async def test_a_marked_retry_joins_a_create_that_was_answered(gateway: Gateway, headers: dict[str, str]) -> None:
    """The answer was sent, but perhaps never arrived."""
    tenant = await gateway.tenant()
    first = await tenant.http.post(TASKS, json=BODY)
    retried = await tenant.http.post(TASKS, json=BODY, headers=headers)
    assert retried.json() == first.json()
    assert len(gateway.received("create_task")) == 1


async def test_a_deleted_task_is_still_what_its_retry_gets(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    first = await tenant.new_task()
    await gateway.force(first, "failed")
    assert (await tenant.http.delete(f"{TASKS}/{first}")).status_code == 200
    body = {"model": MODEL, "content": text("a kitten")}
    retried = await tenant.http.post(TASKS, json=body, headers={"x-stainless-retry-count": "1"})
    assert retried.json()["id"] == first
    assert len(gateway.received("create_task")) == 1


@pytest.mark.parametrize("tries", [1, 2])
async def test_the_retry_of_a_refused_create_is_a_new_create(gateway: Gateway, tries: int) -> None:
    tenant = await gateway.tenant()
    effect: dict[str, Any] = {"kind": "error", "status": 400, "code": "InputTextSensitiveContentDetected"}
    held = await gateway.fault("create_task", **effect, delay_seconds=3600)
    if tries > 1:
        await gateway.fault("create_task", **effect)
    await left(gateway, tenant)
    retrying = asyncio.create_task(tenant.http.post(TASKS, json=BODY))
    await gateway.until_claimed(tenant)
    await gateway.release(held)
    retried = await retrying
    assert retried.status_code == (200 if tries == 1 else 400)
    assert len(gateway.received("create_task")) == 2
    assert len(await gateway.rows_of(tenant)) == await attempts_of(gateway, tenant) == (1 if tries == 1 else 0)


async def test_the_retry_of_a_create_of_unknown_outcome_gets_its_id(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", kind="cut", at="after", delay_seconds=3600)
    await left(gateway, tenant)
    retried = await retry(gateway, tenant)
    (row,) = await gateway.rows_of(tenant)
    assert (retried.json()["id"], row.status) == (row.id, TaskStatus.UNKNOWN)
    assert len(gateway.received("create_task")) == 1


async def test_a_create_with_an_idempotency_key_leaves_no_attempt(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await tenant.http.post(TASKS, json=BODY, headers={"Idempotency-Key": "k"})
    assert await attempts_of(gateway, tenant) == 0


async def test_an_abandoned_attempt_belongs_to_its_api_key_and_no_other_tenant_can_claim_it(gateway: Gateway) -> None:
    tenant, stranger = await gateway.tenant(), await gateway.tenant()
    colleague = await gateway.key_of(tenant.id, allowed_channels=["default"])
    await gateway.fault("create_task", **HELD)
    await left(gateway, tenant)
    for other in (stranger, colleague):
        answer = await other.http.post(TASKS, json=BODY, headers={"x-stainless-retry-count": "1"})
        assert answer.json()["id"] != gateway.received("create_task")[0].resource_id
    assert len(gateway.received("create_task")) == 3
    await gateway.release()


class Pair:
    """Two gateways on one database, of which one is killed while it carries a create."""

    def __init__(self, gateway: Gateway, dying: GatewayProcess, living: GatewayProcess, tenant: Tenant) -> None:
        self.gateway = gateway
        self.dying = dying
        self.living = living
        self.tenant = tenant

    async def kill_during(self, **headers: str) -> None:
        """Kills a gateway that has sent a create and waits for the answer."""
        async with self.dying.client(self.tenant.key) as client:
            creating = asyncio.create_task(client.post(TASKS, json=BODY, headers=headers))
            await self.gateway.arrival("create_task")
            self.dying.process.kill()
            with pytest.raises(httpx.TransportError):
                await creating

    async def repeat(self, **headers: str) -> httpx.Response:
        async with self.living.client(self.tenant.key) as client:
            return await client.post(TASKS, json=BODY, headers=headers)


@pytest.mark.slow
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}], ids=["plain", "idempotency key"])
async def test_when_a_process_is_killed_the_retry_is_answered_at_once_by_another_and_nothing_is_sent_twice(
    gateway: Gateway, tmp_path: Path, headers: dict[str, str]
) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    settings = gateway.settings
    async with (
        gateway_process(folders[0], settings, background="off", create_read_timeout_seconds=60) as dying,
        gateway_process(folders[1], settings, background="off", create_read_timeout_seconds=60) as living,
    ):
        pair = Pair(gateway, dying, living, tenant)
        await pair.kill_during(**headers)
        retried = await pair.repeat(**headers)
        assert retried.status_code == 200, retried.text
        (row,) = await gateway.rows_of(tenant)
        assert retried.json()["id"] == row.id
        assert row.status == TaskStatus.UNKNOWN
        assert row.cut_at is not None
        assert row.next_poll_at is not None
        assert len(gateway.received("create_task")) == 1
        again = await pair.repeat(**headers)
        is_same = again.json()["id"] == row.id
        assert is_same == bool(headers), "an abandoned attempt is claimed by one request, a key by all of them"


@pytest.mark.slow
async def test_creates_of_a_killed_process_are_searched_for_without_a_request(gateway: Gateway, tmp_path: Path) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    settings = gateway.settings
    async with gateway_process(folders[0], settings, create_read_timeout_seconds=60) as dying:
        await Pair(gateway, dying, dying, tenant).kill_during()
        async with gateway_process(folders[1], settings, background="on"):
            await until_status(gateway, tenant, TaskStatus.UNKNOWN)
    (row,) = await gateway.rows_of(tenant)
    assert row.cut_at is not None
    assert row.sent_at is not None
    assert row.sent_at <= row.cut_at


async def until_status(gateway: Gateway, tenant: Tenant, status: TaskStatus) -> None:
    async with asyncio.timeout(HANG_SECONDS):
        while [row.status for row in await gateway.rows_of(tenant)] != [status]:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.05)
