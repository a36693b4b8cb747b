"""Writing what the upstream says about groups and assets into their rows. Pure: no session, no network.

Whoever brings the news (a tenant's request, the follower), it goes through these functions, and newer news wins:
an answer to a question that was asked before the row was last written is old and changes nothing.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from app.assets.models import AssetGroupRow, AssetRow, AssetStatus

NEW_FOR = timedelta(seconds=60)
"""How long after a create the upstream may truthfully say "not found": it is only eventually consistent."""

MISSING_FOR = timedelta(seconds=60)
"""How far apart two "not found" must be to prove that an object is gone."""

FIRST_LOOK = timedelta(seconds=3)
_LONGEST_PAUSE = timedelta(seconds=60)
_AGE_SHARE = 4
_STATUSES = frozenset(status.value for status in AssetStatus)
_MAX_TEXT_LENGTH = 4096

_log = structlog.get_logger()


def next_look_after(created_at: datetime, now: datetime) -> datetime:
    """Returns when to look at a Processing asset again: after a quarter of its age, from 3 to 60 seconds."""
    return now + min(max((now - created_at) / _AGE_SHARE, FIRST_LOOK), _LONGEST_PAUSE)


def apply_upstream_group(row: AssetGroupRow, item: dict[str, Any], *, asked_at: datetime, now: datetime) -> None:
    """Writes an answer of GetAssetGroup.

    Args:
        row: the group, locked in an open transaction.
        item: the upstream's result.
        asked_at: when the upstream was asked.
        now: the present moment.
    """
    if _is_old_news(row, asked_at):
        return
    _apply_common(row, item, now)
    row.description = _text(item, "Description", row.description)
    row.next_look_at = None
    title = _text(item, "Title", "")
    row.extra = {"Title": title} if title else {}


def apply_upstream_asset(row: AssetRow, item: dict[str, Any], *, asked_at: datetime, now: datetime) -> None:
    """Writes an answer of GetAsset; the submitted URL stays.

    A status that is not known is logged and the last known one stays; Processing never follows a final status.

    Args:
        row: the asset, locked in an open transaction.
        item: the upstream's result.
        asked_at: when the upstream was asked.
        now: the present moment.
    """
    if _is_old_news(row, asked_at):
        return
    _apply_common(row, item, now)
    _apply_status(row, item.get("Status"))
    row.error = _error(item) if row.status == AssetStatus.FAILED else None
    row.extra = _extra(item)
    is_final = row.status != AssetStatus.PROCESSING
    row.next_look_at = None if is_final else next_look_after(row.created_at, now)


def apply_absence(row: AssetGroupRow | AssetRow, *, asked_at: datetime, now: datetime) -> None:
    """Writes that the upstream does not know an object. One such answer never hides it.

    The first is noted, and a second look is due after ``MISSING_FOR``; when that says the same, the object is gone.

    Args:
        row: the group or asset, locked in an open transaction.
        asked_at: when the upstream was asked.
        now: the present moment.
    """
    if _is_old_news(row, asked_at):
        return
    if now - row.created_at < NEW_FOR:
        if row.next_look_at is not None:
            row.next_look_at = next_look_after(row.created_at, now)
    elif row.missing_since is None:
        row.missing_since = now
        row.next_look_at = now + MISSING_FOR
    elif asked_at - row.missing_since < MISSING_FOR:
        row.next_look_at = row.missing_since + MISSING_FOR
    else:
        _log.warning("object_gone_upstream", object=row.id, channel=row.channel_id)
        row.deleted_at = now
        row.next_look_at = None


def from_wire_time(value: object) -> datetime | None:
    """Returns an RFC 3339 time as an aware datetime in UTC, or None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):  # the year 1 in China is the year 0 in UTC, which there is not
        return None


def clean_text(value: str) -> str:
    """Returns a text as PostgreSQL can hold it: without NUL, not absurdly long."""
    return value.replace("\0", "")[:_MAX_TEXT_LENGTH]


def _is_old_news(row: AssetGroupRow | AssetRow, asked_at: datetime) -> bool:
    return row.deleted_at is not None or (row.looked_at is not None and row.looked_at > asked_at)


def _apply_common(row: AssetGroupRow | AssetRow, item: dict[str, Any], now: datetime) -> None:
    row.looked_at = now
    row.missing_since = None
    row.name = _text(item, "Name", row.name)
    row.created_at = from_wire_time(item.get("CreateTime")) or row.created_at
    row.updated_at = from_wire_time(item.get("UpdateTime")) or row.updated_at


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
            clean_text(name): clean_text(value) for name, value in moderation.items() if isinstance(value, str)
        }
    last_used = _text(item, "LastInferenceTime", "")
    if last_used:
        extra["LastInferenceTime"] = last_used
    return extra


def _text(item: dict[str, Any], name: str, otherwise: str) -> str:
    value = item.get(name)
    return clean_text(value) if isinstance(value, str) else otherwise
