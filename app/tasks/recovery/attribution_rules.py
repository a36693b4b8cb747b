"""Infers from a list of an upstream account what became of the creates whose outcome is unknown. Pure.

A task and an intent *may match* when the task was made while the intent's request can have arrived, and by a model that
may be the intent's. All conclusions follow from this relation between the upstream tasks without an owner and the
intents without an upstream task:

- a task that echoes an intent's own tag is that intent's;
- on an exclusive channel, a task and an intent that may match each other and nothing else belong together, if the
  database knows every create of that time;
- an intent that nothing may match, in two complete lists, the later one read after the grace, has no task;
- of all others the outcome stays unknown.

Doubt counts against a conclusion: an unreadable time lies in every window, an unreadable name may be any model.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.tasks.correlation import TAG_FIELD, tag_of
from app.tasks.models import FINAL_STATUSES, TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import AccountSnapshot, ListedTask

# The clocks of several gateways differ a little, and the upstream's times are whole seconds.
MARGIN = timedelta(seconds=60)
# A gateway's clock may be wrong, or be corrected between the create and the search. A task that matches only within
# this error is not attributed to the intent, but the intent is not taken for absent either.
MAX_CLOCK_ERROR = timedelta(minutes=10)
# The upstream's list goes back seven days; the hour is a safety margin.
_LIST_SPAN = timedelta(days=7) - timedelta(hours=1)
DATED_MODEL = r"(?!ep-)[a-z].*-[0-9]{6}"
"""The whole id of one model, which no other model has, as a pattern that PostgreSQL reads alike."""

_DATED_MODEL = re.compile(DATED_MODEL, re.DOTALL)  # as PostgreSQL reads it
_UNKNOWN = TaskStatus.UNKNOWN.value


@dataclass
class Inference:
    """What follows from one list.

    Attributes:
        searched: the intents of unknown outcome on the channel.
        tagged: intents, and the task that echoes the tag of each.
        eliminated: intents, and the only task that may match each.
        absent: intents that no task in a complete list may match.
        present: intents that some task may match, within ``MAX_CLOCK_ERROR``.
        suspects: the tasks that may match an intent of unknown outcome, or one that ended without a task.
        in_flight: ids of the tasks that may match a create under way.
    """

    searched: list[TaskRow] = field(default_factory=list)
    tagged: list[tuple[TaskRow, ListedTask]] = field(default_factory=list)
    eliminated: list[tuple[TaskRow, ListedTask]] = field(default_factory=list)
    absent: list[TaskRow] = field(default_factory=list)
    present: list[TaskRow] = field(default_factory=list)
    suspects: list[ListedTask] = field(default_factory=list)
    in_flight: set[str] = field(default_factory=set)


def infer_matches(
    read: AccountSnapshot,
    unowned: Collection[ListedTask],
    intents: Collection[TaskRow],
    *,
    channel_id: str,
    grace: timedelta,
    is_exclusive: bool,
    complete_since: datetime,
) -> Inference:
    """Returns what follows from a list.

    Args:
        read: the list.
        unowned: its tasks that no row owned after it had been read.
        intents: all rows without an upstream task, on all channels of the account. Those of another channel, under way
            or ended are not searched for, but they compete for the tasks.
        channel_id: the channel whose list was read.
        grace: how long after its cut a request may still arrive.
        is_exclusive: no other client uses the account.
        complete_since: nothing is eliminated for intents that were sent before, see ``app.core.database_place``.
    """
    inference = Inference()
    inference.searched = [
        row
        for row in intents
        if row.status == _UNKNOWN and row.channel_id == channel_id and row.claimed_upstream_id is None
    ]
    inference.tagged = _match_tags(unowned, inference.searched)
    tagged_rows, tagged_tasks = {row.id for row, _ in inference.tagged}, {task.id for _, task in inference.tagged}
    tasks_of: dict[str, list[ListedTask]] = defaultdict(list)
    rows_of: dict[str, list[TaskRow]] = defaultdict(list)
    doubtful_rows: set[str] = set()
    doubtful_tasks: set[str] = set()
    for task in unowned:
        for row in intents:
            if row.id in tagged_rows or task.id in tagged_tasks:
                continue
            if may_match(row, task, offset=read.offset, grace=grace):
                tasks_of[row.id].append(task)
                rows_of[task.id].append(row)
            elif row.status == _UNKNOWN and may_match(
                row, task, offset=read.offset, grace=grace, margin=MAX_CLOCK_ERROR
            ):
                doubtful_rows.add(row.id)
                doubtful_tasks.add(task.id)
    _add_suspects(inference, unowned, rows_of, doubtful_tasks)
    is_proof = read.is_complete and read.offset is not None
    for row in inference.searched:
        candidates = tasks_of[row.id]
        if candidates or row.id in doubtful_rows:
            inference.present.append(row)
        elif row.id not in tagged_rows and is_proof and _is_in_list_span(read, row):
            inference.absent.append(row)
        can_eliminate = is_proof and is_exclusive and (row.sent_at or row.created_at) > complete_since
        if can_eliminate and len(candidates) == 1 and _is_only_pair(row, candidates[0], rows_of):
            inference.eliminated.append((row, candidates[0]))
    return inference


def may_match(
    row: TaskRow, task: ListedTask, *, offset: timedelta | None, grace: timedelta, margin: timedelta = MARGIN
) -> bool:
    """Whether an intent's request can have made an upstream task; the arguments are those of ``infer_matches``."""
    if task.tag is not None and task.tag not in _expected_tags(row):
        return False
    # Different dated ids are different models; an alias or an endpoint may be any model.
    if task.model != row.upstream_model and is_dated(task.model) and is_dated(row.upstream_model):
        return False
    if task.created_at is None or offset is None:
        return True
    begins_at, ends_at = window_of(row, grace=grace, margin=margin)
    created_at = task.created_at - offset
    return created_at >= begins_at and (ends_at is None or created_at <= ends_at)


