"""The summary: what needs a human with the act that ends it, what is spent, what happens."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from app.tasks.models import TaskStatus
from tests.support.admin_app import Process
from tests.support.clock import MovableClock
from tests.support.tasks import add_task

HOUR = timedelta(hours=1)
MILLION = 1_000_000
CHANNEL = """
    INSERT INTO channels (id, name, ark_base_url, openapi_url, region, projects, exclusive, models, priority, weight,
                          status, status_reason, created_at, updated_at)
    VALUES (:id, :name, '', '', '', '{}', false, '{}', 0, 1, :status, :reason, :now, :now)
"""
DELIVERY = """
    INSERT INTO deliveries (id, tenant_id, task_id, url, origin, body, status, attempts, next_attempt_at, retry_until,
                            last_error, created_at, updated_at)
    VALUES (:id, :tenant, 't', '', :origin, '', :status, :attempts,
            CASE WHEN :status = 'pending' THEN CAST(:at AS timestamptz) + interval '2 days' END, :at, 'no', :at, :at)
"""
LEDGER = """
    INSERT INTO ledger (kind, tenant_id, key_id, task_id, model, upstream_model, service_tier, status, total_tokens,
                        web_searches, currency, cost_micros, is_estimated, created_at, settled_at)
    VALUES (:kind, 't', 'k', :task, 'm', 'm', 'default', :status, :tokens, 0, :currency, :cost, false, :at, :at)
