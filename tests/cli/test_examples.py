"""The examples in the help of the commands."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from app.cli.program import program

_ROOT = typer.main.get_command(program)
# An example may end with a redirection, or with an explanation after two spaces.
_ENDS = (" > ", "  ")


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    yield name, command
    if isinstance(command, TyperGroup):
        for child, inner in command.commands.items():
            yield from _commands(inner, f"{name} {child}")


_ALL = dict(_commands(_ROOT, "seedgate"))


def _examples(name: str) -> list[str]:
    _, title, lines = (getattr(_ALL[name], "epilog", None) or "").partition("Examples:\n")
    assert title, f"{name} --help shows no example"
    return [line.strip() for line in lines.splitlines()]


def _parse(example: str) -> str:
    """Parses a command line as a shell and the program would, without running it; returns the command's name."""
    for end in _ENDS:
        example = example.partition(end)[0]
    words = shlex.split(example)
    while "=" in words[0]:  # variables of the command
        words.pop(0)
    name = words.pop(0)
    while isinstance(command := _ALL[name], TyperGroup) and not _is_itself_meant(command, words):
        name = f"{name} {words.pop(0)}"
    command.make_context(name, words)
    return name


def _is_itself_meant(command: TyperGroup, words: list[str]) -> bool:
    return command.invoke_without_command and (not words or words[0].startswith("-"))


@pytest.mark.parametrize("name", _ALL)
def test_each_command_has_examples_that_can_be_typed(name: str) -> None:
    for example in _examples(name):
        assert _parse(example).startswith(name), example
