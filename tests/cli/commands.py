"""The operator's commands, run in this process against a running gateway."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from app.cli.program import program
from tests.support.gateway import Gateway

Command = Callable[..., Awaitable[tuple[int, str, str]]]


def run_program(arguments: Sequence[str]) -> int:
    """Runs a command in this process; returns its exit code."""
    try:
        program(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def commands(gateway: Gateway, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Returns a function that runs a command and returns its exit code and what it printed on either stream."""
    monkeypatch.setenv("SEEDGATE_URL", gateway.base_url)
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", gateway.admin.headers["Authorization"].removeprefix("Bearer "))

    async def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(run_program, arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command
