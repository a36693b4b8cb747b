"""What must hold after failures, once everything has settled; the sandbox's ledger is the reference."""

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx

from tests.chaos.clients import Create
from tests.chaos.figures import Figures
from tests.chaos.launcher import Process
from tests.chaos.site import TASKS, Site, Tenant

_AT_ONCE = 8
_UNAVAILABLE = 503
_TRIES = 5
_PAUSE_SECONDS = 0.3
_FOREIGN_SAMPLE = 150
# An account is listed about once a minute.
_LISTING_SECONDS = 150
# Each ended task needs a GET of its own, of which an account has some a second in the background.
_SETTLING_TRIES = 1500
_SETTLED = """
    SELECT upstream_id, sum(total_tokens) AS tokens, count(*) FILTER (WHERE kind = 'settlement') AS settlements
    FROM ledger GROUP BY upstream_id
"""
_BUDGETS_OTHERWISE = """
    SELECT * FROM (
        SELECT b.id, p.starts_at, p.used_micros, p.held_micros,
            (SELECT coalesce(sum(cost_micros), 0) FROM ledger AS l
             WHERE l.tenant_id = b.tenant_id AND l.currency = b.currency AND (b.key_id IS NULL OR b.key_id = l.key_id)
                AND l.created_at >= p.starts_at AND (p.ends_at IS NULL OR l.created_at < p.ends_at)) AS ledger_micros,
            (SELECT coalesce(sum(amount_micros), 0) FROM budget_holds AS h
             WHERE h.budget_id = b.id AND h.period_starts_at = p.starts_at) AS holds_micros
        FROM budgets AS b JOIN budget_periods AS p ON p.budget_id = b.id
    ) AS found WHERE used_micros <> ledger_micros OR held_micros <> holds_micros
"""
_COUNTS_NOTHING = """
    SELECT b.id FROM budgets AS b WHERE NOT EXISTS (SELECT FROM budget_periods AS p WHERE p.budget_id = b.id)
        AND EXISTS (SELECT FROM ledger AS l WHERE l.tenant_id = b.tenant_id AND l.cost_micros > 0)
"""
_HOLDS_LEFT = """
    SELECT h.task_id, t.status FROM budget_holds AS h
    LEFT JOIN tasks AS t ON t.tenant_id = h.tenant_id AND t.id = h.task_id
    WHERE t.status IS NULL OR t.status IN ('succeeded', 'failed', 'expired', 'cancelled')
"""


