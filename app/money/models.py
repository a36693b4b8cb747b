"""Tables of money."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt, StrList


class PriceRow(Base):
    """A price (``app.money.prices.price.Price``) and when it was in the list; only ``replaced_at`` ever changes."""

    __tablename__ = "prices"

    id: Mapped[BigInt] = mapped_column(Identity(always=True), primary_key=True)
    upstream_model: Mapped[str]
    resolution: Mapped[str | None]
    has_video_input: Mapped[bool | None]
    service_tier: Mapped[str | None]
    has_audio: Mapped[bool | None]
    currency: Mapped[str]
    micros_per_million_tokens: Mapped[BigInt]
    valid_from: Mapped[datetime]
    recorded_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]


class BudgetRow(Base):
    """How much a tenant, or one of its keys, may spend in a period.

    Only ``amount_micros``, ``is_hard``, ``successor_ids`` and ``deleted_at`` ever change: what was counted in another
    currency or by another calendar would not fit.

    Attributes:
        key_id: the key whose creates count; None: those of all keys of the tenant.
        successor_ids: the keys that have replaced it, whose creates count, too. A trigger of the keys adds them.
        amount_micros: in millionths of ``currency``.
        period: an ``app.money.budgets.period.PeriodKind``.
        time_zone: the IANA name of the zone of the calendar.
        is_hard: a create that could exceed it is refused.
        deleted_at: it is no longer in force.
    """

    __tablename__ = "budgets"
    __table_args__ = (
        CheckConstraint("amount_micros > 0", name="amount_positive"),
        CheckConstraint("period IN ('day', 'month', 'total')", name="period_known"),
        Index("ix_budgets_tenant_id", "tenant_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    key_id: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id"))
    successor_ids: Mapped[StrList] = mapped_column(server_default=text("'{}'"))
    amount_micros: Mapped[BigInt]
    currency: Mapped[str]
    period: Mapped[str]
    time_zone: Mapped[str]
    is_hard: Mapped[bool]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class BudgetPeriodRow(Base):
    """What is used and held of a budget in one period; made by the first create in it.

    Both amounts are derived: ``used_micros`` from the rows of the ledger whose tasks were created in the period,
    ``held_micros`` from the rows of ``BudgetHoldRow``.

    Attributes:
        starts_at: the first moment of the period.
        ends_at: the first moment after it; None: it does not end.
        warned_percent: the highest mark of which the operator was notified (``app.money.budgets.notices``).
        refused_at: when it first had no room for a create, roughly; None: it never had.
        is_refusal_told: whether the operator was notified of that.
    """

    __tablename__ = "budget_periods"
    __table_args__ = (Index("ix_budget_periods_ends_at", "ends_at"),)

    budget_id: Mapped[str] = mapped_column(ForeignKey("budgets.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime | None]
    used_micros: Mapped[BigInt]
    held_micros: Mapped[BigInt]
    warned_percent: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    refused_at: Mapped[datetime | None]
    is_refusal_told: Mapped[bool] = mapped_column(server_default=text("false"))


class BudgetHoldRow(Base):
    """The most that an unfinished task may cost, in one of the budgets in which it counts.

    Without foreign keys: a hold is taken before its task is inserted, and taken away with it.
    """

    __tablename__ = "budget_holds"
    __table_args__ = (Index("ix_budget_holds_budget_id", "budget_id", "period_starts_at"),)

    tenant_id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(primary_key=True)
    budget_id: Mapped[str] = mapped_column(primary_key=True)
    period_starts_at: Mapped[datetime]
    amount_micros: Mapped[BigInt]
