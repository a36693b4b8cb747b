"""What a dry run shows of the cost of a create, and what is known of the draft that the create finishes."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.money.estimates.tokens import DraftFacts, draft_facts
from app.money.prices.index import Unpriced
from app.tasks.creation.expected_cost import ExpectedCost
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


def to_estimate(expected: ExpectedCost) -> Estimate:
    """Returns what a dry run shows of a cost."""
    priced = None if isinstance(expected.cost, Unpriced) else expected.cost
    return Estimate(
        upstream_model=expected.upstream_model,
        tokens_max=expected.tokens.tokens_max,
        is_exact=expected.tokens.is_exact,
        currency=expected.currency,
        price_micros=expected.micros,
        price=None if priced is None else AppliedPrice.of(priced.listed.price),
        unpriced=str(expected.cost) if priced is None else None,
    )


def distinct(estimates: Iterable[Estimate]) -> Sequence[Estimate]:
    """Returns the estimates that differ from those before them, in their order."""
    found: list[Estimate] = []
    for estimate in estimates:
        if estimate not in found:
            found.append(estimate)
    return found
