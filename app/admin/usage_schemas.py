"""Schemas of the comparison of the ledger: ``GET /admin/v1/usage/check`` answers one JSON object a line."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class UsageDifference(BaseModel):
    """A task whose row in the ledger, own row and upstream task do not agree."""

    type: Literal["difference"] = "difference"
    kind: Literal["upstream", "task", "not_settled"] = Field(
        description="the ledger has other tokens than the upstream, or than the task's row; or no row at all"
    )
    tenant_id: str | None
    task_id: str | None = Field(description="our own id")
    upstream_id: str | None
    ledger_tokens: int | None = Field(description="with corrections; null when there is no figure")
    other_tokens: int | None = Field(description="of the upstream, or of the task's row")
    is_estimated: bool


class UsageOrphan(BaseModel):
    """An upstream task that no tenant owns: in the upstream's bill, and in no row of the ledger."""

    type: Literal["orphan"] = "orphan"
    upstream_id: str
    channel_name: str
    model: str
    status: str
    total_tokens: int | None
    created_at: datetime | None


class UsageListEnd(BaseModel):
    """The end of one account's list.

    ``upstream_tokens`` is ``ledger_tokens``, ``unsettled_tokens`` and ``orphan_tokens`` together, unless there are
    differences.
    """

    type: Literal["list"] = "list"
    channel_id: str
    channel_name: str
    listed: int = Field(description="tasks of the last seven days")
    settled: int
    unsettled: int = Field(description="tasks whose end has not been seen yet")
    orphans: int
    upstream_tokens: int
    ledger_tokens: int
    unsettled_tokens: int
    orphan_tokens: int
    is_complete: bool = Field(description="false: something may be missing")
    problem: str | None = Field(description="why")
