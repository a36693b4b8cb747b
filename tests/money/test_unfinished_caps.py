"""A tenant, a key or a model of theirs has no more unfinished tasks than the operator allows, over all processes."""

import asyncio
from typing import Any

from app.audit.log import Actor
from app.ids import new_id
from app.tenants.service import TenantService
from tests.support.budgets import number
from tests.support.gateway import ENDLESS, FAST, MODEL, TASKS, Gateway, Tenant, get, serve_gateway
from tests.support.gateway import text as prompt

_ACTOR = Actor("admin", "127.0.0.1")


async def limited(gateway: Gateway, *, of_tenant: dict[str, Any] | None = None, **of_key: Any) -> Tenant:
    """Makes a tenant with limits, and a key with others."""
    tenant = await gateway.tenant(limits=of_key or None)
    if of_tenant is not None:
        await TenantService(gateway.sessions, gateway.clock).update_tenant(_ACTOR, tenant.id, {"limits": of_tenant})
    gateway.expire_caches()
    return tenant


async def refused(caller: Tenant, **fields: Any) -> str:
    """Checks that a create is refused by a cap; returns the message."""
    answer = await caller.create_task(content=prompt(ENDLESS), **{**number(), **fields})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (429, "QuotaExceeded"), answer.text
    assert int(answer.headers["retry-after"]) > 0
    return str(error["message"])


async def test_a_create_beyond_the_cap_is_refused_with_its_name_until_a_task_ends(gateway: Gateway) -> None:
    caller = await limited(gateway, of_tenant={"unfinished_tasks": 3}, unfinished_tasks=2)
    other_key = await gateway.key_of(caller.id, allowed_channels=["default"])
    ids = [await caller.new_task(content=prompt(ENDLESS), **number()) for _ in range(2)]
    sent = len(gateway.received("create_task"))
    message = await refused(caller)
    for told in ("`unfinished_tasks` of this API key is 2", "0 are left"):
        assert told in message
    await other_key.new_task(content=prompt(ENDLESS), **number())
    assert "`unfinished_tasks` of this tenant is 3" in await refused(other_key)
    assert len(gateway.received("create_task")) == sent + 1
    await gateway.force(ids[0], "succeeded")
    await get(caller, ids[0])
    await caller.new_task(content=prompt(ENDLESS), **number())
    assert "API key is 2" in await refused(caller)
    assert len(await gateway.rows_of(caller)) == 4


async def test_a_cap_of_a_model_counts_its_tasks_alone_whatever_name_it_is_given_by(gateway: Gateway) -> None:
    name, alias = "doubao-seedance-2-5-260628", "seedance-2.5"
    caller = await limited(gateway, of_tenant={"unfinished_tasks_by_model": {alias: 1}, "unfinished_tasks": 3})
    await caller.new_task(model=name, content=prompt(ENDLESS), **number())
    for model in (name, alias):
        assert f"is 1 of the model {alias}" in await refused(caller, model=model)
    for _ in range(2):
        await caller.new_task(model=FAST, content=prompt(ENDLESS), **number())
    assert "`unfinished_tasks` of this tenant is 3" in await refused(caller, model=FAST)


async def test_creates_over_two_gateways_pass_no_cap_and_leave_no_room_unused(gateway: Gateway) -> None:
    caller = await limited(gateway, of_tenant={"unfinished_tasks": 7}, unfinished_tasks=6)
    other_key = await gateway.key_of(caller.id, allowed_channels=["default"])
    uncapped = await gateway.tenant()
    async with serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as other_url:
        answers = await asyncio.gather(
            *(
                each.http.post(
                    url + TASKS,
                    json={"model": MODEL, "content": prompt(ENDLESS), **number()},
                    headers={"Idempotency-Key": new_id("k")} if attempt % 4 == 0 else {},
                )
                for attempt in range(8)
                for url in (gateway.base_url, other_url)
                for each in (caller, other_key, uncapped)
            )
        )
    statuses = [sorted(answer.status_code for answer in answers[position::3]) for position in range(3)]
    assert statuses[2] == [200] * 16
    assert statuses[0].count(200) <= 6
    assert statuses[0].count(200) + statuses[1].count(200) == 7
    assert set(statuses[0] + statuses[1]) == {200, 429}
    assert len(await gateway.rows_of(caller)) == 7


async def test_what_is_refused_or_never_sent_counts_no_longer_and_an_unknown_outcome_does(gateway: Gateway) -> None:
    caller = await limited(gateway, unfinished_tasks=1)
    await gateway.fault("create_task", kind="error", status=400, code="InvalidParameter")
    assert (await caller.create_task(**number())).status_code == 400
    await gateway.fault("create_task", kind="cut", at="before")
    task_id = await caller.new_task(**number())
    await refused(caller)
    assert (await gateway.admin.post(f"/tasks/{task_id}/resolve", json={"absent": True})).status_code == 200
    await caller.new_task(content=prompt(ENDLESS), **number())


