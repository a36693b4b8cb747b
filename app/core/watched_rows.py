"""Rows that are held in memory for longer than a second, because every change of them is announced.

A trigger of each table announces every change in the transaction of the change. What was read is used
while ``ChangeFeed.is_live`` and no change of it was heard since before the read. Without a live connection, or after a
change, it is used for less than a second, as by ``app.core.ttl_cache`` alone: so a change counts in each process within
a second, whatever has happened to its connection, and a wave of changes costs one read a second.

Computed, not measured: 1,000 clients with a key each that poll every five seconds cost 17 look-ups of keys a second in
place of 200.
"""

from app.core.change_feed import SEPARATOR, ChangeFeed

HELD_SECONDS = 60.0
"""How long a read is used at most, counted from before its query."""

_MAX_NAMES = 10_000


class WatchedRows:
    """Tells whether rows of one kind may have changed. One per process and use.

    Args:
        feed: hears the changes of all processes.
        kind: the kind of rows, the first argument of the triggers.
    """

    def __init__(self, feed: ChangeFeed, kind: str) -> None:
        self._feed = feed
        self._kind = kind
        # The changes are numbered as they are heard.
        self._count = 0
        self._latest_of_all = 0
        self._latest_of: dict[str, int] = {}
        feed.subscribe(self._hear)

    def mark(self) -> int | None:
        """Returns what ``is_unchanged`` wants to know, before a read; None when nothing can be held now."""
        return self._count if self._feed.is_connected else None

    def is_unchanged(self, mark: int | None, name: str = "") -> bool:
        """Whether no process has changed the rows of a name since a mark. Asking keeps the answer true.

        Args:
            mark: ``mark()`` before the rows were read.
            name: the second part of an announcement, such as a tenant's id; only rows that are announced so have one.
        """
        return (
            self._feed.is_live
            and mark is not None
            and mark >= self._latest_of_all
            and mark >= self._latest_of.get(name, 0)
        )

    def _hear(self, announced: str | None) -> None:
        kind, _, name = (announced or "").partition(SEPARATOR)
        if announced is not None and kind != self._kind:
            return
        self._count += 1
        if name and len(self._latest_of) < _MAX_NAMES:
            self._latest_of[name] = self._count
        else:
            self._latest_of_all = self._count
            self._latest_of.clear()
