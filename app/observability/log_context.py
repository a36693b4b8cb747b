"""Fields that any layer adds to the log line of the current client request.

Layers below the routes have no request object. They add what they learn, such as the upstream's request id, to the
fields of the request that they work for; outside of a request nothing is recorded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current_fields: ContextVar[dict[str, str] | None] = ContextVar("log_fields_of_request", default=None)


@contextmanager
def collecting_log_fields(fields: dict[str, str]) -> Iterator[None]:
    """Collects in ``fields`` what is added inside the block, and in the tasks that it starts."""
    token = _current_fields.set(fields)
    try:
        yield
    finally:
        _current_fields.reset(token)


def add_log_fields(**fields: str | None) -> None:
    """Adds fields such as ``tenant`` or ``channel`` to the current request's log line; a later value replaces one."""
    current = _current_fields.get()
    if current is not None:
        current.update({name: value for name, value in fields.items() if value})
