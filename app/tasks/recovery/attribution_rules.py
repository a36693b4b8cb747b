"""What a list of an upstream account proves about the creates whose outcome is unknown. Pure.

A task and an intent *may belong together* when the task was made while the intent's request can have arrived, by a
model that may be the intent's. Everything is decided on that relation, between all upstream tasks that nobody owns and
all intents that know none:

- a task that echoes an intent's own tag is that intent's, exactly;
- on an exclusive channel, a task and an intent that may belong to each other and to nothing else do, unless the
  database was restored since: then another create that it has forgotten may have made the task;
- an intent to which nothing may belong, in two complete lists, the later one after the time of grace, has no task;
- about the rest nothing is known.

All doubt counts against a conclusion: an unreadable time lies in every window, an unreadable name may be any model.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.tasks.correlation import TAG_FIELD, tag_of
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import AccountSnapshot, ListedTask

# Clocks of several gateways differ a little, and the upstream tells its time to the second.
MARGIN = timedelta(seconds=60)
# A gateway's clock may be wrong, or be set right between the create and the search. A task that an intent would have
# made by such a clock is too little to bind it, but enough not to call it absent.
DOUBT = timedelta(minutes=10)
# The upstream's list goes back seven days; the hour keeps clear of the edge.
_LIST_SPAN = timedelta(days=7) - timedelta(hours=1)
_DATED_MODEL = re.compile(r"(?!ep-)[a-z].*-[0-9]{6}")
_UNKNOWN = TaskStatus.UNKNOWN.value
_FINAL = frozenset(status.value for status in TaskStatus if status.is_final)


@dataclass
class Inference:
    """What follows from one list.

    Attributes:
        searched: the intents of unknown outcome that were looked for.
        tagged: intents and the task that echoes their tag.
        eliminated: intents and the only task that can be theirs.
        absent: intents to which nothing in a complete list may belong.
        present: intents to which something may belong, be it only by a wrong clock.
        suspects: the tasks that may belong to an intent of unknown outcome, or to one that ended without a task.
        in_flight: ids of the tasks that may belong to a create which is under way at this moment.
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
) -> Inference:
    """Says what a list proves.

    Args:
        read: the list.
        unowned: those of its tasks that no row owned after it had been read.
        intents: all rows that know no upstream task, of all channels that use the account. Those of another channel,
            those under way and those that have ended are not searched for, but compete with the others.
        channel_id: on which the list was read.
        grace: how long after its cut a request may still arrive.
        is_exclusive: nothing but this gateway uses the account.
    """
    findings = Inference()
    findings.searched = [
        row
        for row in intents
        if row.status == _UNKNOWN and row.channel_id == channel_id and row.claimed_upstream_id is None
    ]
    findings.tagged = _match_tags(unowned, findings.searched)
    tagged_rows, tagged_tasks = {row.id for row, _ in findings.tagged}, {task.id for _, task in findings.tagged}
    tasks_of: dict[str, list[ListedTask]] = defaultdict(list)
    rows_of: dict[str, list[TaskRow]] = defaultdict(list)
    doubtful_rows: set[str] = set()
    doubtful_tasks: set[str] = set()
    for task in unowned:
        for row in intents:
            if row.id in tagged_rows or task.id in tagged_tasks:
                continue
            if may_belong(row, task, offset=read.offset, grace=grace):
                tasks_of[row.id].append(task)
                rows_of[task.id].append(row)
            elif row.status == _UNKNOWN and may_belong(row, task, offset=read.offset, grace=grace, margin=DOUBT):
                doubtful_rows.add(row.id)
                doubtful_tasks.add(task.id)
    _note_suspects(findings, unowned, rows_of, doubtful_tasks)
    is_proof = read.is_complete and read.offset is not None
    for row in findings.searched:
        candidates = tasks_of[row.id]
        if candidates or row.id in doubtful_rows:
            findings.present.append(row)
        elif row.id not in tagged_rows and is_proof and _shows(read, row):
            findings.absent.append(row)
        if is_proof and is_exclusive and len(candidates) == 1 and _is_only_pair(row, candidates[0], rows_of):
            findings.eliminated.append((row, candidates[0]))
    return findings


