"""The conditions under which the background jobs on tasks are due (``app.core.due_work``)."""

from datetime import timedelta

from app.core.due_work import Probe
from app.tasks.state import MIN_WINDOW, RETENTION

_ACTIVE_CHANNELS = """
    SELECT FROM channels AS c
    WHERE c.status = 'active' AND c.deleted_at IS NULL AND c.ark_api_key_sealed IS NOT NULL
"""

POLLS_DUE = Probe(
    f"""
    (SELECT min(created_at) FROM tasks WHERE next_poll_at IS NOT NULL AND upstream_id IS NOT NULL)
        < CAST(:now AS timestamptz) - CAST(:forgotten_after AS interval)
    OR EXISTS ({_ACTIVE_CHANNELS}
        AND (SELECT min(next_poll_at) FROM tasks
             WHERE channel_id = c.id AND next_poll_at IS NOT NULL AND upstream_id IS NOT NULL) <= :now)
    """,  # noqa: S608 - constants of this module
    {"forgotten_after": RETENTION},
)
"""A task on an active channel is due, or an unfinished task is older than the upstream keeps it."""

# A running lease serves as a schedule: the work is not due again before its end.
SEARCHES_DUE = Probe(
    f"""
    EXISTS ({_ACTIVE_CHANNELS} AND (
        (SELECT min(next_poll_at) FROM tasks
         WHERE channel_id = c.id AND next_poll_at IS NOT NULL AND upstream_id IS NULL) <= :now
        OR c.exclusive AND NOT EXISTS (
            SELECT FROM leases WHERE name = 'sweep:' || c.id AND expires_at > clock_timestamp())
        OR EXISTS (SELECT FROM channel_health WHERE channel_id = c.id AND opened_at IS NOT NULL) AND NOT EXISTS (
            SELECT FROM leases WHERE name = 'probe:' || c.id AND expires_at > clock_timestamp())
    ))
    """  # noqa: S608 - constants of this module
)
"""On an active channel the search for a create of unknown outcome, a sweep or a probe of its breaker is due."""

LEFTOVERS_DUE = Probe(
    """
    (SELECT min(created_at) FROM tasks WHERE status = 'unknown')
        <= CAST(:now AS timestamptz) - CAST(:shortest_window AS interval)
    OR EXISTS (SELECT FROM orphans)
    """,
    {"shortest_window": MIN_WINDOW},
)
"""The window of a create of unknown outcome may be over, or an orphan may have an owner by now."""


def stale_creates(create_window: timedelta) -> Probe:
    """Returns the condition that creates may be stale: one is of another process, or exceeds ``create_window``.

    The job checks whether that process is dead.
    """
    condition = """
        SELECT bool_or(instance_id <> :instance_id
                       OR COALESCE(sent_at, created_at) < CAST(:now AS timestamptz) - CAST(:create_window AS interval))
        FROM tasks WHERE status = 'submitting'
    """
    return Probe(condition, {"create_window": create_window})
