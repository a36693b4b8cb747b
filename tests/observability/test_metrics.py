"""``/metrics``: its access rules, its values, and the bounded number of labels."""

import random
import re
import secrets
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app.admin.backlog import _BACKLOG, read_backlog
from app.admin.metrics import Metrics, gauges
from app.db.base import utc_now
from app.db.engine import open_engine, session_factory
from app.http.sockets import listeners
from app.main import create_app, server_config
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.frozen_gateway import open_frozen_gateway
from tests.support.gateway import TASKS, Gateway
from tests.support.plain import PLAIN
from tests.support.routes import all_routes
from tests.support.serving import serving

ROOT = Path(__file__).resolve().parents[2]


@pytest_asyncio.fixture(scope="session")
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway without background jobs, in which nothing happens but what a test does."""
    async with own_database(database_url) as url, open_frozen_gateway(url) as opened:
        yield opened


async def fetch(gateway: Gateway) -> str:
    """Returns the metrics; those of the database may be almost a second old."""
    answer = await gateway.anonymous.get("/metrics", headers=gateway.admin.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return answer.text


def samples(page: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Returns every series of ours with its value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if family.name.startswith("seedgate_")
    }


def value(page: str, name: str, **labels: str) -> float:
    """Returns the value of one series, 0 when it is not there."""
    return samples(page).get((name, tuple(sorted(labels.items()))), 0.0)


async def test_on_the_main_port_the_metrics_need_the_admin_token(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    assert (await gateway.anonymous.get("/metrics")).status_code == 401
    assert (await tenant.http.get("/metrics")).status_code == 401
    wrong = {"Authorization": f"Bearer {secrets.token_urlsafe(32)}"}
    assert (await gateway.anonymous.get("/metrics", headers=wrong)).status_code == 401
    assert (await gateway.anonymous.get("/metrics", headers=gateway.admin.headers)).status_code == 200


async def test_the_metrics_port_needs_no_token_and_serves_nothing_else(gateway: Gateway) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    origin = "https://app.example.com"
    changes = {"metrics_port": port, "background": "off", "cors_origins": (origin,)}
    settings = gateway.settings.model_copy(update=changes)
    config = server_config(create_app(settings, clock=MovableClock()), host="127.0.0.1", port=0)
    opened = listeners(config, port)
    assert opened is not None
    main = f"http://127.0.0.1:{opened[0].getsockname()[1]}"
    async with serving(config, opened), httpx.AsyncClient(verify=PLAIN) as client:
        metrics = await client.get(f"http://127.0.0.1:{port}/metrics")
        assert (metrics.status_code, "seedgate_database_up 1.0" in metrics.text) == (200, True)
        for path in ("/", "/healthz", "/metrics/", TASKS, "/admin/v1/tenants"):
            assert (
                await client.get(f"http://127.0.0.1:{port}{path}", headers=gateway.admin.headers)
            ).status_code == 404
        asking = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        for path, status in ((TASKS, 404), ("/metrics", 405)):
            preflight = await client.options(f"http://127.0.0.1:{port}{path}", headers=asking)
            assert preflight.status_code == status
            assert not any(name.startswith("access-control-") for name in preflight.headers)
        assert (await client.get(f"{main}/metrics")).status_code == 401
        forged = {"Host": f"127.0.0.1:{port}", "X-Forwarded-Port": str(port)}
        assert (await client.get(f"{main}/metrics", headers=forged)).status_code == 401
        assert (await client.get(f"{main}/healthz")).status_code == 200


async def test_labels_stay_few_whatever_clients_send(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    rng = random.Random(7)

    async def hammer(rounds: int) -> None:
        for _ in range(rounds):
            junk = "".join(rng.choices("abcdefghij0123456789-_.%2f", k=rng.randint(1, 30))).replace("%", "a")
            method = rng.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", junk.upper()[:20]])
            method = re.sub("[^A-Z]", "X", method)
            prefix = rng.choice(["/", f"{TASKS}/", "/api/v3/open/", "/admin/v1/", "/admin/v1/tenants/", "/callbacks/"])
            for client in (tenant.http, gateway.anonymous):
                await client.request(method, f"{prefix}{junk}", params={"Action": junk, "Version": junk})

    # Of the apps of other tests in this process.
    earlier = {dict(labels).get("route") for _, labels in samples(await fetch(gateway))}
    # A scrape is counted when it has been answered, so the first one does not show its own route.
    await fetch(gateway)
    await hammer(20)
    before = set(samples(await fetch(gateway)))
    await hammer(20)
    gateway.expire_caches()
    grown = set(samples(await fetch(gateway))) - before
    known = {dict(labels).get("route") for _, labels in before}
    assert {dict(labels).get("route") for _, labels in grown} <= known
    assert known - earlier <= {None, "none", *(route.path for route in all_routes())}
    words = {word for name, labels in before | grown for key, word in labels if key not in {"route", "le"}}
    assert all(len(word) < 40 for word in words)
    assert tenant.id not in str(before | grown)
    methods = {dict(labels)["method"] for name, labels in before | grown if name == "seedgate_requests_total"}
    assert methods <= {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "other"}


async def test_requests_are_counted_by_route_method_and_class(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    one = {"route": TASKS + "/{task_id}", "method": "GET", "status": "4xx"}
    admins = {"route": "/admin/v1/tenants/{tenant_id}", "method": "GET", "status": "2xx"}
    page = await fetch(gateway)
    for _ in range(3):
        await tenant.http.get(f"{TASKS}/cgt-{secrets.token_hex(4)}")
    await gateway.admin.get(f"/tenants/{tenant.id}")
    after = await fetch(gateway)
    assert value(after, "seedgate_requests_total", **one) - value(page, "seedgate_requests_total", **one) == 3
    assert value(after, "seedgate_requests_total", **admins) - value(page, "seedgate_requests_total", **admins) == 1
    assert value(after, "seedgate_request_seconds_count", route=one["route"]) >= 3


async def test_unfinished_work_is_reported_with_its_age(gateway: Gateway) -> None:
    await gateway.prepare()
    tenant = await gateway.tenant()
    before = await fetch(gateway)
    queued = await tenant.new_task(content=[{"type": "text", "text": "a cat [queue:1000000]"}])
    await gateway.fault("create_task", kind="cut", at="before")
    unknown = (await tenant.create_task()).json()["id"]
    calls = {"operation": "create_task", "outcome": "unknown"}
    row = await gateway.row(queued)
    assert row is not None
    assert row.next_poll_at is not None
    channel = await gateway.channel_id("default")
    async with gateway.sessions.begin() as session:
        await session.execute(_INSERT_ORPHAN, {"channel": channel, "at": gateway.clock()})
        await session.execute(_OPEN_BREAKER, {"channel": channel, "at": gateway.clock()})
        delivery = {"tenant": tenant.id, "at": gateway.clock() + timedelta(seconds=100)}
        await session.execute(_INSERT_DELIVERY, delivery)
    gateway.clock.advance(300)
    gateway.expire_caches()
    after = await fetch(gateway)
    assert value(after, "seedgate_database_up") == 1
    assert value(after, "seedgate_tasks", status="queued") - value(before, "seedgate_tasks", status="queued") == 1
    assert value(after, "seedgate_tasks", status="unknown") - value(before, "seedgate_tasks", status="unknown") == 1
    assert value(after, "seedgate_unknown_outcomes", kind="task") == value(after, "seedgate_tasks", status="unknown")
    assert value(after, "seedgate_oldest_unknown_seconds", kind="task") >= 299
    overdue_seconds = (gateway.clock() - row.next_poll_at).total_seconds()
    assert value(after, "seedgate_oldest_poll_seconds", kind="task") >= overdue_seconds - 10
    assert value(after, "seedgate_overdue_polls", kind="task") >= 1
    assert value(after, "seedgate_orphans") == 1
    assert value(after, "seedgate_open_breakers") == 1
    assert value(after, "seedgate_outbox_messages") == 1
    assert value(after, "seedgate_outbox_oldest_seconds") == pytest.approx(202, abs=3)
    name = "seedgate_upstream_calls_total"
    assert value(after, name, **calls) - value(before, name, **calls) == 1
    assert unknown
    async with gateway.sessions.begin() as session:
        for statement in ("orphans", "channel_health", "deliveries"):
            await session.execute(text(f"DELETE FROM {statement}"))


async def test_without_a_database_the_counters_are_still_served() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nothing")
    page = (await Metrics(session_factory(engine), utc_now).text()).decode()
    await engine.dispose()
    assert value(page, "seedgate_database_up") == 0
    assert "seedgate_database_up 0.0" in page
    assert "# TYPE seedgate_stale_answers_total counter" in page
    assert "seedgate_tasks" not in page
    assert "seedgate_orphans" not in page


async def test_reading_the_metrics_scans_no_large_table(gateway: Gateway) -> None:
    now = gateway.clock()
    async with gateway.sessions.begin() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = text("EXPLAIN " + _BACKLOG.text)
        values = {"now": now, "attempts_since": now, "claimable_since": now}
        plan = "\n".join((await session.scalars(explain, values)).all())
    large = ("tasks", "asset_groups", "assets", "deliveries", "create_attempts")
    assert [table for table in large if re.search(rf"Seq Scan on {table}\b", plan)] == [], plan


async def test_every_metric_is_documented_and_no_other(gateway: Gateway) -> None:
    page = await fetch(gateway)
    exported = set(re.findall(r"^# TYPE (seedgate_\w+) ", page, re.MULTILINE))
    monitoring = (ROOT / "docs/monitoring.md").read_text().partition("\n## Metrics\n")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `(seedgate_[a-z_]+)", monitoring, re.MULTILINE))
    assert documented == exported


async def test_the_alerts_in_the_documentation_ask_for_metrics_that_exist(gateway: Gateway) -> None:
    page = await fetch(gateway)
    exported = set(re.findall(r"^# TYPE (seedgate_\w+) ", page, re.MULTILINE))
    monitoring = (ROOT / "docs/monitoring.md").read_text()
    asked = set(re.findall(r"seedgate_[a-z_]+", "\n".join(re.findall(r"expr: (.*)", monitoring))))
    assert asked
    assert asked <= exported | {f"{name}_bucket" for name in exported}


async def test_all_series_of_the_database_are_there_even_when_there_is_nothing(gateway: Gateway) -> None:
    """An alert on a series that disappears would not be reliable."""
    async with gateway.sessions() as session:
        backlog = await read_backlog(session, now=gateway.clock())
    shown = {(sample.name, *sample.labels.values()) for family in gauges(backlog) for sample in family.samples}
    expected: set[tuple[Any, ...]] = {
        ("seedgate_tasks", word) for word in ("submitting", "unknown", "queued", "running")
    }
    expected |= {("seedgate_oldest_poll_seconds", kind) for kind in ("task", "asset")}
    expected |= {("seedgate_create_attempts", state) for state in ("open", "claimable")}
    assert expected <= shown


_INSERT_ORPHAN = text("""
    INSERT INTO orphans (channel_id, upstream_id, model, service_tier, status, created_at, first_seen_at, last_seen_at)
    VALUES (:channel, 'cgt-orphan', 'm', 'default', 'queued', :at, :at, :at)
""")
_OPEN_BREAKER = text("""
    INSERT INTO channel_health (channel_id, unknowns, opened_at, updated_at) VALUES (:channel, 5, :at, :at)
    ON CONFLICT (channel_id) DO UPDATE SET opened_at = :at
""")
_INSERT_DELIVERY = text("""
    INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, next_attempt_at, retry_until,
        created_at, updated_at)
    VALUES ('msg_1', :tenant, 't', 'http://x', 'http://x', '{}', 'pending', 0, :at, :at, :at, :at)
""")
