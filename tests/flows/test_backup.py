"""A day-old backup is restored as docs/operating.md says, by the very commands that stand there."""

import asyncio
import itertools
import json
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.sealing import generate_key
from app.db.roles import GATEWAY, OWNER
from app.devdb.binaries import find_binaries
from app.devdb.cluster import SUPERUSER
from app.sandbox.config import DEFAULT_ACCOUNT, SandboxConfig
from app.sandbox.server import SandboxServer
from tests.flows.programs import started, until_ready
from tests.support.database import (
    FORGET_THE_ROLES,
    as_superuser,
    embedded_server,
    own_database,
    temporary_folder,
    url_of,
)
from tests.support.gateway import ENDLESS, TASKS, text
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
_numbers = itertools.count(1)
ADMIN_TOKEN = "an admin token of at least 32 characters"


def commands() -> list[str]:
    """Returns the blocks of commands of the section, in their order, without what only the page needs."""
    page = (ROOT / "docs/operating.md").read_text()
    section = page.split("\n## Backup and restore\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^( *)```sh\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE).strip() for indent, block in blocks]


class Operator:
    """Runs commands in a folder, as a person with a shell does who has followed the page up to there."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder
        programs = find_binaries(Path(given) if (given := os.environ.get("SEEDGATE_PG_BIN")) else None).folder
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SEEDGATE_")}
        self.environment = {
            **inherited,
            **{f"SEEDGATE_{name}": value for name, value in settings.items()},
            "PATH": f"{folder}:{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }
        (folder / "app").symlink_to(ROOT / "app")
        program = folder / "seedgate"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m app "$@"\n')
        program.chmod(0o755)

    async def run(self, block: str, **variables: str) -> str:
        """Runs a block, which must succeed; returns what it printed."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euc", block),
            cwd=self._folder,
            env={**self.environment, **variables},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            stdin=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(2 * HANG_SECONDS):
            output = (await process.communicate())[0].decode()
        assert process.returncode == 0, f"{block}\n{output}"
        return output


class Tenant:
    """A tenant of the gateway at a port."""

    def __init__(self, tenant_id: str, key: str, key_id: str) -> None:
        self.id = tenant_id
        self.key_id = key_id
        self._headers = {"Authorization": f"Bearer {key}"}

    async def call(self, port: int, method: str, path: str, body: Any = None) -> httpx.Response:
        async with httpx.AsyncClient(verify=PLAIN, headers=self._headers, timeout=HANG_SECONDS) as client:
            return await client.request(method, f"http://127.0.0.1:{port}{path}", json=body)

    async def made(self, port: int, path: str, **body: Any) -> str:
        answer = await self.call(port, "POST", path, body)
        assert answer.status_code == 200, answer.text
        output = answer.json()
        return str(output.get("id") or output["Id"])

    async def task(self, port: int) -> str:
        """Creates a task with a unique body: a create that equals one of a gateway that just died is its retry."""
        content = text(f"{ENDLESS} {next(_numbers)}")
        return await self.made(port, TASKS, model="doubao-seedance-2", content=content)

    async def group(self, port: int, name: str) -> str:
        return await self.made(port, "/api/v3/open/CreateAssetGroup", Name=name, GroupType="AIGC")

    async def asset(self, port: int, group: str) -> str:
        url = "https://example.com/a.png"
        return await self.made(port, "/api/v3/open/CreateAsset", GroupId=group, URL=url, AssetType="Image", Name="a")


