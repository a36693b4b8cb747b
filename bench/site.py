"""A gateway as an operator runs it, with its database, upstream, tenants and tasks."""

import asyncio
import json
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.core.sealing import generate_key
from app.db.engine import connect, to_dsn
from app.devdb.folder import LOG_NAME
from app.devdb.server import EmbeddedPostgres, embedded_postgres
from bench.machine import LOAD_CORE, SERVER_CORE
from bench.process import Program, free_port, wait_for

TASKS = "/api/v3/contents/generations/tasks"
_FINISHED = 32
# Each of them is refreshed every two seconds while clients poll: few, so that this is not what is measured.
_UNFINISHED = 4
_ASSETS = 1000

_SEED_ASSETS = """
    WITH channel AS (SELECT id FROM channels LIMIT 1), made AS (
        INSERT INTO asset_groups
            (tenant_id, id, channel_id, name, project_name, extra, created_at, updated_at, description, group_type)
        SELECT $1, 'group-bench', id, 'bench', 'default', '{}', now(), now(), '', 'AIGC' FROM channel
    )
    INSERT INTO assets
        (tenant_id, id, channel_id, name, project_name, extra, created_at, updated_at, group_id, url, asset_type,
         status, group_type)
    SELECT $1, 'asset-bench-' || n, channel.id, 'asset ' || n, 'default', '{}', now() - n * interval '1 minute', now(),
        'group-bench', 'https://example.com/' || n || '.png', 'Image', 'Active', 'AIGC'
    FROM channel, generate_series(1, $2) AS n
"""
# What a round of creates leaves would be polled during the next rounds.
_SETTLE = "UPDATE tasks SET status = 'succeeded', next_poll_at = NULL WHERE tenant_id = $1 AND next_poll_at IS NOT NULL"
# None of them is ever reached.
_MANY = 1_000_000


@dataclass(frozen=True)
class Tenant:
    """A tenant with one key."""

    id: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """The header that authenticates its requests."""
        return {"Authorization": f"Bearer {self.key}"}


@dataclass(frozen=True)
class Site:
    """A running gateway.

    Attributes:
        program: the gateway, one worker.
        port: where it listens.
        reader: the tenant whose tasks and assets are read.
        creator: the tenant that creates tasks.
        limited: one that has a budget, a budget of its key, a cap and a limit on its requests.
        finished: ids of the reader's tasks that have ended.
        unfinished: ids of its tasks that run for ever.
        limited_finished: ids of the limited tenant's tasks that have ended.
        database: its PostgreSQL.
        database_log: what PostgreSQL has logged.
        upstream: the stand-in for the upstream.
        upstream_port: where that listens.
        admin_token: of the operator.
    """

    program: Program
    port: int
    reader: Tenant
    creator: Tenant
    limited: Tenant
    finished: tuple[str, ...]
    unfinished: tuple[str, ...]
    limited_finished: tuple[str, ...]
    database: EmbeddedPostgres
    database_log: Path
    upstream: Program
    upstream_port: int
    admin_token: str

    @property
    def database_url(self) -> str:
        """The URL of its database, as the owner."""
        return self.database.owner_url

    @property
    def upstream_url(self) -> str:
        """The URL of the stand-in for the upstream."""
        return f"http://127.0.0.1:{self.upstream_port}"

    def new_tenants(self, count: int) -> list[Tenant]:
        """Makes tenants."""
        with _admin_of(self.port, self.admin_token) as admin:
            return [_new_tenant(admin) for _ in range(count)]

    def new_keys(self, tenant: Tenant, count: int) -> list[str]:
        """Makes more keys of a tenant."""
        with _admin_of(self.port, self.admin_token) as admin:
            return [_new_key(admin, tenant.id) for _ in range(count)]

    def execute(self, statement: str, *values: object) -> None:
        """Executes a statement in its database, as the owner."""
        asyncio.run(_execute(self.database_url, statement, *values))

    def settle(self) -> None:
        """Ends the tasks of the creators."""
        for creator in (self.creator, self.limited):
            self.execute(_SETTLE, creator.id)

    def settle_all(self) -> None:
        """Ends all tasks, so that nothing is left to do."""
        self.settle()
        self.execute(_SETTLE, self.reader.id)


