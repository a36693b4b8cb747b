"""Wrong admin tokens are throttled, and the right one is always accepted."""

import pytest

from app.admin.auth_throttle import FREE_FAILURES, SECONDS_PER_FAILURE, AuthThrottle
from tests.support.admin_app import Process
from tests.support.admin_routes import ADMIN_TOKEN
from tests.support.clock import ManualSeconds

GUESSER = "203.0.113.7"


async def _try(process: Process, token: str = "wrong", *, address: str = GUESSER) -> tuple[int, str | None]:
    answer = await process.clients(address).get(
        "/admin/v1/tenants", headers={"Authorization": f"Bearer {token}"} if token else {}
    )
    return answer.status_code, answer.headers.get("retry-after")


async def _use_up(process: Process, *, address: str = GUESSER) -> None:
    for _ in range(FREE_FAILURES):
        assert await _try(process, address=address) == (401, None)


async def test_after_some_wrong_tokens_the_next_ones_are_refused_for_a_while(
    process: Process, seconds: ManualSeconds
) -> None:
    await _use_up(process)

    assert await _try(process) == (429, "3")
    answer = await process.clients(GUESSER).get("/admin/v1/keys", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RateLimitExceeded")
    seconds.now += SECONDS_PER_FAILURE
    assert await _try(process) == (401, None)
    assert await _try(process) == (429, "3")


@pytest.mark.parametrize("address", [GUESSER, "2001:db8:1:2::1", ""], ids=["ipv4", "ipv6", "unix-socket"])
async def test_the_right_token_is_accepted_however_many_wrong_ones_come_from_its_address(
    process: Process, address: str
) -> None:
    await _use_up(process, address=address)
    for number in range(25):
        assert (await _try(process, f"wrong-{number}", address=address))[0] == 429
        assert await _try(process, ADMIN_TOKEN, address=address) == (200, None)
    assert (await process.admin.get("/tenants")).status_code == 200


async def test_a_right_token_resets_no_failures(process: Process) -> None:
    await _use_up(process)
    for _ in range(FREE_FAILURES):
        assert await _try(process, ADMIN_TOKEN) == (200, None)
    assert await _try(process) == (429, "3")


async def test_the_metrics_need_the_right_token_and_count_the_same_failures(process: Process) -> None:
    await _use_up(process)
    for token, status in (("wrong", 429), (ADMIN_TOKEN, 200)):
        headers = {"Authorization": f"Bearer {token}"}
        assert (await process.clients(GUESSER).get("/metrics", headers=headers)).status_code == status


async def test_a_missing_token_and_a_tenants_key_are_not_counted(process: Process) -> None:
    key = (await process.key())["key"]
    for _ in range(FREE_FAILURES):
        assert await _try(process, "") == (401, None)
        assert await _try(process, key) == (401, None)

    assert await _try(process, ADMIN_TOKEN) == (200, None)
    await _use_up(process)
    assert await _try(process, key) == (401, None)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("", "", True),
    ],
)
def test_failures_are_counted_by_network(one: str, other: str, *, is_same: bool) -> None:
    throttle = AuthThrottle(monotonic=lambda: 0.0)
    for _ in range(FREE_FAILURES):
        throttle.record_failure(one)

    assert (throttle.wait_seconds(other) > 0) is is_same


def test_failures_expire() -> None:
    seconds = ManualSeconds()
    throttle = AuthThrottle(monotonic=seconds)
    for _ in range(FREE_FAILURES):
        throttle.record_failure(GUESSER)
    seconds.now += 100 * FREE_FAILURES * SECONDS_PER_FAILURE

    for _ in range(FREE_FAILURES):
        assert throttle.wait_seconds(GUESSER) == 0
        throttle.record_failure(GUESSER)
    assert throttle.wait_seconds(GUESSER) > 0


def test_the_number_of_remembered_networks_is_bounded() -> None:
    throttle = AuthThrottle(monotonic=lambda: 0.0)
    for number in range(30_000):
        throttle.record_failure(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    assert len(throttle) == 10_000
