"""What an ended task cost, as a row of the ledger. Pure."""

from datetime import datetime
from typing import Any

from app.tasks.models import TaskRow, TaskStatus
from app.tasks.responses import to_integer
from app.usage.models import LedgerKind, LedgerRow
from app.usage.pricing import Pricing

_MAX_TOKENS = 2**53
_MAX_SEARCHES = 2**31 - 1
_MAX_WORD_LENGTH = 32


def to_ledger_row(row: TaskRow, pricing: Pricing | None, *, is_usage_unseen: bool, now: datetime) -> LedgerRow:
    """Returns the settlement of a task whose final state has just been written into its row.

    Only a succeeded task costs tokens: those that the upstream says. Without its word, a task that may have succeeded
    costs the most that was expected of it.

    Args:
        row: the task.
        pricing: the prices; None for a create that made no upstream task, which costs nothing in any currency.
        is_usage_unseen: the upstream has erased the task before its end was seen, so that it may have cost something.
        now: the present moment.
    """
    snapshot = row.snapshot or {}
    has_succeeded = row.status == TaskStatus.SUCCEEDED.value
    is_estimated = is_usage_unseen or (has_succeeded and row.total_tokens is None)
    tokens: int | None = 0
    if is_estimated:
        tokens = row.estimated_tokens
    elif has_succeeded:
        tokens = row.total_tokens
    settlement = LedgerRow(
        kind=LedgerKind.SETTLEMENT.value,
        tenant_id=row.tenant_id,
        key_id=row.key_id,
        task_id=row.id,
        upstream_id=row.upstream_id,
        channel_id=row.channel_id,
        model=row.model,
        upstream_model=row.upstream_model,
        resolution=_word(snapshot, "resolution") or _word(row.parameters, "resolution"),
        service_tier=_word(snapshot, "service_tier") or row.service_tier,
        has_video_input=row.has_video_input,
        has_audio=_has_audio(snapshot, row.parameters),
        status=row.status,
        total_tokens=tokens,
        web_searches=web_searches_of(snapshot),
        is_estimated=is_estimated,
        created_at=row.created_at,
        settled_at=now,
    )
    if pricing is not None:
        pricing.apply(settlement)
    return settlement


def total_tokens_of(body: dict[str, Any]) -> int | None:
    """Returns the billed tokens from the upstream's JSON of a task, or None."""
    total = to_integer(_object(body, "usage").get("total_tokens"))
    return total if total is not None and 0 <= total <= _MAX_TOKENS else None


def web_searches_of(body: dict[str, Any]) -> int:
    """Returns how often the ``web_search`` tool was used, from the upstream's JSON of a task."""
    count = to_integer(_object(_object(body, "usage"), "tool_usage").get("web_search"))
    return count if count is not None and 0 <= count <= _MAX_SEARCHES else 0


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _word(members: dict[str, Any], name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= _MAX_WORD_LENGTH else None


def _has_audio(*sources: dict[str, Any]) -> bool | None:
    told = (source.get("generate_audio") for source in sources)
    return next((value for value in told if isinstance(value, bool)), None)
