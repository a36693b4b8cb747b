"""The operator's commands: names for ids, a question before what cannot be undone, and each list."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Command, commands
from tests.support.world import World


@pytest.fixture
def seedgate(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command."""
    return commands(world, capsys, monkeypatch)


async def made(seedgate: Command, *arguments: str) -> dict[str, Any]:
    code, out, err = await seedgate(*arguments, "--json")
    assert code == 0, err
    answer: dict[str, Any] = json.loads(out)
    return answer


async def test_a_name_stands_for_an_id_while_only_one_has_it(seedgate: Command) -> None:
    tenant = await made(seedgate, "tenants", "create", "studio 小猫/?#")
    key = await made(seedgate, "keys", "create", "studio 小猫/?#", "--name", "render farm")
    (listed,) = json.loads((await seedgate("keys", "list", "--tenant", "studio 小猫/?#", "--json"))[1])
    assert (listed["id"], listed["tenant_id"]) == (key["id"], tenant["id"])

    rotated = await made(seedgate, "keys", "rotate", "render farm", "--grace-seconds", "3600")
    # The key and its successor have one name: from now on it is not clear which of them is meant.
    code, out, err = await seedgate("keys", "revoke", "render farm", "--yes")
    assert (code, out, key["id"] in err, rotated["id"] in err) == (2, "", True, True)
    for spelling, meant in ((rotated["id"], rotated), (str(listed["public_part"]), key)):
        assert await seedgate("keys", "revoke", spelling, "--yes") == (0, f"revoked {meant['id']}\n", "")


async def test_an_exact_id_wins_over_a_name(seedgate: Command) -> None:
    first = await made(seedgate, "tenants", "create", "first")
    await made(seedgate, "tenants", "create", first["id"])
    suspended = await made(seedgate, "tenants", "suspend", first["id"])
    assert (suspended["id"], suspended["name"], suspended["status"]) == (first["id"], "first", "suspended")


@pytest.mark.parametrize("text", ["", "nothing", "../channels", "a?b", "%2e%2e"])
async def test_what_names_nothing_changes_nothing(seedgate: Command, text: str) -> None:
    for kind in ("tenant", "key", "channel"):
        command = "revoke" if kind == "key" else "delete"
        code, out, err = await seedgate(f"{kind}s", command, text, "--yes")
        assert (code, out) == (1, "")
        assert err == f"seedgate: there is no {kind} with the id or the name {text!r}; see `seedgate {kind}s list`\n"


async def test_nothing_is_destroyed_without_a_terminal_or_yes(world: World, seedgate: Command) -> None:
    tenant = await world.tenant()
    await made(seedgate, "keys", "signing-key", tenant.key_id)
    for arguments in (
        ("tenants", "delete", tenant.id),
        ("keys", "revoke", tenant.key_id),
        ("keys", "rotate", tenant.key_id),
        ("keys", "signing-key", tenant.key_id),
        ("keys", "signing-key", tenant.key_id, "--end"),
        ("channels", "delete", "default"),
        ("tasks", "cancel", "cgt-1"),
        ("tasks", "resolve", "cgt-1", "--absent"),
        ("models", "replace", "tests/cli/no_models.json"),
    ):
        code, out, err = await seedgate(*arguments)
        assert (code, out) == (2, ""), arguments
        assert "repeat the command with --yes" in err, arguments
    assert (await tenant.http.get("/api/v3/contents/generations/tasks")).status_code == 200


async def test_each_list_of_the_operator_is_a_command(world: World, seedgate: Command) -> None:
    tenant = await world.tenant()
    for command, expected in (
        (("models", "list"), "dreamina-seedance-2-0-260128, doubao-seedance-2-0, "),
        (("audit", "list", "--tenant", tenant.id), "key.create"),
        (("channels", "list"), "default"),
        (("tenants", "list"), tenant.id),
    ):
        code, out, err = await seedgate(*command)
        assert (code, err) == (0, "")
        assert expected in out
    assert await seedgate("deliveries", "list", "--tenant", tenant.id, "--json") == (0, "[]\n", "")


async def test_the_catalogue_goes_through_a_file_unchanged(seedgate: Command, tmp_path: Path) -> None:
    _, before, _ = await seedgate("models", "list", "--json")
    file = tmp_path / "models.json"
    file.write_text(before, encoding="utf-8")
    assert await seedgate("models", "replace", str(file), "--yes", "--json") == (0, before, "")
    for wrong in ("{", '{"a": 1}'):
        file.write_text(wrong, encoding="utf-8")
        code, out, err = await seedgate("models", "replace", str(file), "--yes")
        assert (code, out) == (2, "")
        assert str(file) in err


async def test_url_and_token_come_from_the_env_file_too(
    seedgate: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, world: World
) -> None:
    token = world.admin.headers["Authorization"].removeprefix("Bearer ")
    monkeypatch.delenv("SEEDGATE_URL")
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", "")
    monkeypatch.chdir(tmp_path)
    code, _, err = await seedgate("tenants", "list")
    assert (code, ".env" in err) == (2, True)
    (tmp_path / ".env").write_text(f"SEEDGATE_URL={world.base_url}\nSEEDGATE_ADMIN_TOKEN='{token}'\n")
    assert (await seedgate("tenants", "list", "--json"))[0] == 0
