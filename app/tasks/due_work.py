"""When the background jobs on tasks have something to do (``app.core.due_work``)."""

from datetime import timedelta

from app.core.due_work import Probe
from app.tasks.state import MIN_WINDOW, RETENTION

_ACTIVE_CHANNELS = """
    SELECT FROM channels AS c
    WHERE c.status = 'active' AND c.deleted_at IS NULL AND c.ark_api_key_sealed IS NOT NULL
"""

POLLS_DUE = Probe(
    f"""
    (SELECT min(created_at) FROM tasks WHERE next_look_at IS NOT NULL AND upstream_id IS NOT NULL)
        < CAST(:now AS timestamptz) - CAST(:forgotten_after AS interval)
    OR EXISTS ({_ACTIVE_CHANNELS}
        AND (SELECT min(next_look_at) FROM tasks
             WHERE channel_id = c.id AND next_look_at IS NOT NULL AND upstream_id IS NOT NULL) <= :now)
    """,  # noqa: S608 - constants of this module
    {"forgotten_after": RETENTION},
)
"""On an active channel a task is due to be asked about, or the upstream has forgotten some unfinished task."""

# A lease that runs is a schedule here: the work was begun and is not due again before its end.
SEARCHES_DUE = Probe(
    f"""
    EXISTS ({_ACTIVE_CHANNELS} AND (
        (SELECT min(next_look_at) FROM tasks
         WHERE channel_id = c.id AND next_look_at IS NOT NULL AND upstream_id IS NULL) <= :now
        OR c.exclusive AND NOT EXISTS (
            SELECT FROM leases WHERE name = 'sweep:' || c.id AND expires_at > clock_timestamp())
        OR EXISTS (SELECT FROM channel_health WHERE channel_id = c.id AND opened_at IS NOT NULL) AND NOT EXISTS (
            SELECT FROM leases WHERE name = 'probe:' || c.id AND expires_at > clock_timestamp())
    ))
    """  # noqa: S608 - constants of this module
)
"""On an active channel a create of unknown outcome is to be looked for, a sweep is due, or a probe of its breaker."""

LEFTOVERS_DUE = Probe(
    """
    (SELECT min(created_at) FROM tasks WHERE status = 'unknown')
        <= CAST(:now AS timestamptz) - CAST(:shortest_window AS interval)
    OR EXISTS (SELECT FROM orphans)
    """,
    {"shortest_window": MIN_WINDOW},
)
"""The window of some create of unknown outcome may be over, or some orphan may have found its owner."""


def stale_creates(create_window: timedelta) -> Probe:
    """Returns when creates may be abandoned: another process carries one, or one takes longer than ``create_window``.

    Whether that process is dead is what the job finds out.
    """
    condition = """
        SELECT bool_or(instance_id <> :instance_id
                       OR COALESCE(sent_at, created_at) < CAST(:now AS timestamptz) - CAST(:create_window AS interval))
        FROM tasks WHERE status = 'submitting'
    """
    return Probe(condition, {"create_window": create_window})
