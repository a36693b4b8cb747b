"""When the background job on console sessions has something to do (``app.core.due_work``)."""

from app.core.due_work import Probe

SESSIONS_DUE = Probe("(SELECT min(expires_at) FROM console_sessions) <= :now")
"""A session has ended and is to be removed."""
