"""Authentication by API key, over HTTP and with two processes on one database."""

import asyncio
import hmac
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.ttl_cache import TtlCache
from app.db.engine import open_engine
from app.errors import ServiceUnavailableError
from app.tenants.api_key import make_key, parse_key
from app.tenants.principal import Principal
from tests.support.admin_app import Process, QueryCount, in_the_future, running_process
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.keys import with_other_secret
from tests.support.timeouts import until


def assert_refused(response: httpx.Response) -> None:
    assert response.status_code == 401, response.text
    error = response.json()["error"]
    assert error["code"] == "AuthenticationError"
    assert "AccessKeyId" in error["message"]


@pytest.mark.parametrize("kind", ["bearer", "x-api-key", "hmac", "hmac and x-api-key"])
async def test_each_way_to_send_a_key_works(process: Process, kind: str) -> None:
    key = (await process.key())["key"]
    signed = "HMAC-SHA256 Credential={}/20261122/cn-beijing/ark/request, SignedHeaders=x-date, Signature=5f31"
    headers = {
        "bearer": {"Authorization": f"bearer {key}"},
        "x-api-key": {"X-Api-Key": key},
        "hmac": {"Authorization": signed.format(key)},
        "hmac and x-api-key": {"Authorization": signed.format("unused"), "X-Api-Key": key},
    }[kind]

    response = await process.clients("203.0.113.7").get("/api/v3/whoami", headers=headers)

    assert response.status_code == 200, response.text


@pytest.mark.parametrize("path", ["/keys/{id}", "/tenants/{tenant_id}"])
async def test_a_key_is_rejected_within_a_second_of_its_end_and_its_tenants_on_every_process(
    process: Process, other_process: Process, seconds: ManualSeconds, path: str
) -> None:
    key = await process.key()
    for one in (process, other_process):
        assert (await one.whoami(key["key"])).status_code == 200

    assert (await process.admin.delete(path.format(**key))).status_code == 204
    seconds.now += 0.95

    for one in (process, other_process):
        assert_refused(await one.whoami(key["key"]))


async def test_a_suspended_tenants_keys_stop_within_a_second_and_work_again_afterwards(
    process: Process, other_process: Process, seconds: ManualSeconds
) -> None:
    key = await process.key()
    assert (await other_process.whoami(key["key"])).status_code == 200

    await process.admin.patch(f"/tenants/{key['tenant_id']}", json={"status": "suspended"})
    seconds.now += 0.95
    refused = await other_process.whoami(key["key"])
    await process.admin.patch(f"/tenants/{key['tenant_id']}", json={"status": "active"})
    seconds.now += 0.95

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AccessDenied")
    assert (await other_process.whoami(key["key"])).status_code == 200


async def test_no_key_outlives_its_tenant(process: Process, engine: AsyncEngine) -> None:
    key = await process.key()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE tenants SET deleted_at = now()"))

    assert_refused(await process.whoami(key["key"]))


async def test_expiry_is_exact_for_a_cached_key_too(process: Process, clock: MovableClock) -> None:
    key = await process.key(expires_at=in_the_future(clock, 3600))

    clock.advance(3590)
    before = await process.whoami(key["key"])
    clock.advance(11)
    after = await process.whoami(key["key"])

    assert before.status_code == 200
    assert_refused(after)


async def test_the_right_public_part_with_another_secret_is_rejected_before_and_after_the_right_key(
    process: Process,
) -> None:
    key = (await process.key())["key"]
    forged = with_other_secret(key)

    assert_refused(await process.whoami(forged))
    assert (await process.whoami(key)).status_code == 200
    assert_refused(await process.whoami(forged))
    assert (await process.whoami(key)).status_code == 200