async def test_a_repeated_create_is_counted_once(gateway: Gateway) -> None:
    caller = await limited(gateway, unfinished_tasks=1)
    body = {"model": MODEL, "content": prompt(ENDLESS), **number()}
    answers = await asyncio.gather(
        *(caller.http.post(TASKS, json=body, headers={"Idempotency-Key": "one"}) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_the_keys_that_replace_a_key_share_its_cap(gateway: Gateway) -> None:
    first = await limited(gateway, unfinished_tasks=3, unfinished_tasks_by_model={FAST: 1})
    second = await gateway.rotated(first)
    # Of one key twice, and of its successor once.
    keys = [first, second, await gateway.rotated(first), await gateway.rotated(second)]
    unrelated = await gateway.key_of(first.id, allowed_channels=["default"], limits={"unfinished_tasks": 1})
    await unrelated.new_task(content=prompt(ENDLESS), **number())
    first_id = await keys[0].new_task(model=FAST, content=prompt(ENDLESS), **number())
    for key in keys:
        assert "is 1 of the model" in await refused(key, model=FAST)
    for key in keys[2:]:
        await key.new_task(content=prompt(ENDLESS), **number())
    for key in keys:
        assert "`unfinished_tasks` of this API key is 3" in await refused(key)
        shown = (await key.http.get("/api/v3/whoami")).json()["unfinished_tasks"]
        assert [(cap["limit"], cap["left"]) for cap in shown] == [(3, 0), (1, 0)]
    await gateway.force(first_id, "failed")
    await get(first, first_id)
    await keys[3].new_task(content=prompt(ENDLESS), **number())
    # Each key has the limit that it was given last, for what all of them have.
    assert (await gateway.admin.patch(f"/keys/{second.key_id}", json={"limits": {"unfinished_tasks": 4}})).is_success
    gateway.expire_caches()
    assert "is 3" in await refused(first)
    await second.new_task(content=prompt(ENDLESS), **number())
    assert "is 4" in await refused(second)


async def test_creates_with_a_key_and_its_successor_at_two_gateways_pass_no_cap(gateway: Gateway) -> None:
    first = await limited(gateway, unfinished_tasks=5)
    second = await gateway.rotated(first)
    async with serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as other_url:
        answers = await asyncio.gather(
            *(
                key.http.post(
                    url + TASKS,
                    json={"model": MODEL, "content": prompt(ENDLESS), **number()},
                    headers={"Idempotency-Key": new_id("k")} if attempt % 3 == 0 else {},
                )
                for attempt in range(4)
                for url in (gateway.base_url, other_url)
                for key in (first, second)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 11
    assert len(await gateway.rows_of(first)) == 5


async def test_a_caller_sees_what_is_left_of_its_caps_and_a_dry_run_whether_a_create_fits(gateway: Gateway) -> None:
    alias = "seedance-2.5"
    caller = await limited(
        gateway, of_tenant={"unfinished_tasks_by_model": {alias: 1}, "unfinished_tasks": 2}, unfinished_tasks=5
    )

    async def dry_run(model: str) -> dict[str, Any]:
        body = {"model": model, "content": prompt("a kitten"), **number()}
        limits: dict[str, Any] = (await caller.http.post(TASKS, params={"dry_run": "true"}, json=body)).json()["limits"]
        return limits

    async def check(left: list[tuple[str, str | None, int, int]]) -> None:
        for path in ("/api/v3/whoami", "/api/v3/usage"):
            shown = (await caller.http.get(path)).json()["unfinished_tasks"]
            assert [(cap["owner"], cap["model"], cap["limit"], cap["left"]) for cap in shown] == left

    await check([("key", None, 5, 5), ("tenant", None, 2, 2), ("tenant", alias, 1, 1)])
    limits = await dry_run(alias)
    assert (limits["fits"], [cap["left"] for cap in limits["unfinished_tasks"]]) == (True, [5, 2, 1])
    task_id = await caller.new_task(model=alias, content=prompt(ENDLESS), **number())
    await check([("key", None, 5, 4), ("tenant", None, 2, 1), ("tenant", alias, 1, 0)])
    limits = await dry_run(alias)
    assert (limits["fits"], [cap["fits"] for cap in limits["unfinished_tasks"]]) == (False, [True, True, False])
    # A task of another model does not count in the cap of that one.
    limits = await dry_run(FAST)
    assert (limits["fits"], [cap["left"] for cap in limits["unfinished_tasks"]]) == (True, [4, 1])
    await gateway.force(task_id, "succeeded")
    await get(caller, task_id)
    assert (await dry_run(alias))["fits"] is True


async def test_a_cap_that_was_lowered_below_what_is_unfinished_has_nothing_left(gateway: Gateway) -> None:
    caller = await limited(gateway, unfinished_tasks=2)
    for _ in range(2):
        await caller.new_task(content=prompt(ENDLESS), **number())
    assert (await gateway.admin.patch(f"/keys/{caller.key_id}", json={"limits": {"unfinished_tasks": 1}})).is_success
    gateway.expire_caches()
    shown = (await caller.http.get("/api/v3/whoami")).json()["unfinished_tasks"]
    assert [(cap["limit"], cap["left"]) for cap in shown] == [(1, 0)]


async def test_the_operator_sets_caps_of_known_models(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    limits = {"unfinished_tasks": 5, "unfinished_tasks_by_model": {MODEL: 2}}
    for path in (f"/tenants/{tenant.id}", f"/keys/{tenant.key_id}"):
        changed = await gateway.admin.patch(path, json={"limits": limits})
        assert (changed.status_code, changed.json()["limits"]) == (200, limits)
        wrong = await gateway.admin.patch(path, json={"limits": {"unfinished_tasks_by_model": {"seedance-x": 2}}})
        assert (wrong.status_code, wrong.json()["error"]["param"]) == (
            400,
            "limits.unfinished_tasks_by_model.seedance-x",
        )
