"""Shared parts of the commands: groups, options and the confirmation."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from app.cli.exit_codes import MISCONFIGURED, stop
from app.observability.escaping import escape

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Sure = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Limit = Annotated[int, typer.Option(min=1, help="How many at most, newest first.")]
TenantFilter = Annotated[str | None, typer.Option("--tenant", help="Only this tenant's; name or id.")]
Permissions = Annotated[
    list[str] | None, typer.Option("--permission", help="What it may do; may be given more than once; `all`.")
]
RequestLimit = Annotated[int | None, typer.Option(min=0, help="A limit on its requests; 0 for none.")]
DEFAULT_LIMIT = 50


def group(help_text: str, *, examples: tuple[str, ...], is_command: bool = False) -> typer.Typer:
    """Returns a group of commands whose help ends with examples; ``is_command``: it is also a command itself."""
    return typer.Typer(
        help=help_text,
        epilog=_epilog(examples),
        no_args_is_help=not is_command,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def command(
    group: typer.Typer, name: str, *, examples: tuple[str, ...]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Returns a decorator that adds a function to a group as a command whose help ends with examples."""
    return group.command(name, epilog=_epilog(examples))


def _epilog(examples: tuple[str, ...]) -> str:
    # A paragraph after "\b" keeps its line breaks.
    return "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)


def confirm(what: str, *, is_sure: bool) -> None:
    """Asks whether ``what``, the beginning of a sentence, may happen; else, or without a terminal, ends the program."""
    if is_sure:
        return
    if not sys.stdin.isatty():
        stop(f"{what}, which cannot be undone: repeat the command with --yes", MISCONFIGURED)
    # The text contains names of tenants, which must not overwrite the question.
    typer.confirm(f"{escape(what)}, which cannot be undone. Go on?", abort=True, err=True)


def changed_rights(
    row: dict[str, Any],
    *,
    permissions: list[str] | None,
    rps: int | None,
    rpm: int | None,
    create_rpm: int | None,
) -> dict[str, Any]:
    """Returns the members of a PATCH that changes permissions and limits; ends the program if there is none."""
    body: dict[str, Any] = {}
    if permissions is not None:
        body["permissions"] = None if permissions == ["all"] else permissions
    limits = {"rps": rps, "rpm": rpm, "create_rpm": create_rpm}
    sent = {name: limit or None for name, limit in limits.items() if limit is not None}
    if sent:
        body["limits"] = {**row["limits"], **sent}
    if not body:
        stop("give --permission, --rps, --rpm or --create-rpm", MISCONFIGURED)
    return body
