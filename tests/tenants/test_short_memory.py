"""The memory of the authenticator."""

from app.tenants.short_memory import ShortMemory


def test_a_value_is_known_until_its_moment_is_over() -> None:
    memory: ShortMemory[str, int] = ShortMemory(capacity=10)
    memory.put("a", 1, until=5.0, now=4.0)

    assert memory.get("a", now=4.9) == 1
    assert memory.get("a", now=5.0) is None
    assert memory.get("b", now=4.0) is None


def test_it_never_holds_more_than_its_capacity_and_forgets_the_oldest() -> None:
    memory: ShortMemory[int, int] = ShortMemory(capacity=3)
    for number in range(100):
        memory.put(number, number, until=50.0, now=1.0)
        assert len(memory) <= 3

    assert [memory.get(number, now=1.0) for number in (96, 97, 98, 99)] == [None, 97, 98, 99]


def test_what_is_over_makes_room_by_itself() -> None:
    memory: ShortMemory[str, int] = ShortMemory(capacity=100)
    for number in range(50):
        memory.put(str(number), number, until=2.0, now=1.0)
    memory.put("new", 1, until=9.0, now=8.0)

    assert len(memory) == 1


def test_a_newer_value_replaces_the_older_one() -> None:
    memory: ShortMemory[str, int] = ShortMemory(capacity=2)
    memory.put("a", 1, until=2.0, now=1.0)
    memory.put("b", 1, until=2.5, now=1.0)
    memory.put("a", 2, until=3.0, now=1.5)

    assert memory.get("a", now=2.9) == 2
    assert memory.get("b", now=2.0) == 1
