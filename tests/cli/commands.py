"""The operator's commands, run in this process."""

from collections.abc import Awaitable, Callable, Sequence

from app.cli.program import program

Command = Callable[..., Awaitable[tuple[int, str, str]]]


def run_program(arguments: Sequence[str]) -> int:
    """Runs a command; returns its exit code."""
    try:
        program(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
