"""``doctor`` reports what is broken and how to fix it, tried on real states."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import text

from app.cli import doctor as command
from app.cli.checks import CheckResult, failed, passed
from app.cli.database import Database
from app.cli.doctor import check_installation
from app.core.sealing import SecretBox, generate_key
from app.db.base import utc_now
from app.db.engine import open_engine
from app.db.roles import GATEWAY, OWNER
from app.devdb import reset
from app.sandbox.config import SandboxConfig
from app.settings import Settings
from tests.devdb.children import ServerUser, postmaster_of, query
from tests.support.clock import MovableClock
from tests.support.database import (
    as_owner,
    as_superuser,
    embedded_server,
    own_database,
    temporary_folder,
    url_of,
)
from tests.support.gateway import Gateway, Tenant, open_gateway

HOUR = timedelta(hours=1)
TABLES = (
    "orphans",
    "channel_health",
    "channel_faults",
    "deliveries",
    "leases",
    "asset_create_intents",
    "tasks",
    "assets",
    "asset_groups",
)


@pytest_asyncio.fixture(scope="module")
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway on a database of its own, without background jobs."""
    clock = MovableClock()
    async with (
        own_database(database_url) as url,
        open_gateway(
            url, sandbox_config=SandboxConfig(clock=clock, limits=None), clock=clock, background="off"
        ) as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="module")
async def tenant(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


@pytest_asyncio.fixture(autouse=True)
async def mended(gateway: Gateway) -> AsyncIterator[None]:
    """Restores a working state."""
    yield
    await gateway.control.post("/clock", json={"skew_seconds": 0})
    await as_owner(gateway.database_url, *(f"DELETE FROM {table}" for table in TABLES))


async def _execute(gateway: Gateway, statement: str, **values: object) -> None:
    engine = open_engine(gateway.database_url, pool_size=1)
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)
    await engine.dispose()


async def look(gateway: Gateway, **changes: object) -> dict[str, CheckResult]:
    """Runs all checks with changed settings; returns the results by name."""
    settings: Settings = gateway.settings.model_copy(update=changes)
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    database = Database(url, owner_url=url, is_embedded=False)
    return {result.name: result for result in await check_installation(settings, database)}


def failed_checks(results: dict[str, CheckResult]) -> set[str]:
    """Returns the names of the failed checks."""
    return {name for name, result in results.items() if not result.is_ok}


async def test_all_checks_pass_when_nothing_is_wrong(gateway: Gateway) -> None:
    results = await look(gateway, public_url=gateway.base_url)
    assert failed_checks(results) == set(), results
    assert {
        *("database", "schema", "sealing key", "channel default (ark)", "channel default (openapi)"),
        *("clock (default)", "public URL", "embedded server", "advisory locks", "unknown outcomes (tasks)"),
        *("creates of dead processes", "overdue polls (tasks)", "deliveries", "orphans", "breakers", "leases"),
    } <= results.keys()
    assert results["processes"].text == "1 alive"


async def test_an_unavailable_database_is_reported_without_its_password(gateway: Gateway) -> None:
    url = SecretStr("postgresql://me:hidden-password@127.0.0.1:1/nothing")
    results = await look(gateway, database_url=url)
    assert failed_checks(results) == {"database"}
    assert "hidden-password" not in str(results)


async def test_an_outdated_schema_is_reported(database_url: str, gateway: Gateway) -> None:
    async with own_database(database_url) as url:
        engine = open_engine(url, pool_size=1)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        await engine.dispose()
        results = await look(gateway, database_url=SecretStr(url))
    assert failed_checks(results) == {"schema"}
    assert "seedgate migrate" in results["schema"].text


async def test_another_sealing_key_is_reported(gateway: Gateway) -> None:
    assert failed_checks(await look(gateway, secret_key=SecretStr(generate_key()))) == {"sealing key"}