async def test_secrets_are_compared_in_constant_time(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    key = (await process.key())["key"]
    forged = with_other_secret(key)
    monkeypatch.setattr(hmac, "compare_digest", watched)
    await process.whoami(forged)

    right, wrong = parse_key(key), parse_key(forged)
    assert right is not None
    assert wrong is not None
    assert compared == [(right.secret_hash, wrong.secret_hash)]


async def test_unknown_revoked_expired_and_mistyped_keys_get_the_same_answer(
    process: Process, clock: MovableClock
) -> None:
    revoked = await process.key()
    expired = await process.key(expires_at=in_the_future(clock, 60))
    await process.admin.delete(f"/keys/{revoked['id']}")
    clock.advance(61)

    answers = []
    for key in (make_key().plaintext, revoked["key"], expired["key"], revoked["key"] + "x", "AKLTexample"):
        response = await process.whoami(key)
        answers.append((response.status_code, response.text.replace(response.headers["x-request-id"], "")))

    assert answers[0][0] == 401
    assert len(set(answers)) == 1


async def test_a_mistyped_key_costs_no_query(process: Process, engine: AsyncEngine) -> None:
    key = (await process.key())["key"]
    mistyped = key[:-1] + ("a" if key[-1] != "a" else "b")

    with QueryCount(engine, "") as queries:
        assert_refused(await process.whoami(mistyped))

    assert queries.count == 0


@pytest.mark.parametrize(
    ("allowed", "address", "status"),
    [
        (["203.0.113.7"], "203.0.113.7", 200),
        (["203.0.113.0/24", "2001:db8::/32"], "2001:db8::5", 200),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", 200),
        (["203.0.113.0/24"], "198.51.100.1", 403),
        (["2001:db8::/32"], "203.0.113.7", 403),
    ],
)
async def test_a_key_works_only_from_its_addresses(
    process: Process, allowed: list[str], address: str, status: int
) -> None:
    key = await process.key(allowed_ips=allowed)

    response = await process.whoami(key["key"], address=address)

    assert response.status_code == status, response.text
    assert status == 200 or response.json()["error"]["code"] == "AccessDenied"


async def test_a_cached_key_costs_one_query_a_second(
    process: Process, engine: AsyncEngine, seconds: ManualSeconds
) -> None:
    key = (await process.key())["key"]

    with QueryCount(engine, "JOIN tenants") as queries:
        for _ in range(20):
            await _authenticate(process, key)
        assert queries.count == 1
        seconds.now += 0.95
        await _authenticate(process, key)

    assert queries.count == 2


async def test_many_requests_at_once_share_one_query(process: Process, engine: AsyncEngine) -> None:
    key = (await process.key())["key"]

    with QueryCount(engine, "JOIN tenants") as queries:
        principals = await asyncio.gather(*(_authenticate(process, key) for _ in range(50)))

    assert queries.count == 1
    assert len({principal.key_id for principal in principals}) == 1


async def test_a_key_that_does_not_exist_is_cached_too(process: Process, engine: AsyncEngine) -> None:
    unknown = make_key().plaintext

    with QueryCount(engine, "JOIN tenants") as queries:
        for _ in range(5):
            assert_refused(await process.whoami(unknown))

    assert queries.count == 1


async def test_guessed_keys_fill_no_memory_and_evict_no_real_keys(
    process: Process, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (await process.key())["key"]
    memory: TtlCache[object, bool] = TtlCache(capacity=10)
    monkeypatch.setattr(process.key_cache, "_unknown", memory)
    await _authenticate(process, key)

    for _ in range(40):
        assert_refused(await process.whoami(make_key().plaintext))
    with QueryCount(engine, "JOIN tenants") as queries:
        await _authenticate(process, key)

    assert len(memory) == 10
    assert queries.count == 0


async def test_a_slow_answer_is_not_cached_any_longer(
    process: Process, engine: AsyncEngine, seconds: ManualSeconds
) -> None:
    key = (await process.key())["key"]

    with QueryCount(engine, "JOIN tenants") as queries:
        async with engine.begin() as locking:
            await locking.execute(text("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"))
            first = asyncio.create_task(_authenticate(process, key))
            await until(lambda: queries.count == 1)
            seconds.now += 0.95
            second = asyncio.create_task(_authenticate(process, key))
            await until(lambda: queries.count == 2)
            seconds.now += 0.95
        await asyncio.gather(first, second)
        await _authenticate(process, key)

    assert queries.count == 3


async def test_a_disconnected_client_does_not_cancel_the_look_up_of_others(
    process: Process, engine: AsyncEngine
) -> None:
    key = (await process.key())["key"]

    with QueryCount(engine, "JOIN tenants") as queries:
        async with engine.begin() as locking:
            await locking.execute(text("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"))
            first = asyncio.create_task(_authenticate(process, key))
            await until(lambda: queries.count == 1)
            second = asyncio.create_task(_authenticate(process, key))
            await asyncio.sleep(0)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
        principal = await second

    assert principal.key_public_part == key.split("-")[1]
    assert queries.count == 1


async def test_no_database_is_a_503_and_never_a_401(clock: MovableClock, seconds: ManualSeconds) -> None:
    away = open_engine("postgresql://127.0.0.1:1/nothing")
    try:
        async with running_process(away, clock, seconds) as process:
            response = await process.whoami(make_key().plaintext)
            with pytest.raises(ServiceUnavailableError):
                await _authenticate(process, make_key().plaintext)
    finally:
        await away.dispose()

    assert response.status_code == 503
    assert response.json()["error"]["code"] == "ServiceUnavailable"
    assert response.headers["retry-after"].isdigit()


async def test_a_failed_look_up_is_not_cached(
    process: Process, clock: MovableClock, seconds: ManualSeconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (await process.key())["key"]
    away = open_engine("postgresql://127.0.0.1:1/nothing")
    try:
        async with running_process(away, clock, seconds) as broken:
            assert (await broken.whoami(key)).status_code == 503
            monkeypatch.setattr(broken.key_cache, "_sessions", process.sessions)
            for service in (broken.keys, broken.budgets):
                monkeypatch.setattr(service, "_sessions", process.sessions)
            response = await broken.whoami(key)
    finally:
        await away.dispose()

    assert response.status_code == 200


async def test_the_lists_of_tenant_and_key_are_intersected(process: Process) -> None:
    one, two, three = [await process.channel(name) for name in ("one", "two", "three")]
    tenant = await process.tenant(allowed_models=["a", "b"], allowed_channels=["one", two])
    narrow = await process.key(tenant["id"], allowed_models=["b", "c"], allowed_channels=["two", three])
    wide = await process.key(tenant["id"])
    free = await process.key()

    shown = [(await process.whoami(key["key"])).json() for key in (narrow, wide, free)]

    assert [answer["allowed_models"] for answer in shown] == [["b"], ["a", "b"], None]
    assert [answer["allowed_channels"] for answer in shown] == [[two], sorted([one, two]), None]


async def test_whoami_tells_tenant_key_and_rights_and_no_secret(process: Process, clock: MovableClock) -> None:
    tenant = await process.tenant(name="工作室")
    ends = (clock() + timedelta(days=1)).replace(microsecond=0)
    key = await process.key(tenant["id"], name="ci", expires_at=ends.isoformat())

    response = await process.whoami(key["key"])

    assert response.json() == {
        "tenant": {"id": tenant["id"], "name": "工作室"},
        "key": {
            "id": key["id"],
            "name": "ci",
            "public_part": key["public_part"],
            "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "allowed_models": None,
        "allowed_channels": None,
        "permissions": ["tasks", "assets", "read", "priority", "4k", "flex", "long_expiry"],
        "limits": {},
        "unfinished_tasks": [],
        "budgets": [],
    }
    assert key["key"] not in response.text


async def _authenticate(process: Process, key: str) -> Principal:
    headers = [(b"authorization", f"Bearer {key}".encode())]
    return await process.authenticator.principal(headers, "203.0.113.7")
