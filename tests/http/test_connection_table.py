"""The limits on the number of connections and the memory of their buffers."""

import resource
from ipaddress import ip_network

import pytest

from app.http.connections import ConnectionLimits, ConnectionTable
from app.main import connection_limits
from app.settings import Settings
from tests.http.driven import TurnLoop

STRANGER, NEIGHBOUR, PROXY = "203.0.113.7", "203.0.113.8", "10.0.0.9"


class Line:
    """A connection that only notes what becomes of it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.port: int | None = None
        self.stalled_at: float | None = None
        self.is_cut = False
        self.checked_at: list[float] = []

    def cut(self) -> None:
        self.is_cut = True

    def stalled_since(self) -> float | None:
        return self.stalled_at

    def check(self, now: float) -> None:
        self.checked_at.append(now)


def table(most: int, **limits: object) -> ConnectionTable:
    return ConnectionTable(ConnectionLimits(max_connections=most, **limits))  # type: ignore[arg-type]


def admit(opened: ConnectionTable, loop: TurnLoop, *addresses: str) -> list[Line]:
    lines = [Line(address) for address in addresses]
    assert [opened.admit(line, loop) for line in lines] == [True] * len(lines)
    return lines


def test_at_the_limit_the_longest_idle_connection_makes_room(loop: TurnLoop) -> None:
    opened = table(3, max_per_address=3)
    busy, oldest, newer = admit(opened, loop, STRANGER, NEIGHBOUR, STRANGER)
    opened.set_idle(busy, is_idle=False)
    admit(opened, loop, PROXY)
    assert [line.is_cut for line in (busy, oldest, newer)] == [False, True, False]
    assert opened.count == 3


def test_a_connection_that_just_got_a_response_is_not_the_longest_idle(loop: TurnLoop) -> None:
    opened = table(2, max_per_address=2)
    first, second = admit(opened, loop, STRANGER, NEIGHBOUR)
    opened.set_idle(first, is_idle=False)
    opened.set_idle(first, is_idle=True)
    admit(opened, loop, PROXY)
    assert second.is_cut
    assert not first.is_cut


def test_while_all_connections_are_busy_a_new_one_is_refused(loop: TurnLoop) -> None:
    opened = table(2, max_per_address=2)
    lines = admit(opened, loop, STRANGER, NEIGHBOUR)
    for line in lines:
        opened.set_idle(line, is_idle=False)
    assert not opened.admit(Line(PROXY), loop)
    assert not any(line.is_cut for line in lines)


def test_where_none_is_idle_the_longest_stalled_body_makes_room(loop: TurnLoop) -> None:
    opened = table(3, max_per_address=3)
    lines = admit(opened, loop, STRANGER, NEIGHBOUR, STRANGER)
    for line, stalled_at in zip(lines, (None, loop.time() - 5, loop.time() - 7), strict=True):
        opened.set_idle(line, is_idle=False)
        line.stalled_at = stalled_at
    loop.pass_time(3)
    admit(opened, loop, PROXY)
    assert [line.is_cut for line in lines] == [False, False, True]


def test_a_body_that_makes_progress_is_not_cut_for_room(loop: TurnLoop) -> None:
    opened = table(1, max_per_address=1)
    (line,) = admit(opened, loop, STRANGER)
    opened.set_idle(line, is_idle=False)
    line.stalled_at = loop.time()
    loop.pass_time(3)
    line.stalled_at = None
    assert not opened.admit(Line(PROXY), loop)
    assert not line.is_cut


def test_a_full_gateway_still_serves_its_metrics(loop: TurnLoop) -> None:
    opened = table(1, max_per_address=1, reserved_port=9090)
    (busy,) = admit(opened, loop, STRANGER)
    opened.set_idle(busy, is_idle=False)
    scraper = Line(STRANGER)
    scraper.port = 9090
    assert opened.admit(scraper, loop)
    assert not busy.is_cut


def test_one_network_does_not_cut_what_others_hold(loop: TurnLoop) -> None:
    opened = table(99, budget_bytes=1000)
    (slow,) = admit(opened, loop, NEIGHBOUR)
    opened.hold(slow, 300)
    strangers = admit(opened, loop, *[STRANGER] * 9)
    for line in strangers:
        opened.hold(line, 200)
    assert not slow.is_cut
    assert [line.is_cut for line in strangers] == [True] * 6 + [False] * 3


def test_one_address_holds_at_most_a_tenth_and_takes_no_room_of_others(loop: TurnLoop) -> None:
    opened = table(40)
    (other,) = admit(opened, loop, NEIGHBOUR)
    strangers = admit(opened, loop, *[STRANGER] * 100)
    assert not other.is_cut
    assert [line.is_cut for line in strangers] == [True] * 96 + [False] * 4
    assert opened.count == 5


def test_the_addresses_of_one_ipv6_network_are_one_address(loop: TurnLoop) -> None:
    opened = table(20)
    lines = admit(opened, loop, "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1")
    assert [line.is_cut for line in lines] == [True, False, False, False]


@pytest.mark.parametrize("address", [PROXY, ""], ids=["a trusted proxy", "a unix socket"])
def test_an_address_of_many_clients_may_hold_all(loop: TurnLoop, address: str) -> None:
    opened = table(40, trusted_proxies=(ip_network("10.0.0.0/8"),))
    assert not any(line.is_cut for line in admit(opened, loop, *[address] * 40))


def test_over_the_budget_the_longest_holding_connections_are_cut(loop: TurnLoop) -> None:
    opened = table(9, max_per_address=9, budget_bytes=100)
    first, second, third = admit(opened, loop, STRANGER, STRANGER, STRANGER)
    opened.hold(first, 40)
    opened.hold(second, 40)
    opened.hold(first, 50)
    opened.hold(third, 20)
    assert [line.is_cut for line in (first, second, third)] == [True, False, False]
    assert opened.held_bytes == 60


def test_released_bytes_and_ended_connections_leave_the_budget(loop: TurnLoop) -> None:
    opened = table(9, max_per_address=9, budget_bytes=100)
    first, second = admit(opened, loop, STRANGER, STRANGER)
    opened.hold(first, 60)
    opened.hold(first, 0)
    opened.hold(second, 60)
    opened.remove(second)
    opened.hold(second, 60)
    assert opened.held_bytes == 0
    assert not first.is_cut
    assert not second.is_cut


def test_a_cut_connection_stays_removed(loop: TurnLoop) -> None:
    opened = table(1)
    (first,) = admit(opened, loop, STRANGER)
    (second,) = admit(opened, loop, STRANGER)
    opened.set_idle(first, is_idle=True)
    opened.hold(first, 1000)
    opened.remove(first)
    loop.pass_time(1)
    assert first.is_cut
    assert (first.checked_at, second.checked_at) == ([], [loop.time()])
    opened.remove(second)
    assert (opened.count, opened.held_bytes) == (0, 0)


def test_deadlines_of_many_connections_are_checked_in_batches(loop: TurnLoop) -> None:
    opened = table(1000, max_per_address=1000)
    lines = admit(opened, loop, *[STRANGER] * 120)
    loop.call_at(loop.time() + 1, lambda: loop.call_soon(turn, 5))
    checked: list[int] = []

    def turn(left: int) -> None:
        checked.append(sum(bool(line.checked_at) for line in lines))
        if left:
            loop.call_soon(turn, left - 1)

    loop.pass_time(1)
    assert {count % 50 for count in checked} <= {0, 20}
    assert len(set(checked)) > 2
    assert [len(line.checked_at) for line in lines] == [1] * 120
    loop.pass_time(1)
    assert [len(line.checked_at) for line in lines] == [2] * 120


def test_the_limit_is_the_setting_or_else_follows_the_descriptor_limit() -> None:
    networks = (ip_network("10.0.0.0/8"),)
    made = connection_limits(Settings(_env_file=None, max_connections=123, trusted_proxies=networks))
    assert (made.max_connections, tuple(made.trusted_proxies)) == (123, networks)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard, "raised"
    assert 64 <= connection_limits(Settings(_env_file=None)).max_connections <= max(64, soft // 2)