class Verdict:
    """What became of some creates."""

    def __init__(self, creates: Sequence[Create], ledger: dict[str, Any], owners: list[dict[str, Any]]) -> None:
        """Compares creates with the ledger and the database.

        Args:
            creates: the creates of all clients.
            ledger: the ledger of the sandbox.
            owners: rows of ``tasks``: tenant_id, id, upstream_id, status.
        """
        self.creates = creates
        self._sent = _prompts_sent(ledger)
        self._paid = {
            task["id"]: self._sent.get(task["request_number"], f"unknown request {task['request_number']}")
            for task in ledger["tasks"]
        }
        self._owners = owners
        self._callbacks = ledger["callbacks"]

    def callbacks_of(self, task_id: str) -> str:
        """What was tried to tell the gateway about a paid task, and how each attempt was answered."""
        return ", ".join(
            f"{entry['status']} {entry['at'][11:23]} {entry['answer']}"
            for entry in self._callbacks
            if entry["task_id"] == task_id
        )

    def doubled(self) -> list[str]:
        """Prompts that reached the upstream more than once, or of which it made more than one task."""
        sent = Counter(self._sent.values())
        made = Counter(self._paid.values())
        return sorted(prompt for prompt in sent if sent[prompt] > 1 or made[prompt] > 1)

    def unowned(self) -> set[str]:
        """Paid tasks that belong to no tenant's task."""
        return set(self._paid) - {row["upstream_id"] for row in self._owners}

    def unowned_unless_lost(self) -> list[str]:
        """Those whose callbacks were not all lost: no attempt was made, or one got another answer than none or 503."""
        answers: dict[str, set[int | None]] = {task_id: set() for task_id in self.unowned()}
        for entry in self._callbacks:
            if entry["task_id"] in answers:
                answers[entry["task_id"]].add(entry["answer"])
        kept = [task_id for task_id, found in answers.items() if not found or found - {None, _UNAVAILABLE}]
        return [f"{task_id}: callbacks {self.callbacks_of(task_id)}" for task_id in sorted(kept)]

    def misattributed(self) -> list[str]:
        """Paid tasks that belong to another tenant than that of their create, or to several tasks."""
        wanted_by = {create.prompt: create.tenant.id for create in self.creates}
        counted = Counter(row["upstream_id"] for row in self._owners if row["upstream_id"] is not None)
        wrong = [
            row["upstream_id"]
            for row in self._owners
            if row["upstream_id"] in self._paid
            and wanted_by.get(self._paid[row["upstream_id"]], row["tenant_id"]) != row["tenant_id"]
        ]
        return sorted({*wrong, *(task_id for task_id, times in counted.items() if times > 1)})

    def unanswered(self) -> list[str]:
        """Prompts whose client never got an id."""
        return sorted(create.prompt for create in self.creates if not create.ids)

    def answered_with_two_ids(self) -> list[str]:
        """Prompts whose client got the ids of two different tasks."""
        names: dict[str, str] = {}
        for row in self._owners:
            names[row["id"]] = row["id"]
            if row["upstream_id"] is not None:
                names[row["upstream_id"]] = row["id"]
        return sorted(
            create.prompt for create in self.creates if len({names.get(task_id, task_id) for task_id in create.ids}) > 1
        )


async def gather(site: Site, creates: Sequence[Create]) -> Verdict:
    """Reads the ledger and the database."""
    owners = await site.query("SELECT tenant_id, id, upstream_id, status FROM tasks")
    return Verdict(creates, await site.ledger(), owners)


async def check_creates(
    site: Site,
    gateway: Process,
    creates: Sequence[Create],
    *,
    tell: Callable[[Figures], None],
    kills: int = 0,
    tenants: Sequence[Tenant] = (),
    may_be_unowned: bool = False,
) -> Verdict:
    """Checks that no create was lost, doubled or shown to another tenant, and that nothing is stuck.

    Args:
        site: the processes.
        gateway: a running one, which is asked for the tasks.
        creates: the creates of all clients.
        tell: gets the figures of the test.
        kills: how many of its processes were killed.
        tenants: whose keys must not find the tasks of the others.
        may_be_unowned: a paid task may belong to no tenant. Otherwise only one whose callbacks were all lost may, which
            happens where gateways are killed: on a busy machine, all attempts may fall into restarts. Each of these
            must be in the operator's list of orphans.
    """
    verdict = await gather(site, creates)
    lost = await unknown_ids(site, gateway, creates)
    tell(summed(verdict, lost, kills=kills))
    wrongly_unowned = verdict.unowned_unless_lost() if kills else sorted(verdict.unowned())
    found = {
        "answered with an id that the gateway does not know": lost,
        "never answered with an id": verdict.unanswered(),
        "sent or made more than once": verdict.doubled(),
        "given to another tenant or to two tasks": verdict.misattributed(),
        "answered with two ids": verdict.answered_with_two_ids(),
        "paid and unowned": [] if may_be_unowned else wrongly_unowned,
        "paid, unowned and not shown to the operator": await unlisted(site, gateway, creates),
        "shown to another tenant": await foreign_ids_shown(site, gateway, creates, tenants),
        "settled otherwise than billed": await billed_otherwise(site),
        "budgets that are not what ledger and holds say": await budgets_otherwise(site),
        "stuck": await stuck(site),
    }
    broken = {what: which for what, which in found.items() if which}
    assert broken == {}, broken
    return verdict