async def admin(port: int, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    async with httpx.AsyncClient(verify=PLAIN, headers=headers, timeout=HANG_SECONDS) as client:
        answer = await client.request(method, f"http://127.0.0.1:{port}/admin/v1{path}", json=body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def new_tenant(port: int, name: str) -> Tenant:
    tenant = await admin(port, "POST", "/tenants", {"name": name})
    key = await admin(port, "POST", f"/tenants/{tenant['id']}/keys", {"name": name})
    return Tenant(tenant["id"], key["key"], key["id"])


@asynccontextmanager
async def serving(
    folder: Path, settings: dict[str, str], *arguments: str, telling: str | None = None
) -> AsyncIterator[int]:
    """Runs a gateway, which must tell something in its log; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    async with (
        started("serve", *arguments, "--port", str(port), folder=folder, settings=settings) as program,
        httpx.AsyncClient(verify=PLAIN, base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        await until_ready(client, program)
        if telling is not None:
            await program.read_until(telling)
        yield port


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the operator works."""
    with temporary_folder() as made:
        yield made


def shell_url(url: str, role: str) -> str:
    """Returns the address of a database as libpq takes it."""
    return url_of(role, url).replace("postgresql+asyncpg", "postgresql")


async def test_what_a_restore_forgot_is_found_and_given_back_and_nothing_is_paid_twice(
    folder: Path, database_url: str
) -> None:
    back_up, make, migrate, serve, look_back, reconcile, adopt = commands()
    async with SandboxServer(SandboxConfig(limits=None)) as sandbox:
        settings = {
            "ADMIN_TOKEN": ADMIN_TOKEN,
            "SECRET_KEY": generate_key(),
            "ARK_BASE_URL": sandbox.ark_base_url,
            "ARK_API_KEY": DEFAULT_ACCOUNT.api_key,
            "OPENAPI_URL": sandbox.openapi_url,
            "ACCESS_KEY_ID": DEFAULT_ACCOUNT.access_key_id,
            "SECRET_ACCESS_KEY": DEFAULT_ACCOUNT.secret_access_key,
            "DRAIN_SECONDS": "0",
        }
        operator = Operator(folder, settings)
        async with own_database(database_url) as url:
            async with serving(folder, {**settings, "DATABASE_URL": url}) as port:
                studio, other = await new_tenant(port, "studio"), await new_tenant(port, "other")
                known = [await studio.task(port), await other.task(port)]
                group = await studio.group(port, "old")
                known += [group, await studio.asset(port, group)]
                await operator.run(back_up, OWNER_URL=shell_url(url, OWNER))
                task, foreign = await studio.task(port), await other.task(port)
                new_group, late = await studio.group(port, "new"), await studio.asset(port, group)
                inside = await studio.asset(port, new_group)
                extra = await admin(port, "POST", f"/tenants/{other.id}/keys", {"name": "made after the dump"})
                await admin(port, "DELETE", f"/keys/{other.key_id}")
            bill = {"status": "succeeded", "extra": {"usage": {"total_tokens": 4711, "completion_tokens": 4711}}}
            async with httpx.AsyncClient(verify=PLAIN, base_url=sandbox.control_url) as control:
                (await control.post(f"/tasks/{task}", json=bill)).raise_for_status()

        # The database is gone. Another server, which knows no role of Seedgate's.
        with temporary_folder() as home, embedded_server(home) as server:
            await as_superuser(server.url, *FORGET_THE_ROLES)
            place = dict(part.split("=") for part in server.url.partition("?")[2].split("&"))
            operator.environment |= {
                "PGHOST": httpx.URL(f"http://x/?{server.url.partition('?')[2]}").params["host"],
                "PGPORT": place["port"],
                "PGUSER": SUPERUSER,
                "OWNER_URL": shell_url(server.url, OWNER).replace("/postgres?", "/seedgate?"),
                "GATEWAY_URL": shell_url(server.url, GATEWAY).replace("/postgres?", "/seedgate?"),
            }
            await operator.run(make)
            await operator.run(migrate)
            arguments = serve.partition("seedgate serve ")[2].split()
            restored = {**settings, "DATABASE_URL": operator.environment["GATEWAY_URL"]}
            async with serving(folder, restored, *arguments, telling="database_may_be_restored") as port:
                operator.environment["SEEDGATE_URL"] = f"http://127.0.0.1:{port}"
                assert (await other.call(port, "GET", "/api/v3/whoami")).status_code == 200, "a revoked key works again"
                await operator.run(look_back)
                output = await operator.run(reconcile)

                forgotten = {task, foreign, new_group, late, inside}
                assert {each for each in (*forgotten, *known) if each in output} == forgotten
                assert "4711" in output
                assert extra["id"] not in json.dumps(await admin(port, "GET", "/keys"))
                for each in (task, foreign):
                    assert (await studio.call(port, "GET", f"{TASKS}/{each}")).status_code == 404

                for groups in (new_group, group):
                    await operator.run(adopt, TENANT="studio", TASK=task, GROUP=groups)
                await operator.run(adopt.replace('--group "$GROUP"', ""), TENANT="other", TASK=foreign)
                shown = (await studio.call(port, "GET", f"{TASKS}/{task}")).json()
                assert (shown["status"], shown["usage"]["total_tokens"]) == ("succeeded", 4711)
                assert (await other.call(port, "GET", f"{TASKS}/{foreign}")).json()["status"] == "queued"
                assert (await other.call(port, "GET", f"{TASKS}/{task}")).status_code == 404
                for asset in (late, inside):
                    assert (await studio.call(port, "POST", "/api/v3/open/GetAsset", {"Id": asset})).status_code == 200
                output = await operator.run(reconcile)
                assert not any(each in output for each in (*forgotten, *known))
                assert await studio.task(port) not in forgotten

        creates = [entry for entry in sandbox.store.ledger.requests if entry.operation == "create_task"]
        assert len(creates) == len({entry.resource_id for entry in creates}) == 5
