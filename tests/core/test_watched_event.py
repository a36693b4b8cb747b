"""An event that calls functions when it is set."""

from app.core.watched_event import WatchedEvent


def test_functions_are_called_once_in_order_by_set_or_at_once_when_it_is_set_already() -> None:
    event, called = WatchedEvent(), list[str]()

    def forgotten() -> None:
        called.append("forgotten")

    event.call_when_set(lambda: called.append("first"))
    event.call_when_set(forgotten)
    event.call_when_set(lambda: called.append("second"))
    event.forget(forgotten)
    assert called == []
    event.set()
    event.set()
    assert called == ["first", "second"]
    event.call_when_set(lambda: called.append("late"))
    event.forget(forgotten)
    assert called == ["first", "second", "late"]