@contextmanager
def running_site(
    folder: Path, *, delay_milliseconds: int = 0, settings: Mapping[str, str] | None = None
) -> Iterator[Site]:
    """Runs a gateway on the core of the server, and what it needs on the other one.

    Args:
        folder: for the database and the logs.
        delay_milliseconds: how long the upstream takes for every answer.
        settings: of the gateway, beside the usual ones, by their variables.
    """
    port, upstream_port = free_port(), free_port()
    command = [sys.executable, "-P", "-m"]
    # The server inherits the core of this process.
    with (
        embedded_postgres(folder / "database") as database,
        Program(
            LOAD_CORE,
            *command,
            *("bench.upstream", str(upstream_port), str(delay_milliseconds)),
            log=folder / "upstream.log",
        ) as upstream,
    ):
        wait_for(upstream, upstream_port)
        token, upstream_url = secrets.token_hex(32), f"http://127.0.0.1:{upstream_port}"
        variables = {
            "SEEDGATE_DATABASE_URL": database.owner_url,
            "SEEDGATE_ADMIN_TOKEN": token,
            "SEEDGATE_SECRET_KEY": generate_key(),
            "SEEDGATE_ARK_BASE_URL": f"{upstream_url}/api/v3",
            "SEEDGATE_OPENAPI_URL": upstream_url,
            "SEEDGATE_ARK_API_KEY": "bench",
            "SEEDGATE_LOG_FORMAT": "json",
            **(settings or {}),
        }
        log = folder / "gateway.log"
        with Program(LOAD_CORE, *command, "app", "migrate", log=log, variables=variables) as migration:
            migration.wait()
        variables["SEEDGATE_DATABASE_URL"] = database.url
        serve = ("app", "serve", "--host", "127.0.0.1", "--port", str(port))
        with Program(SERVER_CORE, *command, *serve, log=log, variables=variables) as gateway:
            wait_for(gateway, port)
            reader, creator, limited = _make_tenants(port, token)
            finished, unfinished = _fill(port, reader, database.owner_url)
            limited_finished = finished_tasks(port, limited)
            yield Site(
                program=gateway,
                port=port,
                reader=reader,
                creator=creator,
                limited=limited,
                finished=finished,
                unfinished=unfinished,
                limited_finished=limited_finished,
                database=database,
                database_log=folder / "database" / LOG_NAME,
                upstream=upstream,
                upstream_port=upstream_port,
                admin_token=token,
            )


def _make_tenants(port: int, admin_token: str) -> tuple[Tenant, Tenant, Tenant]:
    with _admin_of(port, admin_token) as admin:
        limited = _new_tenant(admin)
        _limit(admin, limited)
        return _new_tenant(admin), _new_tenant(admin), limited


def _limit(admin: httpx.Client, tenant: Tenant) -> None:
    limits = {"rpm": _MANY, "unfinished_tasks": _MANY}
    _json(admin.patch(f"/admin/v1/tenants/{tenant.id}", json={"limits": limits}))
    (key,) = _json(admin.get("/admin/v1/keys", params={"tenant": tenant.id}))["data"]
    for key_id in (None, key["id"]):
        budget = {"tenant_id": tenant.id, "key_id": key_id, "amount_micros": _MANY**3 // 1000, "currency": "CNY"}
        _json(admin.post("/admin/v1/budgets", json={**budget, "period": "month", "is_hard": True}))


def _admin_of(port: int, token: str) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=60)


def _fill(port: int, reader: Tenant, database_url: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Makes the tasks and assets of the reader; returns the ids of its finished and unfinished tasks."""
    finished = finished_tasks(port, reader)
    with _client_of(port, reader) as client:
        unfinished = tuple(_new_task(client, "running") for _ in range(_UNFINISHED))
    asyncio.run(_execute(database_url, _SEED_ASSETS, reader.id, _ASSETS))
    return finished, unfinished


def finished_tasks(port: int, tenant: Tenant, *, made: Callable[[], None] | None = None) -> tuple[str, ...]:
    """Makes tasks of a tenant and waits for their ends; returns their ids.

    Args:
        port: of the gateway.
        tenant: whose tasks they are.
        made: called before the first GET of them.
    """
    with _client_of(port, tenant) as client:
        task_ids = tuple(_new_task(client, "ended") for _ in range(_FINISHED))
        if made is not None:
            made()
        for task_id in task_ids:
            _wait_for_end(client, task_id)
    return task_ids


def _client_of(port: int, tenant: Tenant) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=tenant.headers, timeout=60)


def _new_tenant(admin: httpx.Client) -> Tenant:
    tenant = _json(admin.post("/admin/v1/tenants", json={"name": f"bench {secrets.token_hex(4)}"}))
    return Tenant(tenant["id"], _new_key(admin, tenant["id"]))


def _new_key(admin: httpx.Client, tenant_id: str) -> str:
    return str(_json(admin.post(f"/admin/v1/tenants/{tenant_id}/keys", json={"name": "bench"}))["key"])


def _new_task(client: httpx.Client, prompt: str) -> str:
    return str(_json(client.post(TASKS, content=create_body(f"{prompt} {secrets.token_hex(8)}")))["id"])


def create_body(prompt: str) -> str:
    """Returns the body of a create."""
    content = [{"type": "text", "text": prompt}]
    return json.dumps({"model": "doubao-seedance-2", "content": content, "duration": 5, "ratio": "16:9"})


def _wait_for_end(client: httpx.Client, task_id: str) -> None:
    while _json(client.get(f"{TASKS}/{task_id}"))["status"] != "succeeded":
        pass


def _json(response: httpx.Response) -> dict[str, Any]:
    """Returns the JSON of a success.

    Raises:
        RuntimeError: it is none.
    """
    if response.is_error:
        raise RuntimeError(f"{response.request.url} answered {response.status_code}: {response.text}")
    found: dict[str, Any] = response.json()
    return found


async def _execute(database_url: str, statement: str, *values: object) -> None:
    connection = await connect(to_dsn(database_url))
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()
