"""What an ended task cost, as a row of the ledger. Pure."""

from datetime import datetime
from typing import Any

from app.create_parameters import DEFAULT_TIER
from app.money.amounts import cost_micros
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.responses import to_integer, to_tier
from app.usage.models import LedgerKind, LedgerRow
from app.usage.pricing import Pricing

_MAX_TOKENS = 2**53
_MAX_SEARCHES = 2**31 - 1
_MAX_WORD_LENGTH = 32


def to_ledger_row(row: TaskRow, pricing: Pricing | None, *, is_usage_unseen: bool, now: datetime) -> LedgerRow:
    """Returns the settlement of a task whose final state has just been written into its row.

    Only a succeeded task costs tokens: those that the upstream says. Without its word, a task that may have succeeded
    costs the most that was expected of it, which is its hold. One that turned out to be of a kind without a price costs
    its tokens at the price of its hold: what a budget has held for is never settled as unpriced.

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
        service_tier=to_tier(snapshot.get("service_tier")) or to_tier(row.service_tier) or DEFAULT_TIER,
        has_video_input=row.has_video_input,
        has_audio=_has_audio(snapshot, row.parameters),
        status=row.status,
        total_tokens=tokens,
        web_searches=web_searches_of(snapshot),
        is_estimated=is_estimated,
        created_at=row.created_at,
        settled_at=now,
    )
    if is_estimated and row.estimated_cost_micros is not None:
        _settle_at_hold(settlement, row)
    elif pricing is not None:
        pricing.apply(settlement, listed_at=row.priced_at, currency=row.estimated_currency)
        if settlement.currency is None and row.estimated_micros_per_million_tokens is not None:
            _settle_at_price_of_hold(settlement, row, row.estimated_micros_per_million_tokens)
    return settlement


def _settle_at_hold(settlement: LedgerRow, row: TaskRow) -> None:
    settlement.resolution = row.estimated_resolution
    settlement.currency = row.estimated_currency
    settlement.micros_per_million_tokens = row.estimated_micros_per_million_tokens
    settlement.cost_micros = row.estimated_cost_micros


def _settle_at_price_of_hold(settlement: LedgerRow, row: TaskRow, micros_per_million_tokens: int) -> None:
    """The tokens are known here: otherwise the hold itself is the cost."""
    tokens = settlement.total_tokens or 0
    settlement.currency = row.estimated_currency
    settlement.micros_per_million_tokens = micros_per_million_tokens
    settlement.cost_micros = cost_micros(tokens, micros_per_million_tokens)
    settlement.is_estimated |= tokens > 0


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
