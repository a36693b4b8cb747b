"""The one line that each request leaves behind, and what no line may ever hold."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_asyncio

from tests.support.driving import new_session, pass_verification
from tests.support.world import TASKS, Tenant, World


class Log:
    """Everything that is logged, in the form that production writes."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def lines(self) -> list[dict[str, Any]]:
        """Returns the lines so far."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def requests(self) -> list[dict[str, Any]]:
        """Returns the lines of requests so far."""
        return [line for line in self.lines() if line["event"] == "request"]


@pytest.fixture
def log() -> Iterator[Log]:
    """What this test has logged, from the level ``info`` on."""
    with _written() as found:
        yield found


@contextmanager
def _written() -> Iterator[Log]:
    root = logging.getLogger()
    found = Log()
    handler = logging.StreamHandler(found.stream)
    handler.setFormatter(root.handlers[0].formatter)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield found
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


@pytest_asyncio.fixture(scope="session")
async def tenant(world: World) -> Tenant:
    """The tenant of these tests."""
    return await world.tenant()


async def test_a_request_leaves_one_line_that_tells_whose_it_was(world: World, tenant: Tenant, log: Log) -> None:
    created = await tenant.create_task()
    task_id = created.json()["id"]
    await tenant.http.get(f"{TASKS}/{task_id}")
    await tenant.http.get(f"{TASKS}/cgt-x?filter=1")
    create, shown, missing = log.requests()
    assert create["request_id"] == created.headers["x-request-id"]
    for line in (create, shown, missing):
        assert line["tenant"] == tenant.id
        assert line["key"] == tenant.key.split("-")[1]
        assert line["client"] == "127.0.0.1"
        assert line["milliseconds"] >= 0
    assert (create["method"], create["path"], create["status"], create["task"]) == ("POST", TASKS, 200, task_id)
    assert (shown["method"], shown["task"]) == ("GET", task_id)
    assert (missing["status"], missing["code"], missing["task"]) == (404, "NotFound.id", "cgt-x")
    assert missing["path"] == f"{TASKS}/cgt-x"


async def test_a_refused_caller_leaves_a_line_without_a_tenant(world: World, log: Log) -> None:
    await world.anonymous.get(TASKS)
    [line] = log.requests()
    assert (line["status"], line["code"]) == (401, "AuthenticationError")
    assert "tenant" not in line


async def test_the_operator_leaves_a_line_too(world: World, log: Log) -> None:
    await world.admin.get("/tenants")
    [line] = log.requests()
    assert (line["method"], line["path"], line["status"]) == ("GET", "/admin/v1/tenants", 200)


async def test_probes_are_not_logged(world: World, log: Log) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await world.anonymous.get(path)).status_code == 200
    assert log.requests() == []


async def test_no_line_can_be_forged(world: World, tenant: Tenant, log: Log) -> None:
    await tenant.http.get(f'{TASKS}/a%0a{{"event":"request"}}')
    [line] = log.requests()
    assert line["path"] == f'{TASKS}/a\n{{"event":"request"}}'


async def test_no_line_holds_a_secret(world: World, tenant: Tenant, log: Log) -> None:
    secrets = {
        "key": tenant.key,
        "wrong key": "sg-abc-thisisnotakey",
        "prompt": "a prompt that nobody else may read",
        "media": "https://media.example.com/private.png?signature=abcdef",
        "ark key": "the-ark-api-key-of-a-channel",
        "secret key": "the-secret-access-key-of-a-channel",
        "query": "a-value-in-a-query",
    }
    await tenant.http.get(TASKS, params={"filter.model": secrets["query"]})
    await world.anonymous.get(TASKS, headers={"Authorization": f"Bearer {secrets['wrong key']}"})
    content = [
        {"type": "text", "text": secrets["prompt"]},
        {"type": "image_url", "image_url": {"url": secrets["media"]}, "role": "first_frame"},
    ]
    await tenant.create_task(content=content)
    await tenant.create_task(content=content, duration=99)
    await world.control.post(
        "/faults",
        json={"operation": "create_task", "effect": {"kind": "error", "status": 400, "code": "InvalidParameter"}},
    )
    await tenant.create_task(content=content)
    session = await new_session(tenant)
    secrets |= {"token": session["BytedToken"], "link": session["H5Link"].rsplit("/", 1)[-1]}
    await pass_verification(session["H5Link"])
    await tenant.action("GetVisualValidateResult", BytedToken=session["BytedToken"])
    await tenant.action("GetVisualValidateResult", BytedToken="nonsense", Other=secrets["token"])
    channel = {"ark_api_key": secrets["ark key"], "access_key_id": "AK", "secret_access_key": secrets["secret key"]}
    await world.admin.post("/channels", json={"name": "logged", "status": "suspended", **channel})
    await world.admin.post("/channels", json={"name": "logged", "weight": "no", **channel})
    made = await world.admin.post(f"/tenants/{tenant.id}/keys", json={"name": "another"})
    secrets["new key"] = made.json()["key"]
    written = log.stream.getvalue()
    assert len(log.requests()) >= 10
    assert [name for name, secret in secrets.items() if secret in written] == []