async def test_a_stored_channel_that_is_not_allowed_and_an_unbound_secret_are_reported(gateway: Gateway) -> None:
    body = {"name": "inside", "ark_base_url": "http://127.0.0.1:1/api/v3", "ark_api_key": "key"}
    made = (await gateway.admin.post("/channels", json=body)).json()
    results = await look(gateway, channel_allow=())
    assert failed_checks(results) == {"channel inside (ark)"}
    assert "SEEDGATE_CHANNEL_ALLOW" in results["channel inside (ark)"].text

    assert gateway.settings.secret_key is not None
    box = SecretBox.from_text(gateway.settings.secret_key.get_secret_value())
    sealed = box.seal("key", row=made["id"], column="ark_api_key_sealed")
    await _execute(gateway, "UPDATE channels SET ark_api_key_sealed = :sealed WHERE name = 'inside'", sealed=sealed)
    results = await look(gateway)
    assert results["channel secrets"].is_ok
    assert results["channel secrets"].is_warning, "a changed URL would still take them along"
    assert "those of inside are" in results["channel secrets"].text
    assert "seedgate secrets reseal" in results["channel secrets"].text
    await gateway.admin.delete(f"/channels/{made['id']}")


async def test_a_wrong_credential_is_reported_for_its_plane(gateway: Gateway) -> None:
    body = {"name": "wrong", "ark_base_url": gateway.sandbox.ark_base_url, "ark_api_key": "not-the-key"}
    made = (await gateway.admin.post("/channels", json=body)).json()
    assert "id" in made, made
    results = await look(gateway)
    assert failed_checks(results) == {"channel wrong (ark)"}
    assert "refuses the account" in results["channel wrong (ark)"].text
    assert "not-the-key" not in str(results)
    await gateway.admin.patch(f"/channels/{made['id']}", json={"status": "suspended"})
    assert failed_checks(await look(gateway)) == set()
    await gateway.admin.delete(f"/channels/{made['id']}")


async def test_a_throttled_account_is_only_a_warning(gateway: Gateway) -> None:
    """The gateway itself may have used the account's list call of this second."""
    await gateway.control.post("/faults", json={"operation": "list_tasks", "effect": {"kind": "throttle"}, "times": 1})
    result = (await look(gateway))["channel default (ark)"]
    assert str(result).startswith("warn    channel default (ark): The upstream throttles the account: 429 ")
    assert (await look(gateway))["channel default (ark)"].is_warning is False


async def test_an_account_of_byteplus_without_its_region_is_a_warning(gateway: Gateway) -> None:
    planes = (
        {"ark_base_url": "https://ark.ap-southeast.bytepluses.com/api/v3", "ark_api_key": "key"},
        {"openapi_url": "https://open.byteplusapi.com", "access_key_id": "a", "secret_access_key": "s"},
    )
    for plane in planes:
        made = (await gateway.admin.post("/channels", json={"name": "abroad", **plane})).json()
        path = f"/channels/{made['id']}"
        assert (await gateway.admin.patch(path, json={"status": "suspended"})).status_code == 200
        result = (await look(gateway))["channel abroad (region)"]
        assert str(result).startswith("warn    channel abroad (region): it leads to BytePlus, which has no cn-beijing")
        assert (await gateway.admin.patch(path, json={"region": "ap-southeast-1"})).status_code == 200
        results = await look(gateway)
        assert failed_checks(results) == set()
        assert not {"channel abroad (region)", "channel default (region)"} & results.keys()
        await gateway.admin.delete(path)


async def test_a_wrong_clock_is_reported(gateway: Gateway) -> None:
    await gateway.control.post("/clock", json={"skew_seconds": 600})
    assert failed_checks(await look(gateway)) == {"clock (default)"}


async def test_a_public_url_that_does_not_lead_here_is_reported(gateway: Gateway) -> None:
    for url, reason in (
        ("http://127.0.0.1:1", "cannot be reached"),
        (gateway.sandbox.control_url, "something else answers"),
        (f"{gateway.base_url}/sub", "something else answers"),
    ):
        results = await look(gateway, public_url=url)
        assert failed_checks(results) == {"public URL"}
        assert reason in results["public URL"].text


