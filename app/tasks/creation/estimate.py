"""What a checked create will cost at most, on each channel that may take it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.channel import Channel
from app.money.amounts import currency_of
from app.money.estimates.cost import estimate_cost
from app.money.estimates.tokens import DraftFacts, draft_facts, estimate_tokens
from app.money.prices.index import PriceIndex, Unpriced
from app.tasks.creation.task_create import upstream_model
from app.tasks.repository import TaskRepository
from app.tasks.schemas import AppliedPrice, Estimate
from app.tasks.validation.create import CheckedCreate
from app.tasks.validation.references import DRAFT_TASK


async def find_draft_facts(session: AsyncSession, tenant_id: str, checked: CheckedCreate) -> DraftFacts | None:
    """Returns what is known of the tenant's draft whose final video a create makes; None for any other create."""
    draft_ids = [item[DRAFT_TASK]["id"] for item in checked.fields["content"] if item["type"] == DRAFT_TASK]
    if not draft_ids:
        return None
    row = await TaskRepository(session, tenant_id).find(draft_ids[0])
    if row is None:
        return DraftFacts()
    return draft_facts(row.snapshot or {}, row.parameters, has_video_input=row.has_video_input)


def estimate_on(
    channel: Channel, checked: CheckedCreate, draft: DraftFacts | None, prices: PriceIndex, at: datetime
) -> Estimate:
    """Returns what a create will cost at most when a channel takes it.

    Args:
        channel: one that serves the model.
        checked: the create.
        draft: see ``find_draft_facts``.
        prices: the price list.
        at: when it is created.
    """
    model, currency = upstream_model(checked.model, channel), currency_of(channel.region)
    tokens = estimate_tokens(checked.fields, checked.model, model, draft)
    cost = estimate_cost(tokens, model, currency, prices, at)
    priced = None if isinstance(cost, Unpriced) else cost
    return Estimate(
        upstream_model=model,
        tokens_max=tokens.tokens_max,
        is_exact=tokens.is_exact,
        currency=currency,
        price_micros=None if priced is None else priced.cost_micros,
        price=None if priced is None else AppliedPrice.of(priced.listed.price),
        unpriced=str(cost) if priced is None else None,
    )


def distinct(estimates: Iterable[Estimate]) -> Sequence[Estimate]:
    """Returns the estimates that differ from those before them, in their order."""
    found: list[Estimate] = []
    for estimate in estimates:
        if estimate not in found:
            found.append(estimate)
    return found
