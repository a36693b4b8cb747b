"""When the background jobs on groups and assets have something to do (``app.core.due_work``)."""

from app.assets.create_spec import CREATE_WINDOW
from app.assets.recovery import INTENT_RETENTION
from app.core.due_work import Probe

POLLS_DUE = Probe(
    """
    LEAST((SELECT min(next_poll_at) FROM assets WHERE next_poll_at IS NOT NULL),
          (SELECT min(next_poll_at) FROM asset_groups WHERE next_poll_at IS NOT NULL)) <= :now
    """
)
"""A group or an asset is to be polled."""

SEARCHES_DUE = Probe(
    """
    (SELECT min(next_search_at) FROM asset_create_intents WHERE next_search_at IS NOT NULL) <= :now
    OR (SELECT min(started_at) FROM asset_create_intents WHERE members IS NULL OR next_search_at > :now)
        < CAST(:now AS timestamptz) - CAST(:intent_retention AS interval)
    OR (SELECT bool_or(instance_id <> :instance_id
                       OR started_at < CAST(:now AS timestamptz) - CAST(:asset_create_window AS interval))
        FROM asset_create_intents WHERE cut_at IS NULL AND members IS NOT NULL)
    """,
    {"intent_retention": INTENT_RETENTION, "asset_create_window": CREATE_WINDOW},
)
"""A create in doubt is to be searched for or deleted, or one that is being carried out may be abandoned."""