async def unknown_ids(site: Site, gateway: Process, creates: Iterable[Create]) -> list[str]:
    """Ids that a client received and about which the gateway does not answer that client."""
    return await _answered_otherwise(
        site, gateway, [(create.tenant, task_id) for create in creates for task_id in create.ids], 200
    )


async def foreign_ids_shown(
    site: Site, gateway: Process, creates: Iterable[Create], tenants: Sequence[Tenant]
) -> list[str]:
    """Ids that another tenant's key finds: in its whole list, or by asking for some."""
    owner_of = {task_id: create.tenant.id for create in creates for task_id in create.ids}
    shown = []
    for tenant in tenants:
        foreign = sorted(task_id for task_id, owner in owner_of.items() if owner != tenant.id)
        asked = random.sample(foreign, min(_FOREIGN_SAMPLE, len(foreign)))
        shown += await _answered_otherwise(site, gateway, [(tenant, task_id) for task_id in asked], 404)
        listed = await listed_ids(site, gateway, tenant)
        shown += [task_id for task_id in listed if owner_of.get(task_id, tenant.id) != tenant.id]
    return sorted(shown)


async def listed_ids(site: Site, gateway: Process, tenant: Tenant) -> list[str]:
    """All ids in a tenant's list."""
    ids: list[str] = []
    for page in range(1, 100):
        answer = await site.http.get(
            gateway.url + TASKS, params={"page_num": page, "page_size": 500}, headers=tenant.headers
        )
        items = answer.raise_for_status().json()["items"]
        ids += [item["id"] for item in items]
        if not items:
            break
    return ids


async def unlisted(site: Site, gateway: Process, creates: Sequence[Create]) -> list[str]:
    """Tasks without an owner that are not among the orphans once the account has been listed again."""

    async def find() -> set[str]:
        # Anew each time: a task that gets its owner meanwhile leaves the orphans.
        return (await gather(site, creates)).unowned() - await orphans(site, gateway)

    missing = await find()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LISTING_SECONDS):
            while missing:
                await asyncio.sleep(_PAUSE_SECONDS)
                missing = await find()
    return sorted(missing)


async def orphans(site: Site, gateway: Process) -> set[str]:
    """The upstream ids in the operator's list of orphans."""
    found: set[str] = set()
    after: dict[str, str] = {}
    while True:
        page = await site.admin(gateway, "GET", "/orphans", params={"limit": "100", **after})
        found |= {orphan["upstream_id"] for orphan in page["data"]}
        if not page["has_more"]:
            return found
        after = {"after": page["next_cursor"]}


async def billed_otherwise(site: Site) -> list[str]:
    """What the ledger says otherwise than the upstream's bill, a line each, once all ended tasks are settled.

    The tokens of the ledger and those of the tasks that no tenant owns must be the bill.
    """
    differences: list[str] = []
    for _ in range(_SETTLING_TRIES):
        differences = await _differences_to_bill(site)
        if not differences:
            break
        await asyncio.sleep(_PAUSE_SECONDS)
    return differences


async def _differences_to_bill(site: Site) -> list[str]:
    owned = {row["upstream_id"] for row in await site.query("SELECT upstream_id FROM tasks")}
    bill = await site.ledger()
    settled = {row["upstream_id"]: row for row in await site.query(_SETTLED)}
    ended_twice = [row["upstream_id"] for row in settled.values() if row["upstream_id"] and row["settlements"] != 1]
    found = [f"{upstream_id}: settled more than once" for upstream_id in ended_twice]
    orphaned = 0
    for task in bill["tasks"]:
        task_id, billed = task["id"], task["billed_tokens"]
        if task_id in settled:
            if settled[task_id]["tokens"] != billed:
                found.append(f"{task_id}: settled with {settled[task_id]['tokens']}, billed {billed}")
        elif task_id not in owned:
            orphaned += billed
        elif billed:
            found.append(f"{task_id}: billed {billed}, not settled")
    total = sum(int(row["tokens"] or 0) for row in settled.values()) + orphaned
    if total != bill["billed_tokens"]:
        found.append(f"ledger and orphans: {total}, the bill: {bill['billed_tokens']}")
    return found


