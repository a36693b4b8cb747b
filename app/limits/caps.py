"""How many unfinished tasks a tenant or a key may have, from the stored limits. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import QuotaExceededError

UNFINISHED_TASKS = "unfinished_tasks"
UNFINISHED_TASKS_BY_MODEL = "unfinished_tasks_by_model"

_OWNERS = {"key": "API key", "tenant": "tenant"}


@dataclass(frozen=True, slots=True)
class Cap:
    """The largest number of unfinished tasks of one owner.

    Attributes:
        kind: of the owner, ``key`` or ``tenant``.
        owner_id: its id; that of the first one for a key that has replaced others, with which it shares the count.
        limit: how many tasks.
        model: a name or an alias of the model whose tasks are counted; None: all are.
    """

    kind: str
    owner_id: str
    limit: int
    model: str | None = None

    def counts(self, spellings: Collection[str]) -> bool:
        """Whether it counts the tasks of a model with these names."""
        return self.model is None or self.model in spellings

    def exceeded(self) -> QuotaExceededError:
        """Returns the error for a create beyond it: 429."""
        of_model = "" if self.model is None else f" of the model {self.model}"
        name = UNFINISHED_TASKS if self.model is None else UNFINISHED_TASKS_BY_MODEL
        return QuotaExceededError(
            f"The limit `{name}` of this {_OWNERS[self.kind]} is {self.limit}{of_model}, and so many tasks are "
            "unfinished: 0 are left until one of them ends."
        )


def caps_of(stored: Iterable[tuple[str, str, Mapping[str, Any] | None]]) -> tuple[Cap, ...]:
    """Returns the caps of a caller.

    Args:
        stored: of each owner its kind, ``key`` or ``tenant``, its id as in ``Cap``, and its limits by their names.
    """
    caps: list[Cap] = []
    for kind, owner_id, limits in stored:
        found = limits or {}
        if found.get(UNFINISHED_TASKS) is not None:
            caps.append(Cap(kind, owner_id, found[UNFINISHED_TASKS]))
        by_model = found.get(UNFINISHED_TASKS_BY_MODEL) or {}
        caps += [Cap(kind, owner_id, limit, model) for model, limit in by_model.items()]
    return tuple(caps)
