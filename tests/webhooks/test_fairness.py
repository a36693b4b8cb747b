"""Who may post next."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.fairness import Caps, Lane, share_places

CAPS = Caps(total=10, per_tenant=5, per_origin=3)
TENANTS = [f"t{number}" for number in range(4)]
ORIGINS = [f"o{number}" for number in range(4)]
lanes = st.builds(Lane, st.sampled_from(TENANTS), st.sampled_from(ORIGINS))


def _unshuffled(_items: object) -> None:
    pass


@given(st.dictionaries(lanes, st.integers(1, 20)), st.lists(lanes, max_size=10), st.randoms())
def test_no_cap_is_passed_and_no_place_stays_empty_that_somebody_could_take(
    due: dict[Lane, int], busy: list[Lane], drawn: random.Random
) -> None:
    granted = share_places(due.items(), busy, CAPS, shuffle=drawn.shuffle)
    now = Counter(busy) + Counter(granted)
    of_tenant: Counter[str] = Counter()
    of_origin: Counter[str] = Counter()
    for lane, count in now.items():
        of_tenant[lane.tenant_id] += count
        of_origin[lane.origin] += count
    for lane, count in granted.items():
        assert 0 < count <= due[lane]
        assert of_tenant[lane.tenant_id] <= CAPS.per_tenant
        assert of_origin[lane.origin] <= CAPS.per_origin
    assert now.total() <= CAPS.total
    if now.total() < CAPS.total:
        for lane, count in due.items():
            is_full = of_tenant[lane.tenant_id] >= CAPS.per_tenant or of_origin[lane.origin] >= CAPS.per_origin
            assert is_full or granted.get(lane, 0) == count


def test_one_message_of_each_tenant_comes_before_a_second_of_any() -> None:
    due = [(Lane("loud", f"o{number}"), 8) for number in range(20)] + [(Lane("quiet", "x"), 1)]
    for seed in range(20):
        granted = share_places(due, [], Caps(total=2, per_tenant=2), shuffle=random.Random(seed).shuffle)
        assert granted[Lane("quiet", "x")] == 1


def test_one_message_to_each_origin_comes_before_a_second_to_any() -> None:
    due = [(Lane("t", "dead"), 8), (Lane("t", "alive"), 1)]
    assert share_places(due, [], Caps(total=2), shuffle=_unshuffled) == {Lane("t", "dead"): 1, Lane("t", "alive"): 1}


def test_when_places_come_free_one_at_a_time_everybody_gets_a_turn() -> None:
    due = [(Lane(f"t{number}", "o"), 8) for number in range(50)]
    drawn = random.Random(1)
    served = {
        lane.tenant_id for _ in range(1000) for lane in share_places(due, [], Caps(total=1), shuffle=drawn.shuffle)
    }
    assert len(served) == 50
