"""A channel that does not answer clearly is given no more creates until it has answered something."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.channels.circuit_breaker import FAILURE_THRESHOLD, load_open_breakers, record_success
from app.observability.counters import BREAKERS_OPENED
from tests.support.answers import check_error
from tests.support.driving import activate, new_asset, new_group
from tests.support.frozen_gateway import SECOND_ACCOUNT
from tests.support.gateway import Gateway, Tenant, serve_gateway, text

_UNCLEAR: dict[str, Any] = {"kind": "cut", "at": "before"}


@dataclass
class Flaky:
    """A channel whose creates are not clearly answered, and a tenant that may use it."""

    gateway: Gateway
    id: str
    name: str
    tenant: Tenant

    async def fail(self, times: int) -> None:
        await self.gateway.fault("create_task", times=times, account="second", **_UNCLEAR)
        for _ in range(times):
            assert (await self.tenant.create_task()).status_code == 200

    async def read(self) -> None:
        """A GET or LIST has succeeded on the channel."""
        async with self.gateway.sessions.begin() as session:
            await record_success(session, self.id, now=self.gateway.clock())

    async def move(self, base_url: str) -> None:
        """Points the channel's URL to another server."""
        there = {"ark_base_url": base_url, "ark_api_key": SECOND_ACCOUNT.api_key}
        patched = await self.gateway.admin.patch(f"/channels/{self.id}", json=there)
        assert (patched.status_code, patched.json()["status"]) == (200, "active"), patched.text

    async def is_open(self) -> bool:
        async with self.gateway.sessions() as session:
            return self.id in await load_open_breakers(session)


@pytest.fixture
async def flaky(gateway: Gateway, request: pytest.FixtureRequest) -> Flaky:
    """A channel of its own for each test."""
    name = f"flaky-{abs(hash(request.node.name))}"
    channel_id = await gateway.add_channel(name, gateway.sandbox.ark_base_url, SECOND_ACCOUNT.api_key)
    return Flaky(gateway, channel_id, name, await gateway.tenant(name))


async def test_after_five_unclear_answers_nothing_more_is_sent(flaky: Flaky) -> None:
    before = BREAKERS_OPENED._value.get()  # noqa: SLF001 - the client library has no other way to read a counter
    await flaky.fail(FAILURE_THRESHOLD)
    assert BREAKERS_OPENED._value.get() == before + 1  # noqa: SLF001 - as above
    refused = await flaky.tenant.create_task()
    check_error(refused, 503, "ServiceUnavailable")
    assert refused.headers["retry-after"].isdigit()
    assert "x-should-retry" not in refused.headers
    assert len(flaky.gateway.received("create_task")) == FAILURE_THRESHOLD
    assert len(await flaky.gateway.rows_of(flaky.tenant)) == FAILURE_THRESHOLD


async def test_four_are_not_enough_and_a_clear_answer_begins_the_count_anew(flaky: Flaky) -> None:
    await flaky.fail(FAILURE_THRESHOLD - 1)
    await flaky.tenant.new_task()
    await flaky.fail(FAILURE_THRESHOLD - 1)
    refusal = {"kind": "error", "status": 400, "code": "InputTextSensitiveContentDetected"}
    await flaky.gateway.fault("create_task", account="second", **refusal)  # type: ignore[arg-type]  # an effect
    assert (await flaky.tenant.create_task()).status_code == 400
    await flaky.fail(FAILURE_THRESHOLD - 1)
    assert not await flaky.is_open()


async def test_what_was_not_sent_is_no_answer(flaky: Flaky) -> None:
    await flaky.fail(FAILURE_THRESHOLD - 1)
    await flaky.move("http://127.0.0.1:1/api/v3")
    check_error(await flaky.tenant.create_task(), 503, "ServiceUnavailable")
    await flaky.move(flaky.gateway.sandbox.ark_base_url)
    await flaky.fail(1)
    assert await flaky.is_open()


async def test_a_read_closes_it(flaky: Flaky) -> None:
    await flaky.fail(FAILURE_THRESHOLD)
    await flaky.read()
    assert not await flaky.is_open()
    flaky.gateway.expire_caches()
    await flaky.tenant.new_task()


async def test_a_read_begins_the_count_anew(flaky: Flaky) -> None:
    await flaky.fail(FAILURE_THRESHOLD - 1)
    await flaky.read()
    await flaky.fail(FAILURE_THRESHOLD - 1)
    assert not await flaky.is_open()


async def test_the_next_channel_takes_over(flaky: Flaky) -> None:
    await flaky.fail(FAILURE_THRESHOLD)
    both = await flaky.gateway.tenant(flaky.name, "default")
    await both.new_task()
    assert flaky.gateway.received("create_task")[-1].account == "default"
    # The one that was left out may serve the model soon.
    refusal = {"kind": "error", "status": 404, "code": "UnsupportedModel", "message": "x"}
    await flaky.gateway.fault("create_task", account="default", **refusal)  # type: ignore[arg-type]  # an effect
    check_error(await both.create_task(), 503, "ServiceUnavailable")


async def test_another_process_sends_nothing_either(flaky: Flaky) -> None:
    await flaky.fail(FAILURE_THRESHOLD)
    gateway = flaky.gateway
    async with serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as base_url:
        body = {"model": "doubao-seedance-2", "content": text("x")}
        url = f"{base_url}/api/v3/contents/generations/tasks"
        check_error(await flaky.tenant.http.post(url, json=body), 503, "ServiceUnavailable")


async def test_a_task_that_can_only_go_there_is_refused_unsent(gateway: Gateway) -> None:
    tenant = await gateway.tenant("default", "second")
    asset_id = await new_asset(tenant, await new_group(tenant))
    await activate(gateway, tenant, asset_id)
    item = {"type": "image_url", "image_url": {"url": f"asset://{asset_id}"}, "role": "reference_image"}
    content = [*text("the girl in image 1 waves"), item]
    await gateway.fault("create_task", times=FAILURE_THRESHOLD, account="default", **_UNCLEAR)
    for _ in range(FAILURE_THRESHOLD):
        assert (await tenant.create_task(content=content)).status_code == 200
    try:
        check_error(await tenant.create_task(content=content), 503, "ServiceUnavailable")
    finally:
        channel_id = await gateway.channel_id("default")
        async with gateway.sessions.begin() as session:
            await record_success(session, channel_id, now=gateway.clock())
        gateway.expire_caches()
