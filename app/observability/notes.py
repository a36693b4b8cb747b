"""What a request's log line tells beside the obvious, said by whoever learns it.

The floors below the routes know no request. They note what they learn, such as the upstream's id of the call that they
made, in the notes of the request on whose behalf they run; work that belongs to no request notes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_notes: ContextVar[dict[str, str] | None] = ContextVar("notes_of_request", default=None)


@contextmanager
def noting(notes: dict[str, str]) -> Iterator[None]:
    """Collects in ``notes`` what is noted inside the block, and in the tasks that it starts."""
    token = _notes.set(notes)
    try:
        yield
    finally:
        _notes.reset(token)


def note_for_request(**fields: str | None) -> None:
    """Adds fields to the log line of the request on whose behalf this runs; the last word of a field counts."""
    notes = _notes.get()
    if notes is not None:
        notes.update({name: value for name, value in fields.items() if value})
