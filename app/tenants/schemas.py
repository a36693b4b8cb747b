"""Schemas of what a caller is shown of itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from app.limits.caps import Cap


class CallerTenant(BaseModel):
    """The caller's tenant."""

    id: str
    name: str


class CallerKey(BaseModel):
    """The caller's API key, without its secret."""

    id: str
    name: str
    public_part: str
    expires_at: datetime | None = Field(
        description="when the key stops: at its expiry or at the end of the grace after a rotation"
    )


class CallerLimit(BaseModel):
    """A limit on the caller's requests, and what is left of it."""

    limit: int
    window_seconds: int
    left: int
    resets_in_seconds: int


class CallerBudget(BaseModel):
    """A budget in which the caller's creates count, and what is spent of it in its current period."""

    id: str
    owner: str = Field(description="`tenant`: all its keys spend it; `key`: this one, with those that it replaces")
    amount_micros: int = Field(description="in millionths of `currency`")
    currency: str
    period: str = Field(description="`day`, `month` or `total`")
    time_zone: str
    is_hard: bool = Field(description="whether a create that could exceed it is refused")
    used_micros: int = Field(description="what the tasks of the period cost that have ended")
    held_micros: int = Field(description="the most that its unfinished tasks may cost")
    left_micros: int
    period_ends_at: datetime | None = Field(description="null for `total`")

    @classmethod
    def of_shown(cls, shown: Mapping[str, Any]) -> Self:
        """Returns the view of a budget from what is shown of it to the operator."""
        owner = "tenant" if shown["key_id"] is None else "key"
        return cls(owner=owner, **{name: shown[name] for name in cls.model_fields if name != "owner"})


class CallerCap(BaseModel):
    """A limit on the caller's unfinished tasks."""

    owner: str = Field(
        description="`tenant`: all its keys count; `key`: this one, with those that a rotation links to it"
    )
    model: str | None = Field(description="only the tasks of this model count; null: all")
    limit: int
    left: int = Field(description="how many tasks more may be created before one of them ends")

    @classmethod
    def of_caps(cls, caps: Sequence[Cap], left: Sequence[int]) -> list[Self]:
        """Returns the views of caps, of each of which something is left or nothing."""
        return [
            cls(owner=cap.kind, model=cap.model, limit=cap.limit, left=count)
            for cap, count in zip(caps, left, strict=True)
        ]


class CallerView(BaseModel):
    """The caller and its rights; null lists allow everything."""

    tenant: CallerTenant
    key: CallerKey
    allowed_models: list[str] | None
    allowed_channels: list[str] | None
    permissions: list[str]
    limits: dict[str, CallerLimit] = Field(description="by their names, such as `key-rpm`; empty: none")
    unfinished_tasks: list[CallerCap] = Field(description="how many tasks may be unfinished; empty: any number")
    budgets: list[CallerBudget] = Field(description="in which creates with this key count")
