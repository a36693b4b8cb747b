"""Shared parts of the commands: groups, options and the confirmation."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from app.cli.exit_codes import MISCONFIGURED, stop
from app.cli.times import parse_past_time
from app.observability.escaping import escape

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Sure = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Limit = Annotated[int, typer.Option(min=1, help="How many at most, newest first.")]
TenantFilter = Annotated[str | None, typer.Option("--tenant", help="Only this tenant's; name or id.")]
KeyFilter = Annotated[str | None, typer.Option("--key", help="Only this API key's; id, public part or name.")]
Permissions = Annotated[
    list[str] | None, typer.Option("--permission", help="What it may do; may be given more than once; `all`.")
]
RequestLimit = Annotated[int | None, typer.Option(min=0, help="A limit; 0 for none.")]
Search = Annotated[str | None, typer.Option(help="Only with this in the name, in any case; or with this id.")]
Since = Annotated[str | None, typer.Option(help="A time such as 2026-01-31T12:00:00Z, a date, or 90min, 6h, 30d.")]
Until = Annotated[str | None, typer.Option(help="The end of the period, itself left out; until now.")]
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


def archive_changes(archive: str | None, archive_days: int | None) -> dict[str, Any]:
    """Returns the members of a PATCH that changes the archive of a tenant; 0 days keep copies for good."""
    if archive not in {None, "on", "off"}:
        stop("--archive is on or off", MISCONFIGURED)
    body: dict[str, Any] = {} if archive is None else {"archive": archive}
    return body if archive_days is None else body | {"archive_days": archive_days or None}


def changed_rights(
    row: dict[str, Any],
    *,
    permissions: list[str] | None,
    rps: int | None,
    rpm: int | None,
    create_rpm: int | None,
    unfinished_tasks: int | None,
) -> dict[str, Any]:
    """Returns the members of a PATCH that changes permissions and limits; ends the program if there is none."""
    body: dict[str, Any] = {}
    if permissions is not None:
        body["permissions"] = None if permissions == ["all"] else permissions
    limits = {"rps": rps, "rpm": rpm, "create_rpm": create_rpm, "unfinished_tasks": unfinished_tasks}
    sent = {name: limit or None for name, limit in limits.items() if limit is not None}
    if sent:
        body["limits"] = {**row["limits"], **sent}
    if not body:
        stop("give --permission, --rps, --rpm, --create-rpm or --unfinished-tasks", MISCONFIGURED)
    return body


def period(since: str | None, until: str | None) -> dict[str, str | None]:
    """Returns the query parameters of a period; ends the program if one of its ends is no time in the past."""
    return {"from": _time(since, "--since"), "to": _time(until, "--until")}


def _time(text: str | None, option: str) -> str | None:
    if text is None:
        return None
    try:
        return parse_past_time(text, datetime.now(UTC)).isoformat()
    except ValueError as error:
        stop(f"{option}: {error}", MISCONFIGURED)
