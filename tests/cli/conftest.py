"""Fixtures of the tests of commands."""

import asyncio

import pytest

from app.cli.admin_client import AdminClient
from tests.cli.commands import Command, run_program
from tests.support.gateway import Gateway
from tests.support.plain import PLAIN


@pytest.fixture
def seedgate(gateway: Gateway, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command against the gateway; returns its exit code and what it printed on either stream."""
    monkeypatch.setenv("SEEDGATE_URL", gateway.base_url)
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", gateway.admin.headers["Authorization"].removeprefix("Bearer "))

    options = vars(AdminClient)["_options"]
    monkeypatch.setattr(AdminClient, "_options", lambda client: {**options(client), "verify": PLAIN})

    async def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(run_program, arguments)
        output = capsys.readouterr()
        return code, output.out, output.err

    return command
