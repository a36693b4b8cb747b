"""Commits the intents of concurrent creates together (``app.db.group_commit``).

Checks go first: set-based statements that say which creates of the batch may not be written with it. Such a create is
left to its request, which takes the long way (``app.creates.protocol``) and meets its answer or its error there. The
first check leaves out a create

- whose tenant, channel or key is locked or deleted; the others are locked as by ``app.creates.locks``;
- of which an attempt of the same bytes can be claimed, or is under way in another process. What is under way in this
  one has been waited for (``app.creates.equal_requests``).

A further condition of a create, such as a hold on its tenant's money, is a further check, in the same transaction.

A create waits here without its tenant's turn, which halves the CPU of each with 64 clients of one tenant. Creates whose
budgets or caps are locked go to a second writer. Without it, 64 clients of one tenant that had once been held up made
80 creates a second at 7 ms of CPU each; with it, 500 to 800 at 0.8 to 1.0 ms beside a load of 3 to 5.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import ARRAY, BigInteger, Select, Table, Text, any_, bindparam, insert, null, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB

from app.channels.models import ChannelRow
from app.core.strict_json import to_json_bytes
from app.core.turns import leave_turn, resume_turn
from app.creates.attempts import Attempt, RequestFingerprint
from app.creates.repository import NUMBERS_WITH_EARLIER_ATTEMPT
from app.db.base import Base
from app.db.driver_statement import DriverStatement, carried_as, rows_of, value_of
from app.db.group_commit import MAX_ROWS, GroupCommit
from app.db.plain_row import PlainRow
from app.tenants.models import ApiKeyRow, TenantRow

# Half of a batch: the creates of one tenant do not fill it.
_MAX_WAITING_WITHOUT_TURN = MAX_ROWS // 2


@dataclass(frozen=True)
class Opening:
    """A create that is about to be opened.

    Attributes:
        fingerprint: of its request, without an ``Idempotency-Key`` and not marked as a retry.
        attempt: of its request.
        channel_id: the channel that is asked first.
        rows: what is inserted, in this order: the attempt and the intent.
        demand: of its ``Create``.
    """

    fingerprint: RequestFingerprint
    attempt: Attempt
    channel_id: str
    rows: Sequence[PlainRow]
    demand: object | None = None


Check = Callable[[Any, Sequence[Opening]], Awaitable[Collection[int]]]
"""Takes a connection with an open transaction, and the creates of a batch; waits for no lock, or is of a second writer.