def window_of(row: TaskRow, *, grace: timedelta, margin: timedelta = MARGIN) -> tuple[datetime, datetime | None]:
    """Returns the first and the last moment at which an intent's request can have made a task; None: it still may."""
    ends_at = None if row.cut_at is None else row.cut_at + grace + margin
    return (row.sent_at or row.created_at) - margin, ends_at


def is_dated(model: str) -> bool:
    """Whether a name is the id of one model; an alias or an endpoint is not."""
    return _DATED_MODEL.fullmatch(model) is not None


def has_tag_of(row: TaskRow, task: ListedTask) -> bool:
    """Whether a task echoes an intent's own tag."""
    return row.callback_token_hash is not None and task.tag == tag_of(row.callback_token_hash)


def fits(row: TaskRow, body: dict[str, Any]) -> bool:
    """Whether a finished task agrees with what was asked for.

    Resolution, ratio and length are compared if the request named them. A successful task without them does not fit.
    Other final tasks never have them and fit: there is no video that the wrong tenant could see.
    """
    if body.get("status") not in FINAL_STATUSES:
        return False
    if body.get(TAG_FIELD) is not None and body[TAG_FIELD] not in _expected_tags(row):
        return False
    if body["status"] != TaskStatus.SUCCEEDED.value:
        return True
    return all(_is_same(body.get(name), value) for name, value in _comparable(row.parameters))


def is_final(task: ListedTask) -> bool:
    """Whether a listed task has ended, so that its body can be compared with the request."""
    return task.status in FINAL_STATUSES


def _add_suspects(
    inference: Inference, unowned: Iterable[ListedTask], rows_of: dict[str, list[TaskRow]], doubtful: Collection[str]
) -> None:
    for task in unowned:
        is_under_way = [row.status == TaskStatus.SUBMITTING.value for row in rows_of.get(task.id, ())]
        if any(is_under_way):
            inference.in_flight.add(task.id)
        if task.id in doubtful or not all(is_under_way):
            inference.suspects.append(task)


def _match_tags(unowned: Iterable[ListedTask], intents: Iterable[TaskRow]) -> list[tuple[TaskRow, ListedTask]]:
    """Pairs each intent with the task that echoes its tag; a tag of two tasks is ignored."""
    by_tag = defaultdict(list)
    for task in unowned:
        if task.tag is not None:
            by_tag[task.tag].append(task)
    return [
        (row, by_tag[tag][0])
        for row in intents
        if row.callback_token_hash is not None and len(by_tag.get(tag := tag_of(row.callback_token_hash), ())) == 1
    ]


def _is_only_pair(row: TaskRow, task: ListedTask, rows_of: dict[str, list[TaskRow]]) -> bool:
    return task.model == row.upstream_model and rows_of[task.id] == [row]


def _is_in_list_span(read: AccountSnapshot, row: TaskRow) -> bool:
    """Whether a list still shows tasks as old as the intent."""
    return read.started_at - (row.sent_at or row.created_at) < _LIST_SPAN


def _expected_tags(row: TaskRow) -> set[str]:
    tags = {row.parameters[TAG_FIELD]} if TAG_FIELD in row.parameters else set()
    return tags | {tag_of(row.callback_token_hash)} if row.callback_token_hash is not None else tags


def _comparable(parameters: dict[str, Any]) -> list[tuple[str, Any]]:
    """Returns the parameters that a finished task repeats unchanged; ``frames`` takes precedence over ``duration``."""
    names = ["resolution", "ratio", "frames" if "frames" in parameters else "duration"]
    chosen_by_model = {"ratio": "adaptive", "duration": -1}
    asked = [(name, parameters[name]) for name in names if name in parameters]
    return [(name, value) for name, value in asked if value != chosen_by_model.get(name)]


def _is_same(found: Any, asked: Any) -> bool:
    if isinstance(found, str) and isinstance(asked, str):
        return found.lower() == asked.lower()
    return bool(found == asked)
