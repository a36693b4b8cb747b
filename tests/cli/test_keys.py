"""``seedgate keys`` against a running gateway."""

import json

import pytest

from tests.cli.commands import Command, commands
from tests.support.signing import Signing
from tests.support.world import World

LIST = "/?Action=ListAssetGroups&Version=2024-01-01"


@pytest.fixture
def seedgate(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command."""
    return commands(world, capsys, monkeypatch)


async def test_a_signing_key_is_made_shown_listed_and_ended(world: World, seedgate: Command) -> None:
    tenant = await world.tenant()

    _, shown, _ = await seedgate("keys", "signing-key", tenant.key_id)
    code, out, err = await seedgate("keys", "signing-key", tenant.key_id, "--yes", "--json")
    pair = json.loads(out)
    used = await world.anonymous.post(LIST, json={"Filter": {"GroupType": "AIGC"}}, auth=Signing(pair))
    _, listed, _ = await seedgate("keys", "list", "--tenant", tenant.id)
    ended, told, _ = await seedgate("keys", "signing-key", tenant.key_id, "--end", "--yes")
    _, after, _ = await seedgate("keys", "list", "--tenant", tenant.id)

    assert (code, err) == (0, "")
    assert "SGAK" in shown
    assert "SGSK" in shown
    assert used.status_code == 200, used.text
    assert pair["access_key_id"] in listed
    assert "SGSK" not in listed
    assert (ended, told) == (0, f"ended the pair of {tenant.key_id}\n")
    assert "SGAK" not in after


async def test_a_key_that_is_not_there_is_reported(seedgate: Command) -> None:
    code, _, err = await seedgate("keys", "signing-key", "key_none")
    assert code == 1
    assert err == "seedgate: there is no key with the id or the name 'key_none'; see `seedgate keys list`\n"