async def budgets_otherwise(site: Site) -> list[str]:
    """Periods that differ from the ledger and the holds, and holds of tasks that have ended or never were.

    A budget without a period, of a tenant whose tasks cost something, is named, too: of it nothing would be compared.
    """
    queries = (_BUDGETS_OTHERWISE, _COUNTS_NOTHING, _HOLDS_LEFT)
    return [str(row) for query in queries for row in await site.query(query)]


async def stuck(site: Site) -> list[str]:
    """What is held and will never be released, a line each."""
    found = []
    for what, query in _STUCK.items():
        rows = await site.query(query)
        found += [f"{what}: {row}" for row in rows]
    return found


def summed(verdict: Verdict, lost_ids: Sequence[str], *, kills: int) -> Figures:
    """Returns the figures of a test."""
    return Figures(
        kills=kills,
        creates=len(verdict.creates),
        lost=len(verdict.unanswered()) + len(lost_ids),
        doubled=len(verdict.doubled()),
        orphaned=len(verdict.unowned()),
    )


_STUCK = {
    "an intent of a process that is gone": "SELECT id FROM tasks WHERE status = 'submitting'",
    "an unfinished task that is never polled again": (
        "SELECT id, status FROM tasks WHERE status IN ('queued', 'running', 'unknown') AND deleted_at IS NULL "
        "AND (next_poll_at IS NULL OR next_poll_at > now() + interval '150 seconds')"
    ),
    # The lease of a sweep or of the watch over a channel is a schedule: it keeps the next one away for ten minutes.
    "a lease that outlives its holder": (
        "SELECT name, expires_at FROM leases WHERE name NOT LIKE 'sweep:%' AND name NOT LIKE 'watch:%' "
        "AND expires_at > now() + interval '150 seconds'"
    ),
    "a delivery that cannot be claimed": (
        "SELECT id FROM deliveries WHERE next_attempt_at IS NOT NULL AND lease_until > now() + interval '150 seconds'"
    ),
    "a transaction that is never ended": (
        "SELECT pid, query FROM pg_stat_activity WHERE datname = current_database() "
        "AND state LIKE 'idle in transaction%' AND now() - state_change > interval '10 seconds'"
    ),
}


def _prompts_sent(ledger: dict[str, Any]) -> dict[int, str]:
    """Request number → prompt, of every create whose whole body arrived and that was not plainly refused."""
    return {
        entry["number"]: json.loads(entry["body"])["content"][0]["text"]
        for entry in ledger["requests"]
        if entry["operation"] == "create_task" and entry["body"] is not None and not _is_refused(entry)
    }


def _is_refused(entry: dict[str, Any]) -> bool:
    """Whether the answer said that nothing was accepted: such a create may be sent again."""
    status = entry["status"] or 0
    return entry["ended"] == "answered" and 400 <= status < 500 and status != 408


async def _answered_otherwise(
    site: Site, gateway: Process, asked: Sequence[tuple[Tenant, str]], wanted: int
) -> list[str]:
    """Asks for tasks and returns the ids that were not answered as wanted."""
    limit = asyncio.Semaphore(_AT_ONCE)

    async def ask(tenant: Tenant, task_id: str) -> str | None:
        async with limit:
            answer = await _get(site.http, gateway, tenant, task_id)
        return None if answer.status_code == wanted else task_id

    answers = await asyncio.gather(*(ask(tenant, task_id) for tenant, task_id in asked))
    return sorted(task_id for task_id in answers if task_id is not None)


async def _get(http: httpx.AsyncClient, gateway: Process, tenant: Tenant, task_id: str) -> httpx.Response:
    """Asks for a task; after 503 again, as SDKs do: the database may have been restarted a moment ago."""
    for _ in range(_TRIES):
        answer = await http.get(f"{gateway.url}{TASKS}/{task_id}", headers=tenant.headers)
        if answer.status_code != _UNAVAILABLE:
            break
        await asyncio.sleep(_PAUSE_SECONDS)
    return answer
