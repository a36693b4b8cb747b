"""Clients that ask for HTTP/2 with every POST over ``http://`` are served over HTTP/1.1, as if they had not asked."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.proxies.upstreams import upstream
from tests.support.driving import count_received
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.support.toolchains import require

pytestmark = pytest.mark.sdk
_JAVA = Path(__file__).with_name("UpgradingPost.java")
_TASK = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "一只猫"}]}
_GROUP = {"Name": "upgraded", "GroupType": "AIGC"}
_TIMEOUT_SECONDS = 120


async def post(client: str, url: str, key: str, body: dict[str, Any]) -> list[tuple[int, str]]:
    """Posts with a client, twice over one connection; returns statuses and bodies."""
    text = json.dumps(body, ensure_ascii=False)
    if client == "java":
        require({"javac": "JDK 17"})
        command = ["java", str(_JAVA), url, f"Bearer {key}", text]
    else:
        require({"curl": "curl with HTTP/2"})
        options = ["-sS", "--http2", "-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json"]
        once = ["-d", text, "-w", "\\n%{http_code} %{http_version}\\n", *options, url]
        command = ["curl", *once, "--next", *once]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        output, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    lines = output.decode().splitlines()
    if client == "java":
        return [(int(line[:3]), line[4:]) for line in lines]
    assert [line[4:] for line in lines[1::2]] == ["1.1", "1.1"]
    return [(int(code[:3]), content) for content, code in zip(lines[::2], lines[1::2], strict=True)]


@pytest.mark.parametrize("client", ["java", "curl"])
async def test_such_a_client_does_ask_for_an_upgrade(client: str) -> None:
    """Otherwise the tests below would show nothing."""
    async with upstream() as behind:
        assert [status for status, _ in await post(client, f"{behind.url}/x", "sg-unused", _TASK)] == [200, 200]
    assert "\r\nupgrade: h2c\r\n" in behind.heads[0].lower()
    assert "\r\ncontent-length: " in behind.heads[0].lower()


@pytest.mark.parametrize("client", ["java", "curl"])
async def test_a_task_is_created_by_each_post(gateway: Gateway, client: str) -> None:
    tenant: Tenant = await gateway.tenant()
    before = count_received(gateway, "create_task")
    answers = await post(client, gateway.base_url + TASKS, tenant.key, _TASK)
    assert [status for status, _ in answers] == [200, 200]
    made = {json.loads(body)["id"] for _, body in answers}
    listed = (await tenant.http.get(TASKS)).json()
    assert {task["id"] for task in listed["items"]} == made
    assert count_received(gateway, "create_task") == before + 2


@pytest.mark.parametrize("client", ["java", "curl"])
@pytest.mark.parametrize(
    "path", ["/api/v3/open/CreateAssetGroup", "/?Action=CreateAssetGroup", "/api/v3/assets?Action=CreateAssetGroup"]
)
async def test_an_assets_action_is_done_by_each_post(gateway: Gateway, client: str, path: str) -> None:
    tenant: Tenant = await gateway.tenant()
    answers = await post(client, gateway.base_url + path, tenant.key, _GROUP)
    assert [status for status, _ in answers] == [200, 200]
    assert all(json.loads(body).get("Id") or json.loads(body)["Result"]["Id"] for _, body in answers)
