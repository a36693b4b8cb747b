"""Reads the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.audit.models import AuditRow
from app.db.page import PLAN_FOR_VALUES
from app.http.paging import ALWAYS, PageRequest, Period, not_a_cursor

_MAX_ID_DIGITS = 18
_SEPARATOR = " "


@dataclass(frozen=True)
class AuditedKey:
    """An API key whose rows are wanted: of what was done to it and with it.

    Attributes:
        id: the target of what was done to it, and the author of what was done with it, such as a sign-in.
        rotated_from: the key that it replaced: the target of the rotation that made it.
        created_at: the time of that rotation.
    """

    id: str
    rotated_from: str | None
    created_at: datetime

    def parts(self) -> list[ColumnElement[bool]]:
        """Returns conditions that no row meets two of, each of which an index has in the order of the log."""
        is_target = AuditRow.target_id == self.id
        parts = [is_target, (AuditRow.actor_id == self.id) & ~is_target]
        if self.rotated_from is not None:
            is_rotation = (AuditRow.action == "key.rotate") & (AuditRow.detail["new_key"].astext == self.id)
            parts.append((AuditRow.target_id == self.rotated_from) & (AuditRow.at == self.created_at) & is_rotation)
        return parts


@dataclass(frozen=True)
class AuditSearch:
    """Filter of the log; None means all.

    Attributes:
        tenant_id: the tenant that a change concerns.
        target_id: the changed object.
        action: such as ``key.create``.
        actor: the name of an admin or a command.
        key: the API key.
        period: the time of the change.
    """

    tenant_id: str | None = None
    target_id: str | None = None
    action: str | None = None
    actor: str | None = None
    key: AuditedKey | None = None
    period: Period = ALWAYS


class WholeAuditLog:
    """The audit rows of all tenants, for the operator."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, entry_id: str) -> AuditRow | None:
        """Returns the row with this id, or None; a text that cannot be an id is the id of none."""
        return await self._session.get(AuditRow, int(entry_id)) if _is_number(entry_id) else None

    async def page(self, page: PageRequest, wanted: AuditSearch) -> Sequence[AuditRow]:
        """Returns rows newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        query = select(AuditRow).where(*wanted.period.conditions(AuditRow.at))
        names = ("tenant_id", "target_id", "action", "actor")
        filters = {name: getattr(wanted, name) for name in names if getattr(wanted, name) is not None}
        query = query.filter_by(**filters)
        if page.after is not None:
            query = query.where(tuple_(AuditRow.at, AuditRow.id) < _to_position(page.after))
        await self._session.execute(PLAN_FOR_VALUES)
        found = _newest(query, page.limit + 1) if wanted.key is None else _newest_of(wanted.key, query, page.limit + 1)
        return (await self._session.scalars(found)).all()


def _newest(query: Select[AuditRow], limit: int) -> Select[AuditRow]:
    return query.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit)


def _newest_of(key: AuditedKey, query: Select[AuditRow], limit: int) -> Select[AuditRow]:
    """Returns the statement for the newest rows of a key: the newest of each part, since one ``OR`` would sort all."""
    parts = union_all(*(_newest(query.where(part), limit) for part in key.parts())).subquery()
    row = aliased(AuditRow, parts)
    return select(row).order_by(row.at.desc(), row.id.desc()).limit(limit)


def audit_cursor(row: AuditRow) -> str:
    """Returns the cursor after a row, which stays valid if the row is removed."""
    return _SEPARATOR.join((row.at.isoformat(), str(row.id)))


def _to_position(cursor: str) -> tuple[datetime, int]:
    moment, _, number = cursor.partition(_SEPARATOR)
    try:
        at = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        raise not_a_cursor() from None
    if not _is_number(number):
        raise not_a_cursor()
    return at, int(number)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_ID_DIGITS
