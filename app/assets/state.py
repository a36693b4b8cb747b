"""Applies what the upstream says about groups and assets to their rows. Pure: no session, no network.

All changes that come from the upstream, on behalf of a request or of the poller, are made by the ``apply_*`` functions
in this module. Each is given the row, locked in an open transaction, and when the upstream was asked: an answer to a
question that was asked before the row was last written is stale and is ignored.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from app.assets.models import AssetGroupRow, AssetRow, AssetStatus

NEW_FOR = timedelta(seconds=60)
"""How long after a create "not found" proves nothing: the upstream is eventually consistent."""

NOT_FOUND_INTERVAL = timedelta(seconds=60)
"""How far apart two "not found" must be to prove that an object is gone."""

MIN_POLL_INTERVAL = timedelta(seconds=3)
_MAX_POLL_INTERVAL = timedelta(seconds=60)
_POLLS_PER_AGE = 4
_STATUSES = frozenset(status.value for status in AssetStatus)
_MAX_TEXT_LENGTH = 4096
# Twice as many characters as the upstream allows. Names are part of an index, whose entries have at most 2.7 kB.
_MAX_NAME_LENGTH = 128

_log = structlog.get_logger()


def next_poll_after(created_at: datetime, now: datetime) -> datetime:
    """Returns when to poll a Processing asset again: after a quarter of its age, from 3 to 60 seconds."""
    return now + min(max((now - created_at) / _POLLS_PER_AGE, MIN_POLL_INTERVAL), _MAX_POLL_INTERVAL)


def apply_upstream_group(row: AssetGroupRow, item: dict[str, Any], *, asked_at: datetime, now: datetime) -> None:
    """Applies an answer of GetAssetGroup."""
    if _is_stale(row, asked_at):
        return
    _apply_common(row, item, now)
    row.description = _text(item, "Description", row.description)
    row.next_poll_at = None
    title = _text(item, "Title", "")
    row.extra = {"Title": title} if title else {}


def apply_upstream_asset(row: AssetRow, item: dict[str, Any], *, asked_at: datetime, now: datetime) -> None:
    """Applies an answer of GetAsset; the submitted URL is kept.

    An unknown status is logged and the last known one kept; Processing never replaces a final status.
    """
    if _is_stale(row, asked_at):
        return
    _apply_common(row, item, now)
    _apply_status(row, item.get("Status"))
    row.error = _error(item) if row.status == AssetStatus.FAILED else None
    row.extra = _extra(item)
    is_final = row.status != AssetStatus.PROCESSING
    row.next_poll_at = None if is_final else next_poll_after(row.created_at, now)


def apply_not_found(row: AssetGroupRow | AssetRow, *, asked_at: datetime, now: datetime) -> None:
    """Applies the answer "not found". One such answer never hides an object.

    The first is noted, and a second poll is due after ``NOT_FOUND_INTERVAL``; when that says the same, the object is
    gone.
    """
    if _is_stale(row, asked_at):
        return
    if now - row.created_at < NEW_FOR:
        if row.next_poll_at is not None:
            row.next_poll_at = next_poll_after(row.created_at, now)
    elif row.missing_since is None:
        row.missing_since = now
        row.next_poll_at = now + NOT_FOUND_INTERVAL
    elif asked_at - row.missing_since < NOT_FOUND_INTERVAL:
        row.next_poll_at = row.missing_since + NOT_FOUND_INTERVAL
    else:
        _log.warning("object_gone_upstream", object=row.id, channel=row.channel_id)
        row.deleted_at = now
        row.next_poll_at = None


def parse_time(value: object) -> datetime | None:
    """Returns an RFC 3339 time as an aware datetime in UTC; None for any other value."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):  # the year 1 in China is the year 0 in UTC, which does not exist
        return None


def sanitize(value: str) -> str:
    """Returns a text as PostgreSQL can store it: without NUL, of bounded length."""
    return value.replace("\0", "")[:_MAX_TEXT_LENGTH]


def _is_stale(row: AssetGroupRow | AssetRow, asked_at: datetime) -> bool:
    return row.deleted_at is not None or (row.polled_at is not None and row.polled_at > asked_at)


def _apply_common(row: AssetGroupRow | AssetRow, item: dict[str, Any], now: datetime) -> None:
    row.polled_at = now
    row.missing_since = None
    row.name = _text(item, "Name", row.name)[:_MAX_NAME_LENGTH]
    row.created_at = parse_time(item.get("CreateTime")) or row.created_at
    row.updated_at = parse_time(item.get("UpdateTime")) or row.updated_at


def _apply_status(row: AssetRow, status: object) -> None:
    if status not in _STATUSES:
        _log.error("unknown_asset_status", asset=row.id, status=str(status)[:64])
    elif status != AssetStatus.PROCESSING:
        row.status = str(status)


def _error(item: dict[str, Any]) -> dict[str, Any] | None:
    error = item.get("Error")
    return {name: _text(error, name, "") for name in ("Code", "Message")} if isinstance(error, dict) else None


def _extra(item: dict[str, Any]) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    moderation = item.get("Moderation")
    if isinstance(moderation, dict):
        extra["Moderation"] = {
            sanitize(name): sanitize(value) for name, value in moderation.items() if isinstance(value, str)
        }
    last_used = _text(item, "LastInferenceTime", "")
    if last_used:
        extra["LastInferenceTime"] = last_used
    return extra


def _text(item: dict[str, Any], name: str, default: str) -> str:
    value = item.get(name)
    return sanitize(value) if isinstance(value, str) else default
