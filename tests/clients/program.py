"""A program of other people: how it is run and set, and what it can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Mark = Literal["clients", "programs"]
"""Whether a program runs with every run of CI, or by a mark of its own, once for the table."""


class Step(StrEnum):
    """What can be done with a video task."""

    CREATE = "create"
    POLL = "poll"
    DOWNLOAD = "download"
    LIST = "list"
    DELETE = "delete"


EVERY_STEP = frozenset(Step)


@dataclass(frozen=True)
class Program:
    """One program, or a few lines with one HTTP library.

    It runs in an empty folder with ``SEEDGATE_URL`` (without a path), ``SEEDGATE_API_KEY``, ``PROMPT``,
    ``EARLIER_TASK`` and ``PAGE_ORIGIN`` in its environment. It makes one video with the prompt, and prints a line for
    each step that it has done: ``created ID``, ``status STATUS`` for each poll that it shows, ``saved FILE``,
    ``listed ID …`` and ``deleted ID``. The list is of the new task and the earlier one, where the program can ask for
    that.

    Attributes:
        name: as its registry or its users know it.
        version: the release, read from the lock file that pins it; empty for a program of the machine.
        setting: what its user sets to reach the gateway, for the table, in Markdown.
        mark: when it runs.
        command: runs it, from any folder.
        steps: what it can do.
        lists_by_ids: it can ask for a list of the tasks that it names.
        videos: how many it makes with the prompt; it prints the ids of all, and goes on with the first.
        path: of the tasks in its dialect.
        build: the name of the build that makes it runnable, if any.
        needs: commands that must be on the machine, each with what to install for it.
    """

    name: str
    version: str
    setting: str
    mark: Mark
    command: tuple[str, ...]
    steps: frozenset[Step] = EVERY_STEP
    lists_by_ids: bool = True
    videos: int = 1
    path: str = "/api/v3/contents/generations/tasks"
    build: str | None = None
    needs: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()