Returns the positions, from 0, of those that may not be written with it."""


class GroupInsert:
    """Writes intents of any feature. One per process.

    Args:
        group: the writer.
        instance_id: this process.
        is_marking: says whether an attempt of the same bytes is abandoned, and not yet marked as that.
        checks: further ones, each of which sees what those before it have not left out.
    """

    def __init__(
        self,
        group: GroupCommit,
        *,
        instance_id: str,
        is_marking: Callable[[RequestFingerprint], bool],
        checks: Sequence[Check] = (),
    ) -> None:
        self._lane = group.lane(self._write)
        self._waiting: Counter[str] = Counter()
        self._instance_id = instance_id
        self._is_marking = is_marking
        self._checks: Sequence[Check] = (self._check_owners_and_attempts, *checks)

    async def wait_for_room(self, tenant_id: str) -> None:
        """Waits until one more create of a tenant may be added; only the wait of many is longer than a moment.

        Many wait already when creates left their turns before, at the writer that locked them out, or for equal ones.
        Then a create takes its turn again, so that a tenant does not fill the writer's queue.
        """
        if self._waiting[tenant_id] >= _MAX_WAITING_WITHOUT_TURN:
            await resume_turn()

    def add(self, opening: Opening) -> "asyncio.Future[bool]":
        """Adds a create to the next batch; see ``Lane.add``.

        The client's request gives up its turn (``app.core.turns``), so that the creates of a tenant share a commit;
        but not while many of the tenant's wait already, so that other tenants' do not wait behind them.

        Returns:
            Whether it was committed; if not, its request takes the long way.
        """
        rows = [_carried(row) for row in opening.rows]
        size_bytes = sum(len(value) for row in rows for value in row.values.values() if isinstance(value, str))
        written = self._lane.add((opening, rows), size_bytes=size_bytes)
        tenant_id = opening.fingerprint.tenant_id
        self._waiting[tenant_id] += 1
        written.add_done_callback(lambda _: self._end_wait(tenant_id))
        if self._waiting[tenant_id] < _MAX_WAITING_WITHOUT_TURN:
            leave_turn()
        return written

    def _end_wait(self, tenant_id: str) -> None:
        self._waiting[tenant_id] -= 1
        if not self._waiting[tenant_id]:
            del self._waiting[tenant_id]

    async def _write(self, connection: Any, items: Sequence["_Item"]) -> Sequence[bool]:
        admitted = list(range(len(items)))
        for check in self._checks:
            left_out = await check(connection, [items[position][0] for position in admitted])
            admitted = [position for number, position in enumerate(admitted) if number not in left_out]
        inserts: dict[tuple[type[Base], tuple[str, ...]], list[Iterable[Any]]] = {}
        for position in admitted:
            for row in items[position][1]:
                inserts.setdefault((row.model, tuple(row.values)), []).append(row.values.values())
        for (model, names), rows in inserts.items():
            columns = zip(*rows, strict=True)
            await _insert_into(model, names).fetch(connection, **dict(zip(names, map(list, columns), strict=True)))
        written = set(admitted)
        return [position in written for position in range(len(items))]

    async def _check_owners_and_attempts(self, connection: Any, openings: Sequence[Opening]) -> Collection[int]:
        # Once for all of the same bytes: each of them would read the rows of all.
        first = {opening.fingerprint: opening.attempt.started_at for opening in reversed(openings)}
        rows = await _CHECK.fetch(
            connection,
            tenant_ids=list({request.tenant_id for request in first}),
            key_ids=list({request.key_id for request in first}),
            channel_ids=list({opening.channel_id for opening in openings}),
            tenant_id=[request.tenant_id for request in first],
            key_id=[request.key_id for request in first],
            route=[request.route for request in first],
            body_hash=[request.body_hash for request in first],
            begun_at=list(first.values()),
            here=self._instance_id,
        )
        owners = {owner for owner, _ in rows}
        numbered = list(first)
        earlier = {numbered[number - 1] for _, number in rows if number is not None}
        return {
            position
            for position, opening in enumerate(openings)
            if (request := opening.fingerprint) in earlier
            or self._is_marking(request)
            or not owners.issuperset((request.tenant_id, request.key_id, opening.channel_id))
        }


_Item = tuple[Opening, list[PlainRow]]


def _carried(row: PlainRow) -> PlainRow:
    """Returns the row with its values as ``carried_as`` has them."""
    values = row.values.copy()
    for name in _json_of(row.model):
        if values.get(name) is not None:
            values[name] = to_json_bytes(values[name]).decode()
    return PlainRow(row.model, values)


@cache
def _json_of(model: type[Base]) -> Sequence[str]:
    """Returns the names of the columns that hold JSON."""
    return [column.key for column in cast("Table", model.__table__).c if isinstance(column.type, JSONB)]


@cache
def _insert_into(model: type[Base], names: tuple[str, ...]) -> DriverStatement:
    table = cast("Table", model.__table__)
    columns = [table.c[name] for name in names]
    given = rows_of("new", {column.key: carried_as(column) for column in columns})
    values = select(*(value_of(column, given) for column in columns))
    return DriverStatement(insert(table).from_select(names, values))


def _locked(ids: Select[str], name: str) -> Select[Any]:
    """Locks rows against their deletion, as ``app.creates.locks``, but leaves out those that another one has locked."""
    locked = ids.with_for_update(read=True, key_share=True, skip_locked=True).cte(name)
    return select(locked.c.id, sql_cast(null(), BigInteger).label("number"))


def _any_of(name: str) -> Any:
    return any_(bindparam(name, type_=ARRAY(Text)))


_TENANTS = select(TenantRow.id).where(TenantRow.id == _any_of("tenant_ids"), TenantRow.deleted_at.is_(None))
_CHANNELS = select(ChannelRow.id).where(ChannelRow.id == _any_of("channel_ids"), ChannelRow.deleted_at.is_(None))
_KEYS = select(ApiKeyRow.id).where(ApiKeyRow.id == _any_of("key_ids"))

# Two kinds of rows: an owner that is locked now, or the number of a create of which there is an earlier attempt.
_EARLIER = NUMBERS_WITH_EARLIER_ATTEMPT.subquery("with_earlier")
_CHECK = DriverStatement(
    _locked(_TENANTS, "tenants_locked").union_all(
        _locked(_CHANNELS, "channels_locked"),
        _locked(_KEYS, "keys_locked"),
        select(sql_cast(null(), Text), _EARLIER.c.number),
    )
)