async def test_a_create_of_unknown_outcome_is_stuck_when_its_time_is_over(gateway: Gateway, tenant: Tenant) -> None:
    fault = {"operation": "create_task", "times": 1, "effect": {"kind": "cut", "at": "after"}}
    await gateway.control.post("/faults", json=fault)
    await tenant.create_task()
    results = await look(gateway)
    assert failed_checks(results) == set()
    assert "1, the oldest for 0:0" in results["unknown outcomes (tasks)"].text
    await _execute(gateway, "UPDATE tasks SET cut_at = :at, next_poll_at = :at", at=utc_now() - HOUR)
    results = await look(gateway)
    assert failed_checks(results) == {"unknown outcomes (tasks)"}
    assert "1, the oldest for 1:0" in results["unknown outcomes (tasks)"].text
    assert "`seedgate tasks resolve`" in results["unknown outcomes (tasks)"].text


async def test_only_creates_of_dead_processes_are_reported(gateway: Gateway, tenant: Tenant) -> None:
    await tenant.new_task()
    submitting = "UPDATE tasks SET status = 'submitting', upstream_id = NULL, next_poll_at = NULL, sent_at = :at"
    await _execute(gateway, submitting, at=utc_now() - HOUR)
    assert failed_checks(await look(gateway)) == set()
    await _execute(gateway, "UPDATE tasks SET instance_id = 'inst_dead'")
    assert failed_checks(await look(gateway)) == {"creates of dead processes"}
    row = "INSERT INTO instances (id, lock_key, started_at, seen_at) VALUES ('inst_dead', 42, :at, :at)"
    await _execute(gateway, row, at=utc_now())
    assert failed_checks(await look(gateway)) == {"creates of dead processes"}
    await _execute(gateway, "DELETE FROM instances WHERE id = 'inst_dead'")


async def test_overdue_polls_are_reported(gateway: Gateway, tenant: Tenant) -> None:
    await tenant.new_task(content=[{"type": "text", "text": "[queue:1000000]"}])
    await tenant.action("CreateAssetGroup", Name="a", GroupType="AIGC")
    await _execute(gateway, "UPDATE tasks SET next_poll_at = :at", at=utc_now() - HOUR)
    results = await look(gateway)
    assert failed_checks(results) == {"overdue polls (tasks)"}
    assert "is a gateway or a worker running" in results["overdue polls (tasks)"].text
    await _execute(gateway, "UPDATE asset_groups SET next_poll_at = :at", at=utc_now() - HOUR)
    assert failed_checks(await look(gateway)) == {"overdue polls (tasks)", "overdue polls (assets)"}


async def test_a_backlog_of_deliveries_and_a_lease_of_a_dead_worker_are_reported(
    gateway: Gateway, tenant: Tenant
) -> None:
    insert = """
        INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, next_attempt_at,
            retry_until, created_at, updated_at)
        VALUES ('msg_1', :tenant, 't', 'http://x', 'http://x', '{}', 'pending', 0, :at, :at, :at, :at)
    """
    await _execute(gateway, insert, tenant=tenant.id, at=utc_now())
    assert failed_checks(await look(gateway)) == set()
    await _execute(gateway, "UPDATE deliveries SET next_attempt_at = :at", at=utc_now() - HOUR)
    assert failed_checks(await look(gateway)) == {"deliveries"}
    await _execute(gateway, "UPDATE deliveries SET lease_token = 'x', lease_until = :at", at=utc_now() - HOUR)
    results = await look(gateway)
    assert failed_checks(results) == {"deliveries", "leases"}
    assert "msg_1" in results["leases"].text


async def test_orphans_and_open_breakers_are_reported_with_the_channels_name(gateway: Gateway) -> None:
    channel = (await gateway.admin.get("/channels")).json()["data"][0]["id"]
    values = {"channel": channel, "at": utc_now()}
    breaker = "INSERT INTO channel_health (channel_id, unknowns, opened_at, updated_at) VALUES (:channel, 5, :at, :at)"
    orphan = """
        INSERT INTO orphans (channel_id, upstream_id, model, service_tier, status, created_at, first_seen_at,
            last_seen_at)
        VALUES (:channel, 'cgt-orphan', 'm', 'default', 'queued', :at, :at, :at)
    """
    await _execute(gateway, breaker, **values)
    await _execute(gateway, orphan, **values)
    results = await look(gateway)
    assert failed_checks(results) == {"orphans", "breakers"}
    assert "`seedgate tasks orphans`" in results["orphans"].text
    assert "default" in results["breakers"].text


