"""What every table shares: constraint names, column types and the notion of "now"."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, LargeBinary, MetaData, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, mapped_column

# Every constraint has a predictable name, so that a later migration can drop it.
_NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_TYPE_MAP: dict[Any, Any] = {
    str: Text,
    bytes: LargeBinary,
    datetime: TIMESTAMP(timezone=True),
    # None becomes SQL NULL, not the JSON value null: one way to say "absent".
    dict[str, Any]: JSONB(none_as_null=True),
    list[Any]: JSONB(none_as_null=True),
}

StrList = Annotated[list[str], mapped_column(ARRAY(Text))]
"""A ``text[]`` column."""

Json = Annotated[dict[str, Any], mapped_column(JSONB(none_as_null=True))]
"""A ``jsonb`` column that holds an object."""

BigInt = Annotated[int, mapped_column(BigInteger)]
"""A 64-bit integer: money in micro-units, token counts, sizes in bytes."""


class Base(DeclarativeBase):
    """The parent of every table.

    ``Mapped[str]`` is ``text``, ``Mapped[datetime]`` is ``timestamptz``, ``Mapped[dict[str, Any]]`` is
    ``jsonb`` and ``Mapped[bytes]`` is ``bytea``. Check constraints must be given a short name, which the
    convention prefixes with ``ck_<table>_``.
    """

    metadata: ClassVar[MetaData] = MetaData(naming_convention=_NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = _TYPE_MAP


def utc_now() -> datetime:
    """Returns the present moment, aware and in UTC; the default of every ``clock`` argument."""
    return datetime.now(UTC)