def may_belong(
    row: TaskRow, task: ListedTask, *, offset: timedelta | None, grace: timedelta, margin: timedelta = MARGIN
) -> bool:
    """Whether an intent's request can have made an upstream task; the arguments are those of ``infer_matches``."""
    if task.tag is not None and task.tag not in _expected_tags(row):
        return False
    # Two dated ids are two models. An alias or an endpoint may stand for any.
    if task.model != row.upstream_model and _is_dated(task.model) and _is_dated(row.upstream_model):
        return False
    if task.created_at is None or offset is None:
        return True
    created_at = task.created_at - offset
    is_late = row.cut_at is not None and created_at > row.cut_at + grace + margin
    return created_at >= (row.sent_at or row.created_at) - margin and not is_late


def fits(row: TaskRow, body: dict[str, Any]) -> bool:
    """Whether what a finished task tells of itself agrees with what was asked for.

    Resolution, ratio and length are compared where the request named them. Only a successful task tells them, and one
    that succeeded and does not tell them does not fit; a failed one has nothing to show to the wrong tenant.
    """
    if body.get("status") not in _FINAL:
        return False
    if body.get(TAG_FIELD) is not None and body[TAG_FIELD] not in _expected_tags(row):
        return False
    if body["status"] != TaskStatus.SUCCEEDED.value:
        return True
    return all(_is_same(body.get(name), value) for name, value in _comparable(row.parameters))


def is_final(task: ListedTask) -> bool:
    """Whether a listed task has ended, so that its body tells what can be compared."""
    return task.status in _FINAL


def _note_suspects(
    findings: Inference, unowned: Iterable[ListedTask], rows_of: dict[str, list[TaskRow]], doubtful: Collection[str]
) -> None:
    for task in unowned:
        is_under_way = [row.status == TaskStatus.SUBMITTING.value for row in rows_of.get(task.id, ())]
        if any(is_under_way):
            findings.in_flight.add(task.id)
        if task.id in doubtful or not all(is_under_way):
            findings.suspects.append(task)


def _match_tags(unowned: Iterable[ListedTask], intents: Iterable[TaskRow]) -> list[tuple[TaskRow, ListedTask]]:
    """Pairs each intent with the task that echoes its tag; a tag that two tasks echo proves nothing."""
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
    return not row.is_restored and task.model == row.upstream_model and rows_of[task.id] == [row]


def _shows(read: AccountSnapshot, row: TaskRow) -> bool:
    """Whether a list that was read now would still show what the intent's request can have made."""
    return read.started_at - (row.sent_at or row.created_at) < _LIST_SPAN


def _is_dated(model: str) -> bool:
    return _DATED_MODEL.fullmatch(model) is not None


def _expected_tags(row: TaskRow) -> set[str]:
    tags = {row.parameters[TAG_FIELD]} if TAG_FIELD in row.parameters else set()
    return tags | {tag_of(row.callback_token_hash)} if row.callback_token_hash is not None else tags


def _comparable(parameters: dict[str, Any]) -> list[tuple[str, Any]]:
    """Returns the parameters that a finished task repeats as they were asked for; ``frames`` beats ``duration``."""
    names = ["resolution", "ratio", "frames" if "frames" in parameters else "duration"]
    chosen_by_model = {"ratio": "adaptive", "duration": -1}
    asked = [(name, parameters[name]) for name in names if name in parameters]
    return [(name, value) for name, value in asked if value != chosen_by_model.get(name)]


def _is_same(told: Any, asked: Any) -> bool:
    if isinstance(told, str) and isinstance(asked, str):
        return told.lower() == asked.lower()
    return bool(told == asked)