"""


@pytest_asyncio.fixture
async def now(process: Process, clock: MovableClock) -> AsyncIterator[datetime]:
    """The time of the tests: noon in the middle of a month."""
    clock.advance((datetime(2031, 1, 15, 12, 30, tzinfo=UTC) - clock()).total_seconds())
    yield clock()


async def run(process: Process, statement: str, **values: Any) -> None:
    async with process.sessions.begin() as session:
        await session.execute(text(statement), values)


async def summary(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    """Returns the summary, its times in whole seconds: the clock of the tests moves by microseconds."""
    answer = await client.get("/summary", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = json.loads(re.sub(r"\.\d+Z", "Z", answer.text))
    return body


async def findings(process: Process) -> dict[str, dict[str, Any]]:
    found = (await summary(process.admin))["findings"]
    assert len({finding["kind"] for finding in found}) == len(found)
    return {finding["kind"]: finding for finding in found}


async def settle(process: Process, at: datetime, **values: Any) -> None:
    row = {"kind": "settlement", "task": at.isoformat(), "status": "succeeded", "tokens": 100, "currency": "CNY"}
    await run(process, LEDGER, **{**row, "cost": 5 * MILLION, "at": at, **values})


async def test_an_idle_gateway_needs_no_human_and_has_spent_nothing(process: Process, now: datetime) -> None:
    shown = await summary(process.admin)
    assert shown["findings"] == []
    assert shown["tasks"] == {
        "unfinished": dict.fromkeys(("submitting", "unknown", "queued", "running"), 0),
        "ended": {},
    }
    assert shown["spend"] == {
        "time_zone": "UTC",
        "day_begins_at": "2031-01-15T00:00:00Z",
        "month_begins_at": "2031-01-01T00:00:00Z",
        "today": [],
        "month": [],
    }
    assert shown["at"] == "2031-01-15T12:30:00Z"
    assert (shown["series"]["unit"], shown["series"]["ends_at"]) == ("hour", "2031-01-15T13:00:00Z")
    points = shown["series"]["points"]
    assert (len(points), points[0]["begins_at"], points[-1]["begins_at"]) == (
        24,
        "2031-01-14T13:00:00Z",
        "2031-01-15T12:00:00Z",
    )
    empty = {"tasks": 0, "unfinished": 0, "ended": {}, "total_tokens": 0, "costs": {}}
    assert all({**point, **empty} == point for point in points)


async def test_an_unknown_outcome_is_watched_until_the_search_for_it_is_over(
    process: Process, clock: MovableClock, now: datetime
) -> None:
    key = await process.key()
    await add_task(process.sessions, key, TaskStatus.UNKNOWN)
    await run(process, "UPDATE tasks SET cut_at = :now, sent_at = :now", now=now)

    assert await findings(process) == {
        "unknown_outcome": {
            "kind": "unknown_outcome",
            "severity": "watch",
            "count": 1,
            "since": "2031-01-15T12:30:00Z",
            "subject": None,
            "reason": None,
            "see": "/tasks?status=unknown",
            "act": {
                "method": "POST",
                "path": "/tasks/{task_id}/resolve",
                "body": None,
                "command": "seedgate tasks resolve ID",
            },
        }
    }
    assert (await summary(process.admin))["tasks"]["unfinished"]["unknown"] == 1
    clock.advance(21 * 60)
    assert (await findings(process))["unknown_outcome"]["severity"] == "act"


async def test_a_channel_is_named_with_its_breaker_its_faults_and_its_suspension(
    process: Process, clock: MovableClock, now: datetime
) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    await run(process, CHANNEL, id="ch_1", name=hostile, status="suspended", reason="its list is another's", now=now)
    health = "INSERT INTO channel_health VALUES ('ch_1', 5, :now, :now)"
    fault = """
        INSERT INTO channel_faults (channel_id, operation, code, status, message, first_at, last_at, times)
        VALUES ('ch_1', 'create_task', 'Overdue', 403, 'account 21000 is overdue', :now, :now, 7)
    """
    for statement in (health, fault):
        await run(process, statement, now=now)

    found = await findings(process)
    assert set(found) == {"open_breaker", "channel_fault", "suspended_channel"}
    subject = {"type": "channel", "id": "ch_1", "name": hostile, "tenant_id": None}
    assert all(finding["subject"] == subject for finding in found.values())
    assert all(finding["see"] == "/channels/ch_1" for finding in found.values())
    breaker = found["open_breaker"]
    assert (breaker["reason"], breaker["severity"], breaker["since"]) == (
        "unknown_outcomes",
        "watch",
        "2031-01-15T12:30:00Z",
    )
    assert (found["channel_fault"]["count"], found["channel_fault"]["reason"]) == (7, "Overdue")
    assert found["suspended_channel"]["act"] == {
        "method": "PATCH",
        "path": "/channels/ch_1",
        "body": {"status": "active"},
        "command": "seedgate channels activate ch_1",
    }
    clock.advance(11 * 60)
    assert (await findings(process))["open_breaker"]["severity"] == "act"
    await run(process, "UPDATE channel_health SET unknowns = 0")
    assert (await findings(process))["open_breaker"]["reason"] == "not_the_upstream"


async def test_endpoints_that_fail_are_named_the_worst_first(process: Process, now: datetime) -> None:
    tenant = (await process.tenant(name="工作室"))["id"]
    hostile = "https://a.example;rm -rf"
    rows = [
        ("1", "https://worse.example", "failed", 1, HOUR),
        ("2", "https://worse.example", "pending", 2, 2 * HOUR),
        ("3", hostile, "failed", 9, HOUR),
        ("4", "https://fine.example", "delivered", 3, HOUR),
        ("5", "https://first-attempt.example", "pending", 1, HOUR),
        ("6", "https://long-ago.example", "failed", 9, timedelta(days=8)),
    ]
    for number, origin, status, attempts, age in rows:
        values = {"tenant": tenant, "origin": origin, "status": status, "attempts": attempts, "at": now - age}
        await run(process, DELIVERY, id=number, **values)

    worse, other = (await summary(process.admin))["findings"]
    assert (worse["kind"], worse["count"], worse["since"]) == ("failing_endpoint", 2, "2031-01-15T10:30:00Z")
    assert worse["subject"] == {
        "type": "endpoint",
        "id": "https://worse.example",
        "name": "工作室",
        "tenant_id": tenant,
    }
    assert worse["act"] == {
        "method": "POST",
        "path": "/deliveries/resend",
        "body": {"endpoint": "https://worse.example", "tenant": tenant},
        "command": f"seedgate deliveries resend --tenant {tenant} --endpoint https://worse.example",
    }
    assert other["act"]["command"].endswith(f"'{hostile}'")


async def test_work_that_no_process_does_is_found(process: Process, now: datetime) -> None:
    key = await process.key()
    await run(process, CHANNEL, id="ch_1", name="c", status="active", reason=None, now=now)
    for status in (TaskStatus.SUBMITTING, TaskStatus.RUNNING):
        await add_task(process.sessions, key, status)
    await run(process, "UPDATE tasks SET sent_at = :at, instance_id = 'gone'", at=now - HOUR)
    await run(
        process,
        "UPDATE tasks SET next_poll_at = :at, upstream_id = 'u', channel_id = 'ch_1' WHERE status = 'running'",
        at=now - HOUR,
    )
    await run(
        process,
        "INSERT INTO orphans VALUES ('ch_1', 'u2', 'm', 'default', 'running', :now, :now, :now)",
        now=now - 2 * HOUR,
    )
    tenant = key["tenant_id"]
    await run(process, DELIVERY, id="1", tenant=tenant, origin="o", status="pending", attempts=1, at=now)
    await run(
        process,
        "UPDATE deliveries SET next_attempt_at = :at, lease_token = 'l', lease_until = :at",
        at=now - 3 * HOUR,
    )

    found = await findings(process)
    assert {kind: (finding["count"], finding["since"]) for kind, finding in found.items()} == {
        "expired_lease": (1, "2031-01-15T09:30:00Z"),
        "overdue_delivery": (1, "2031-01-15T09:30:00Z"),
        "orphan": (1, "2031-01-15T10:30:00Z"),
        "abandoned_create": (1, "2031-01-15T11:30:00Z"),
        "overdue_task_poll": (1, "2031-01-15T11:30:00Z"),
    }
    assert {finding["severity"] for finding in found.values()} == {"act"}
    assert list(found) == sorted(found, key=lambda kind: (found[kind]["since"], kind)), "the oldest first"


async def test_a_process_that_is_alive_and_silent_is_found(process: Process, now: datetime) -> None:
    silent = "INSERT INTO instances VALUES (:id, :key, :now, :now, now() - interval '2 minutes')"
    await run(process, silent, id="frozen", key=4711, now=now)
    await run(process, silent, id="dead", key=4712, now=now)
    assert await findings(process) == {}
    async with process.sessions.begin() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(4711)"))
        found = await findings(process)
    assert {kind: finding["count"] for kind, finding in found.items()} == {"stale_process": 1}


async def test_the_fullest_budgets_come_first_and_an_exhausted_one_needs_a_human(
    process: Process, now: datetime
) -> None:
    tenant = (await process.tenant())["id"]
    made = """
        INSERT INTO budgets (id, tenant_id, amount_micros, currency, period, time_zone, is_hard, created_at)
        VALUES (:id, :tenant, 100, 'CNY', 'day', 'UTC', true, :now)
    """
    spent = "INSERT INTO budget_periods VALUES (:id, :begins_at, :ends_at, :used, :held)"
    day = datetime(2031, 1, 15, tzinfo=UTC)
    for budget, begins_at, used, held in (
        ("half", day, 20, 30),
        ("full", day, 80, 20),
        ("full-yesterday", day - timedelta(days=1), 100, 0),
    ):
        await run(process, made, id=budget, tenant=tenant, now=now)
        ends_at = begins_at + timedelta(days=1)
        await run(process, spent, id=budget, begins_at=begins_at, ends_at=ends_at, used=used, held=held)

    shown = await summary(process.admin)

    fields = ("id", "amount_micros", "used_micros", "held_micros")
    assert [tuple(row[name] for name in fields) for row in shown["budgets"]] == [
        ("full", 100, 80, 20),
        ("half", 100, 20, 30),
    ]
    (finding,) = shown["findings"]
    assert (finding["kind"], finding["since"], finding["act"]["path"]) == (
        "exhausted_budget",
        "2031-01-15T00:00:00Z",
        "/budgets/full",
    )


async def test_spend_is_summed_by_currency_for_the_day_and_the_month_of_the_time_zone(
    process: Process, now: datetime
) -> None:
    await settle(process, now)
    await settle(process, now, kind="correction", tokens=-10, cost=-MILLION)
    await settle(process, datetime(2031, 1, 14, 17, tzinfo=UTC), currency="USD", cost=7)
    await settle(process, datetime(2031, 1, 1, tzinfo=UTC), currency=None, cost=None)
    await settle(process, datetime(2030, 12, 31, 17, tzinfo=UTC), cost=1)
    await settle(process, datetime(2030, 12, 31, 15, tzinfo=UTC), cost=1)

    def spent(currency: str | None, cost: int, tokens: int, tasks: int, unpriced: int = 0) -> dict[str, Any]:
        return {
            "currency": currency,
            "cost_micros": cost,
            "total_tokens": tokens,
            "tasks": tasks,
            "unpriced_tasks": unpriced,
        }

    cny = spent("CNY", 4 * MILLION, 90, 1)
    usd, unpriced = spent("USD", 7, 100, 1), spent(None, 0, 100, 1, 1)
    shown = await summary(process.admin)
    assert (shown["spend"]["today"], shown["spend"]["month"]) == ([cny], [unpriced, cny, usd])
    (finding,) = shown["findings"]
    assert (finding["kind"], finding["count"], finding["act"]["path"]) == ("unpriced_task", 1, "/prices")
    # There the day began at 16:00 of the day before in UTC, and so did the month.
    in_shanghai = (await summary(process.admin, time_zone="Asia/Shanghai"))["spend"]
    assert in_shanghai["day_begins_at"] == "2031-01-14T16:00:00Z"
    assert in_shanghai["today"] == [cny, usd]
    assert in_shanghai["month"] == [unpriced, spent("CNY", 4 * MILLION + 1, 190, 2), usd]


async def test_tasks_tokens_and_costs_are_drawn_over_hours_and_days(process: Process, now: datetime) -> None:
    key = await process.key()
    await settle(process, now - HOUR)
    await settle(process, now - HOUR, task="b", status="failed", tokens=0, cost=0)
    await settle(process, now - 3 * HOUR, currency=None, cost=None)
    await settle(process, now - timedelta(days=1))
    for _ in range(2):
        await add_task(process.sessions, key, TaskStatus.QUEUED)
    await add_task(process.sessions, key, TaskStatus.SUCCEEDED)
    await run(process, "UPDATE tasks SET created_at = :at", at=now - HOUR)

    shown = await summary(process.admin, hours=3)
    assert shown["series"]["points"] == [
        {
            "begins_at": f"2031-01-15T{hour}:00:00Z",
            "tasks": 0,
            "unfinished": 0,
            "ended": {},
            "total_tokens": 0,
            "costs": {},
        }
        if hour != 11
        else {
            "begins_at": "2031-01-15T11:00:00Z",
            "tasks": 4,
            "unfinished": 2,
            "ended": {"failed": 1, "succeeded": 1},
            "total_tokens": 100,
            "costs": {"CNY": 5 * MILLION},
        }
        for hour in (10, 11, 12)
    ]
    assert shown["tasks"]["ended"] == {"failed": 1, "succeeded": 1}
    days = (await summary(process.admin, days=2))["series"]
    assert [(point["begins_at"], point["tasks"]) for point in days["points"]] == [
        ("2031-01-14T00:00:00Z", 1),
        ("2031-01-15T00:00:00Z", 5),
    ]
    assert days["ends_at"] == "2031-01-16T00:00:00Z"


async def test_points_are_the_days_and_hours_of_the_time_zone(process: Process, clock: MovableClock) -> None:
    async def begins(**query: Any) -> list[str]:
        return [point["begins_at"] for point in (await summary(process.admin, **query))["series"]["points"]]

    # In Berlin the clocks are put forward on this day, which has 23 hours.
    clock.advance((datetime(2031, 3, 30, 20, tzinfo=UTC) - clock()).total_seconds())
    assert await begins(days=2, time_zone="Europe/Berlin") == ["2031-03-28T23:00:00Z", "2031-03-29T23:00:00Z"]
    assert await begins(hours=2, time_zone="Asia/Kolkata") == ["2031-03-30T18:30:00Z", "2031-03-30T19:30:00Z"]
    assert len(await begins(hours=168)) == 168
    assert len(await begins(days=92)) == 92


async def test_a_billing_admin_sees_only_money(process: Process, now: datetime) -> None:
    key = await process.key()
    await add_task(process.sessions, key, TaskStatus.UNKNOWN)
    await settle(process, now)
    token = (await process.admin.post("/admins", json={"name": "b", "role": "billing"})).json()["token"]

    answer = await process.admin.get("/summary", headers={"Authorization": f"Bearer {token}"})

    shown = answer.json()
    assert (answer.status_code, shown["findings"], shown["tasks"]) == (200, None, None)
    assert shown["spend"]["today"][0]["cost_micros"] == 5 * MILLION


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"hours": "0"}, "hours"),
        ({"hours": "169"}, "hours"),
        ({"hours": "1.5"}, "hours"),
        ({"days": "93"}, "days"),
        ({"days": "-1"}, "days"),
        ({"days": "٣"}, "days"),
        ({"hours": "1", "days": "1"}, "days"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"since": "1"}, "since"),
    ],
)
async def test_a_malformed_query_is_refused_by_name(process: Process, query: dict[str, str], name: str) -> None:
    answer = await process.admin.get("/summary", params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, f"InvalidParameter.{name}")
