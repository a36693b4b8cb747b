"""What an operator does for a budget, by commands alone, with a tenant that creates tasks until nothing is left."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.flows.programs import run
from tests.support.budgets import FIXED_MICROS, FIXED_TOKENS, number
from tests.support.gateway import MODEL, TASKS
from tests.support.gateway import text as prompt
from tests.support.plain import PLAIN
from tests.support.site import Site, open_site
from tests.support.timeouts import HANG_SECONDS, until
from tests.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.slow


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The operator's endpoint."""
    async with receiving() as running:
        yield running


@pytest_asyncio.fixture
async def site(database_url: str, tmp_path: Path, receiver: Receiver) -> AsyncIterator[Site]:
    """A gateway as an operator runs it."""
    async with open_site(database_url, tmp_path, OPERATOR_WEBHOOK=receiver.url) as opened:
        yield opened


class Operator:
    """An operator at a terminal."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.settings = {"URL": site.gateway.url, "ADMIN_TOKEN": site.admin_token}
        self._folder = folder

    async def type(self, *arguments: str) -> str:
        """Runs a command, which must succeed; returns what it prints."""
        code, output = await run(*arguments, folder=self._folder, settings=self.settings)
        assert code == 0, output
        return output

    async def read(self, *arguments: str) -> Any:
        """Runs a command that prints one line of JSON, and returns that."""
        return json.loads((await self.type(*arguments, "--json")).splitlines()[-1])


async def create(site: Site, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(verify=PLAIN, base_url=site.gateway.url, headers=headers) as client:
        return await client.post(TASKS, json={"model": MODEL, "content": prompt("a kitten"), **number()})


async def ended(site: Site, key: str, task_id: str) -> str:
    """Waits until a task has ended; returns its status."""
    headers = {"Authorization": f"Bearer {key}"}
    async with asyncio.timeout(HANG_SECONDS), httpx.AsyncClient(verify=PLAIN, headers=headers) as client:
        while True:
            task = (await client.get(f"{site.gateway.url}{TASKS}/{task_id}")).json()
            if task["status"] not in {"queued", "running"}:
                return str(task["status"])
            await asyncio.sleep(0.2)


async def test_a_budget_from_the_first_tenant_to_the_bill(site: Site, receiver: Receiver, tmp_path: Path) -> None:
    operator = Operator(site, tmp_path)
    secret = (await operator.read("deliveries", "secret", "--yes"))["secret"]
    tenant = await operator.read("tenants", "create", "studio")
    key = (await operator.read("keys", "create", "studio", "--name", "render-farm"))["key"]
    assert any(price["currency"] == "CNY" for price in await operator.read("prices", "list"))
    amount = str(2 * FIXED_MICROS / 1_000_000)
    made = ("--amount", amount, "--currency", "CNY", "--period", "total")
    budget = await operator.read("budgets", "create", "studio", *made)

    paid = []
    while (answer := await create(site, key)).status_code == 200:
        paid.append(answer.json()["id"])
        assert await ended(site, key, paid[-1]) == "succeeded"
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AccountOverdueError")
    assert budget["id"] in answer.json()["error"]["message"]
    assert len(paid) == 2

    # The operator hears of it, and sees it.
    await until(lambda: len(receiver.received) >= 2)
    told = {message.verify(secret)["type"] for message in receiver.received}
    assert told == {"budget.warning", "budget.exhausted"}
    listed = await operator.read("deliveries", "list", "--operator")
    assert {row["budget_id"] for row in listed} == {budget["id"]}
    (used,) = await operator.read("usage", "--by", "tenant", "--tenant", "studio")
    assert (used["tenant_id"], used["tasks"], used["total_tokens"]) == (tenant["id"], 2, 2 * FIXED_TOKENS)
    shown = await operator.read("budgets", "get", budget["id"])
    assert (shown["used_micros"], shown["held_micros"]) == (used["cost_micros"], 0)
    await operator.type("usage", "check")

    # A correction gives back what the bill does not have, and what is compared differs then.
    await operator.type("usage", "correct", paid[0], "--tokens", "0", "--note", "not on the bill", "--yes")
    assert (await operator.read("budgets", "get", budget["id"]))["left_micros"] == FIXED_MICROS
    code, output = await run("usage", "check", folder=tmp_path, settings=operator.settings)
    assert (code, paid[0] in output) == (1, True)
    assert (await create(site, key)).status_code == 200

    await operator.type("budgets", "update", budget["id"], "--amount", "1000")
    await operator.type("budgets", "delete", budget["id"], "--yes")
    assert await operator.read("budgets", "list") == []
    actions = [row["action"] for row in await operator.read("audit", "list", "--tenant", tenant["id"])]
    assert {"budget.create", "budget.update", "budget.delete", "usage.correct"} <= set(actions)