async def test_calls_that_the_account_refused_and_a_url_that_cannot_be_one_are_reported(gateway: Gateway) -> None:
    channel = (await gateway.admin.get("/channels")).json()["data"][0]["id"]
    fault = """
        INSERT INTO channel_faults (channel_id, operation, status, code, message, first_at, last_at, times)
        VALUES (:channel, 'create_task', 429, 'SetLimitExceeded', 'Your account is at its limit.', :at, :at, 7)
    """
    await _execute(gateway, fault, channel=channel, at=utc_now())
    wrong = f"{gateway.settings.ark_base_url}/contents/generations/tasks"
    results = await look(gateway, ark_base_url=wrong)
    assert failed_checks(results) == {"channel default (refused calls)", "settings of the channel default"}
    message = results["channel default (refused calls)"].text
    assert message.startswith("create_task 429 SetLimitExceeded, 7 times, last at ")
    assert "Your account is at its limit." in message
    message = results["settings of the channel default"].text
    assert message.startswith("SEEDGATE_ARK_BASE_URL: ")
    assert f": {gateway.settings.ark_base_url}" in message


@pytest.mark.parametrize(("result", "code"), [(passed("a", "b"), 0), (failed("a", "b"), 1)])
def test_it_ends_with_1_when_something_is_broken(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    result: CheckResult,
    code: int,
) -> None:
    async def examined(*_: object) -> list[CheckResult]:
        await asyncio.sleep(0)
        return [result]

    monkeypatch.setattr(sys.modules["app.cli.doctor"], "check_installation", examined)
    monkeypatch.setenv("SEEDGATE_DATABASE_URL", f"postgresql://127.0.0.1:1/{secrets.token_hex(4)}")
    monkeypatch.setenv("SEEDGATE_DATA_DIR", str(tmp_path))  # another ``dev`` may be running on this machine
    monkeypatch.chdir(Path(__file__).parent)
    try:
        command.doctor()
        ended = 0
    except SystemExit as stopped:
        ended = int(str(stopped.code))
    assert ended == code
    assert capsys.readouterr().out == f"{result}\n"


async def test_a_role_with_more_rights_than_on_rows_is_a_warning(gateway: Gateway) -> None:
    assert str((await look(gateway))["database role"]).startswith("ok      database role: seedgate_gateway ")
    results = await look(gateway, database_url=SecretStr(url_of(OWNER, gateway.database_url)))
    assert str(results["database role"]).startswith("warn    database role: seedgate_owner may change the schema")
    assert results["database role"].is_ok, "it works, and no program that calls `doctor` has to stop for it"


@pytest.mark.slow
def test_a_check_of_an_embedded_database_starts_changes_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rights = f"SELECT pg_roles::text || rolcreaterole FROM pg_roles WHERE rolname = '{GATEWAY}'"

    def files(folder: Path) -> dict[str, tuple[int, int]]:
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}

    def diagnosis() -> str:
        with suppress(SystemExit):
            command.doctor()
        return capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    with temporary_folder() as folder:
        monkeypatch.setenv("SEEDGATE_DATA_DIR", str(folder))
        with embedded_server(folder) as server:
            asyncio.run(as_superuser(server.url, f"ALTER ROLE {GATEWAY} CREATEROLE"))
            before = asyncio.run(query(server.url, rights))
            assert "warn    database role: seedgate_gateway has CREATEROLE" in diagnosis()
            assert asyncio.run(query(server.url, rights)) == before

        stopped = files(folder)
        expected = f"ok      embedded server: not running; its data is in {folder}\n"
        assert diagnosis() == f"{expected}ok      public URL: not set: upstream callbacks are not used\n"
        assert files(folder) == stopped

        with ServerUser(folder) as user:
            user.url()
            user.kill()
        left = postmaster_of(folder)
        assert left is not None
        assert "ok      database: the embedded one answers" in diagnosis()
        assert postmaster_of(folder) == left, "what a killed process has left runs on"
        reset(folder)


def test_a_check_creates_no_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SEEDGATE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    command.doctor()
    assert "none yet" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
