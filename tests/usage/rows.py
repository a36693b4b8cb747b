"""Rows of the ledger that a test writes itself."""

import itertools
from datetime import UTC, datetime
from typing import Any

from app.usage.models import LedgerRow
from tests.support.gateway import Gateway

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def row(tenant_id: str, **fields: Any) -> LedgerRow:
    """Returns a settlement of 100 tokens, which cost 10 millionths of a yuan."""
    number = next(_numbers)
    return LedgerRow(
        **{
            "kind": "settlement",
            "tenant_id": tenant_id,
            "key_id": "key_one",
            "task_id": f"task-{number}",
            "upstream_id": f"cgt-{number}",
            "channel_id": "ch_one",
            "model": "seedance-a",
            "upstream_model": "ep-1",
            "service_tier": "default",
            "status": "succeeded",
            "total_tokens": 100,
            "web_searches": 0,
            "currency": "CNY",
            "micros_per_million_tokens": 100_000,
            "cost_micros": 10,
            "is_estimated": False,
            "created_at": NOON,
            "settled_at": NOON,
            **fields,
        }
    )


UNPRICED: dict[str, Any] = {"currency": None, "micros_per_million_tokens": None, "cost_micros": None}
"""The members of a task without a price."""


async def write(gateway: Gateway, *rows: LedgerRow) -> None:
    """Writes rows into the ledger."""
    async with gateway.sessions.begin() as session:
        session.add_all(rows)
