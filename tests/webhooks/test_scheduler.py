"""How slots are allocated to destinations."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.scheduler import Caps, Destination, allocate_slots

CAPS = Caps(total=10, per_tenant=5, per_origin=3)
TENANTS = [f"t{number}" for number in range(4)]
ORIGINS = [f"o{number}" for number in range(4)]
destinations = st.builds(Destination, st.sampled_from(TENANTS), st.sampled_from(ORIGINS))


def _unshuffled(_items: object) -> None:
    pass


@given(st.dictionaries(destinations, st.integers(1, 20)), st.lists(destinations, max_size=10), st.randoms())
def test_no_cap_is_exceeded_and_no_slot_stays_free_that_could_be_used(
    due: dict[Destination, int], busy: list[Destination], drawn: random.Random
) -> None:
    allocated = allocate_slots(due.items(), busy, CAPS, shuffle=drawn.shuffle)
    now = Counter(busy) + Counter(allocated)
    of_tenant: Counter[str] = Counter()
    of_origin: Counter[str] = Counter()
    for destination, count in now.items():
        of_tenant[destination.tenant_id] += count
        of_origin[destination.origin] += count
    for destination, count in allocated.items():
        assert 0 < count <= due[destination]
        assert of_tenant[destination.tenant_id] <= CAPS.per_tenant
        assert of_origin[destination.origin] <= CAPS.per_origin
    assert now.total() <= CAPS.total
    if now.total() < CAPS.total:
        for destination, count in due.items():
            is_full = (
                of_tenant[destination.tenant_id] >= CAPS.per_tenant or of_origin[destination.origin] >= CAPS.per_origin
            )
            assert is_full or allocated.get(destination, 0) == count


def test_one_message_of_each_tenant_comes_before_a_second_of_any() -> None:
    due = [(Destination("loud", f"o{number}"), 8) for number in range(20)] + [(Destination("quiet", "x"), 1)]
    for seed in range(20):
        allocated = allocate_slots(due, [], Caps(total=2, per_tenant=2), shuffle=random.Random(seed).shuffle)
        assert allocated[Destination("quiet", "x")] == 1


def test_one_message_to_each_origin_comes_before_a_second_to_any() -> None:
    due = [(Destination("t", "dead"), 8), (Destination("t", "alive"), 1)]
    assert allocate_slots(due, [], Caps(total=2), shuffle=_unshuffled) == {
        Destination("t", "dead"): 1,
        Destination("t", "alive"): 1,
    }


def test_when_slots_come_free_one_at_a_time_every_tenant_gets_one() -> None:
    due = [(Destination(f"t{number}", "o"), 8) for number in range(50)]
    drawn = random.Random(1)
    served = {
        destination.tenant_id
        for _ in range(1000)
        for destination in allocate_slots(due, [], Caps(total=1), shuffle=drawn.shuffle)
    }
    assert len(served) == 50
