"""The shares of the body budget, in any order of reservations and releases."""

from hypothesis import given
from hypothesis import strategies as st

from app.http.body_budget import (
    SMALL_BYTES,
    BodyBudget,
    CallbackSender,
    Holding,
    KeySender,
    OperatorSender,
    Sender,
    UnprovenSigner,
)

MEBIBYTE = 1024 * 1024
LIMIT = MEBIBYTE
BUDGET = 16 * MEBIBYTE

HOGS: list[Sender] = [
    *(KeySender("hog", f"key {number}") for number in range(4)),
    *(UnprovenSigner(f"SGAK{number}", "203.0.113.9") for number in range(4)),
    CallbackSender("203.0.113.9"),
    OperatorSender(),
]
OTHERS: list[Sender] = [
    KeySender("other", "key"),
    UnprovenSigner("SGAKother", "198.51.100.1"),
    CallbackSender("198.51.100.1"),
]

step = st.tuples(
    st.sampled_from(HOGS),
    st.sampled_from([0, 1000, LIMIT]),  # announced
    st.lists(st.sampled_from([1, 1000, 60_000, 300_000]), max_size=5),  # pieces that come
    st.sampled_from(["hold", "release", "prove"]),
)


@given(st.lists(step, max_size=60))
def test_no_tenant_or_network_can_use_the_whole_budget(
    steps: list[tuple[Sender, int, list[int], str]],
) -> None:
    budget = BodyBudget(limit_bytes=LIMIT, budget_bytes=BUDGET)
    held: list[Holding] = []
    for sender, announced, pieces, then in steps:
        holding = budget.open(sender, announced_bytes=announced)
        for piece in pieces:
            before = holding.size_bytes
            is_taken = holding.grow(piece)
            assert holding.size_bytes == before + (piece if is_taken else 0)
        if then == "prove":
            holding.move_to(HOGS[0])
        if then == "release":
            holding.release()
        held.append(holding)
        assert budget.held_bytes == sum(one.size_bytes for one in held)
    for sender in OTHERS:
        holding = budget.open(sender, announced_bytes=0)
        assert holding.grow(min(SMALL_BYTES, budget.max_bytes(sender))), sender
        assert holding.grow(budget.max_bytes(sender) - holding.size_bytes), sender
        holding.release()
    for one in held:
        one.release()
        one.release()
    assert budget.held_bytes == 0


def test_a_key_may_hold_one_whole_body_where_its_tenants_share_allows() -> None:
    for budget_bytes, most in [(3 * MEBIBYTE, LIMIT), (BUDGET, LIMIT), (2 * MEBIBYTE, 13 * MEBIBYTE // 16)]:
        budget = BodyBudget(limit_bytes=LIMIT, budget_bytes=budget_bytes)
        assert budget.max_bytes(KeySender("t", "k")) == most


def test_a_growing_body_moves_out_of_the_small_pool() -> None:
    budget = BodyBudget(limit_bytes=LIMIT, budget_bytes=BUDGET)
    sender = KeySender("t", "k")
    small_share = BUDGET // 8 // 4
    grown = budget.open(sender, announced_bytes=0)
    assert grown.grow(SMALL_BYTES - 1)
    assert grown.grow(1)
    small = [budget.open(sender, announced_bytes=1000) for _ in range(small_share // 1000)]
    assert all(one.grow(1000) for one in small), "all of the share is there for them"


def test_an_authenticated_signer_releases_the_unproven_pool() -> None:
    budget = BodyBudget(limit_bytes=LIMIT, budget_bytes=BUDGET)
    signer, key = UnprovenSigner("SGAK", "203.0.113.9"), KeySender("t", "k")
    most = budget.max_bytes(signer)
    for _ in range(3):
        holding = budget.open(signer, announced_bytes=most)
        assert holding.grow(most)
        assert not budget.open(signer, announced_bytes=1).grow(1)
        assert holding.move_to(key)
