"""The operator's commands: names in place of ids, confirmations, lists, and the connection to the gateway."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from tests.cli.commands import Command
from tests.support.gateway import Gateway

CNY = ("--currency", "CNY", "--period", "month")


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
    # A key and its successor have the same name, which stands for the successor.
    assert "SGAK" in (await seedgate("keys", "signing-key", "render farm"))[1]
    assert await seedgate("keys", "revoke", rotated["key"], "--yes") == (0, f"revoked {rotated['id']}\n", ANY)
    for spelling in (f"sg-{listed['public_part']}", key["key"]):
        assert await seedgate("keys", "revoke", spelling, "--yes") == (0, f"revoked {key['id']}\n", "")
    twins = [await made(seedgate, "keys", "create", tenant["id"], "--name", "render farm") for _ in range(2)]
    code, out, err = await seedgate("keys", "revoke", "render farm", "--yes")
    assert (code, out, all(twin["id"] in err for twin in twins)) == (2, "", True)


async def test_an_id_is_never_taken_for_a_name(seedgate: Command) -> None:
    first = await made(seedgate, "tenants", "create", "first")
    second = await made(seedgate, "tenants", "create", first["id"])
    suspended = await made(seedgate, "tenants", "suspend", first["id"])
    assert (suspended["id"], suspended["name"], suspended["status"]) == (first["id"], "first", "suspended")
    deleted = [await seedgate("tenants", "delete", first["id"], "--yes") for _ in range(2)]
    assert [code for code, _, _ in deleted] == [0, 1]
    assert await seedgate("keys", "list", "--tenant", second["id"], "--json") == (0, "[]\n", "")
    # The audit log of a deleted tenant is found by its id.
    assert "tenant.delete" in (await seedgate("audit", "list", "--tenant", first["id"]))[1]


@pytest.mark.parametrize("text", ["", "nothing", "..", "../channels", "a?b", "%2e%2e"])
async def test_an_unknown_name_changes_nothing(seedgate: Command, text: str) -> None:
    for kind in ("tenant", "key", "channel"):
        command = "revoke" if kind == "key" else "delete"
        code, out, err = await seedgate(f"{kind}s", command, text, "--yes")
        assert (code, out) == (1, "")
        assert err == f"seedgate: there is no {kind} with the id or the name {text!r}; see `seedgate {kind}s list`\n"


async def test_nothing_is_destroyed_without_a_terminal_or_yes(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    await made(seedgate, "keys", "signing-key", tenant.key_id)
    budget = await made(seedgate, "budgets", "create", tenant.id, *CNY, "--amount", "5")
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
        ("prices", "replace", "tests/cli/no_prices.json"),
        ("budgets", "delete", budget["id"]),
        ("deliveries", "secret"),
    ):
        code, out, err = await seedgate(*arguments)
        assert (code, out) == (2, ""), arguments
        assert "repeat the command with --yes" in err, arguments
    assert (await tenant.http.get("/api/v3/contents/generations/tasks")).status_code == 200


async def test_each_list_of_the_operator_is_a_command(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    for command, expected in (
        (("models", "list"), "dreamina-seedance-2-0-260128, doubao-seedance-2-0, "),
        (("prices", "list"), "doubao-seedance-1-0-pro-fast-251015"),
        (("audit", "list", "--tenant", tenant.id), "key.create"),
        (("channels", "list", "--search", "EFAUL", "--status", "active"), "default"),
        (("audit", "list", "--key", tenant.key), "key.create"),
        (("tenants", "list"), tenant.id),
    ):
        code, out, err = await seedgate(*command)
        assert (code, err) == (0, "")
        assert expected in out
    assert (await seedgate("channels", "list", "--status", "suspended", "--json"))[1] == "[]\n"
    for whose in (("--tenant", tenant.id), ("--operator",), ("--key", tenant.key), ("--task", "none")):
        assert await seedgate("deliveries", "list", *whose, "--json") == (0, "[]\n", "")
    assert (await seedgate("deliveries", "list", "--tenant", tenant.id, "--operator"))[0] == 2
    assert (await made(seedgate, "deliveries", "secret", "--yes"))["secret"].startswith("whsec_")


async def test_one_object_is_shown_by_its_name(gateway: Gateway, seedgate: Command) -> None:
    tenant = await made(seedgate, "tenants", "create", "shown")
    limits = ("--model", "doubao-seedance-2", "--channel", "default", "--ip", "203.0.113.0/24")
    key = await made(seedgate, "keys", "create", "shown", "--name", "limited", *limits)
    for command, expected in (
        (("tenants", "get", "shown"), (tenant["id"], "allowed_models")),
        (("channels", "get", "default"), ("has_ark_api_key", "health")),
        (("keys", "get", "limited"), (key["id"], "doubao-seedance-2", "203.0.113.0/24")),
        (("keys", "list", "--tenant", "shown"), ("restricted_to", "models, channels, ips")),
    ):
        code, out, err = await seedgate(*command)
        assert (code, err) == (0, "")
        assert all(text in out for text in expected), out
    assert (await made(seedgate, "keys", "get", "limited"))["allowed_models"] == ["doubao-seedance-2"]


async def test_a_budget_is_made_changed_and_deleted_in_units_of_its_currency(seedgate: Command) -> None:
    tenant = await made(seedgate, "tenants", "create", "thrifty")
    key = await made(seedgate, "keys", "create", "thrifty", "--name", "night")
    whole = await made(seedgate, "budgets", "create", "thrifty", *CNY, "--amount", "500")
    zone = ("--time-zone", "Asia/Shanghai", "--soft")
    of_key = await made(seedgate, "budgets", "create", tenant["id"], "--key", "night", *CNY, "--amount", "49.90", *zone)
    assert (whole["amount_micros"], whole["time_zone"], whole["is_hard"]) == (500_000_000, "UTC", True)
    named = ("tenant_id", "key_id", "amount_micros", "time_zone", "is_hard")
    assert [of_key[name] for name in named] == [tenant["id"], key["id"], 49_900_000, "Asia/Shanghai", False]

    listed = json.loads((await seedgate("budgets", "list", "--tenant", "thrifty", "--json"))[1])
    assert [row["id"] for row in listed] == [of_key["id"], whole["id"]]
    table = (await seedgate("budgets", "list", "--key", "night"))[1].splitlines()
    assert [row.split()[3:7] for row in table] == [["amount", "used", "held", "left"], ["49.9", "0", "0", "49.9"]]

    changed = await made(seedgate, "budgets", "update", of_key["id"], "--amount", "0.000001", "--hard")
    assert (changed["amount_micros"], changed["is_hard"]) == (1, True)
    assert "0.000001" in (await seedgate("budgets", "get", of_key["id"]))[1]
    for wrong in ("0.0000001", "5 CNY", "1e99", "NaN", "Infinity", "", "9" * 31):
        code, out, err = await seedgate("budgets", "update", of_key["id"], f"--amount={wrong}")
        assert (code > 0, out) == (True, ""), wrong
        assert "amount" in err
    assert (await seedgate("budgets", "update", of_key["id"]))[0] == 2
    assert await seedgate("budgets", "delete", of_key["id"], "--yes") == (0, f"deleted {of_key['id']}\n", "")
    assert (await seedgate("budgets", "get", of_key["id"]))[0] == 1


async def test_a_table_of_models_has_no_json_in_it(seedgate: Command) -> None:
    out = (await seedgate("models", "list"))[1]
    assert "cn-beijing" in out
    assert "{" not in out


async def test_a_check_of_a_channel_uses_the_words_of_doctor(gateway: Gateway, seedgate: Command) -> None:
    _, before, _ = await seedgate("channels", "check", "default")
    await gateway.control.post("/faults", json={"operation": "list_tasks", "effect": {"kind": "throttle"}, "times": 1})
    _, throttled, _ = await seedgate("channels", "check", "default")
    assert [line.split()[:2] for line in before.splitlines()[1:]] == [["ark", "ok"], ["openapi", "ok"]]
    assert throttled.splitlines()[1].split()[:2] == ["ark", "warn"]


async def test_the_question_before_a_deletion_says_that_a_channel_is_active(seedgate: Command) -> None:
    assert (
        "which is active and may be in use, and its credentials will be deleted"
        in (await seedgate("channels", "delete", "default"))[2]
    )


async def test_the_catalog_goes_through_a_file_unchanged(seedgate: Command, tmp_path: Path) -> None:
    _, before, _ = await seedgate("models", "list", "--json")
    file = tmp_path / "models.json"
    file.write_text(before, encoding="utf-8")
    assert await seedgate("models", "replace", str(file), "--yes", "--json") == (0, before, "")
    for wrong in ("{", '{"a": 1}'):
        file.write_text(wrong, encoding="utf-8")
        code, out, err = await seedgate("models", "replace", str(file), "--yes")
        assert (code, out) == (2, "")
        assert str(file) in err


async def test_a_price_is_changed_in_a_file_and_the_list_before_is_kept(seedgate: Command, tmp_path: Path) -> None:
    _, before, _ = await seedgate("prices", "list", "--json")
    code, shipped, note = await seedgate("prices", "shipped", "--json")
    assert (code, note) == (0, "public prices of 2026-11-28, without promotions\n")
    in_order = {json.dumps(row) for row in json.loads(before)}
    assert in_order == {json.dumps(row) for row in json.loads(shipped)}
    file = tmp_path / "prices.json"
    file.write_text(before, encoding="utf-8")
    assert await seedgate("prices", "replace", str(file), "--yes", "--json") == (0, before, "")

    at = datetime.now(UTC).isoformat()
    rows = [row | {"micros_per_million_tokens": 50_500_000} for row in json.loads(before)[:1]]
    file.write_text(json.dumps(rows), encoding="utf-8")
    code, out, _ = await seedgate("prices", "replace", str(file), "--yes")
    assert (code, len(out.splitlines())) == (0, 2)
    assert "50.5" in out.splitlines()[1].split()
    assert await seedgate("prices", "list", "--json", "--at", at) == (0, before, "")
    file.write_text(before, encoding="utf-8")
    assert await seedgate("prices", "replace", str(file), "--yes", "--json") == (0, before, "")


@pytest.mark.parametrize("text", ["", ".", "..", "a\x1bb", "\udcff"])
async def test_a_text_that_no_path_can_contain_is_refused(seedgate: Command, text: str) -> None:
    for arguments in (("tasks", "get", text), ("deliveries", "resend", text)):
        code, out, err = await seedgate(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "neither an id nor a name" in err


async def test_a_token_of_the_environment_goes_to_no_address_of_a_folder(
    seedgate: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SEEDGATE_URL")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("seedgate_url=http://127.0.0.1:1\n")
    code, out, err = await seedgate("tenants", "list")
    assert (code, out) == (2, "")
    assert "SEEDGATE_ADMIN_TOKEN is set in the environment and SEEDGATE_URL in .env" in err


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("SEEDGATE_ULR", "SEEDGATE_URL"),
        ("SEEDGATE_DATABSE_URL", "SEEDGATE_DATABASE_URL"),
        ("SEEDGATE_ADMIN_TOKN", "SEEDGATE_ADMIN_TOKEN"),
    ],
)
async def test_a_misspelt_variable_is_refused_before_a_call(
    seedgate: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, nearest: str
) -> None:
    """Otherwise the command would go to the gateway of the default address."""
    message = f"seedgate: {name} is no setting; did you mean {nearest}?\n"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, "x")
    for arguments in (("tenants", "list"), ("channels", "check", "default"), ("reconcile", "--since", "1h")):
        assert await seedgate(*arguments) == (2, "", message)
    monkeypatch.delenv(name)
    (tmp_path / ".env").write_text(f"{name}=x\n")
    assert await seedgate("tenants", "list") == (2, "", message)


async def test_a_token_is_never_printed(seedgate: Command, monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> None:
    token = gateway.admin.headers["Authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", f"{token}\n")  # as in a mounted secret
    assert (await seedgate("tenants", "list", "--json"))[0] == 0
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", f"secret{token}\nmore")
    code, out, err = await seedgate("tenants", "list")
    assert (code, out, token in err) == (2, "", False)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 308 Permanent Redirect\r\nLocation: https://gateway.example/\r\n", "https://gateway.example/"),
        (b"HTTP/1.1 200 OK\r\n", "no gateway"),
        (b"HTTP/1.1 404 Not Found\r\n", "404"),
    ],
)
async def test_a_server_that_is_no_gateway_is_reported(
    seedgate: Command, monkeypatch: pytest.MonkeyPatch, answer: bytes, message: str
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer + b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        monkeypatch.setenv("SEEDGATE_URL", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for arguments in (("tenants", "list"), ("tasks", "get", "x"), ("models", "list")):
            code, out, err = await seedgate(*arguments)
            assert (code, out, message in err, err.count("\n")) == (1, "", True, 1)


async def test_url_and_token_come_from_the_env_file_too(
    seedgate: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gateway: Gateway
) -> None:
    token = gateway.admin.headers["Authorization"].removeprefix("Bearer ")
    monkeypatch.delenv("SEEDGATE_URL")
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", "")
    monkeypatch.chdir(tmp_path)
    code, _, err = await seedgate("tenants", "list")
    assert (code, ".env" in err) == (2, True)
    (tmp_path / ".env").write_bytes(b"NAME=\xe9\n")
    code, out, err = await seedgate("tenants", "list")
    assert (code, out, "is not UTF-8" in err, err.count("\n")) == (2, "", True, 1)
    (tmp_path / ".env").write_text(f"SEEDGATE_URL={gateway.base_url}\nSEEDGATE_ADMIN_TOKEN='{token}'\n")
    assert (await seedgate("tenants", "list", "--json"))[0] == 0


async def test_an_owner_gives_roles_and_takes_them_away(
    gateway: Gateway, seedgate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = ("--expires-at", "2100-01-01T00:00:00Z")
    admin = await made(seedgate, "admins", "create", "finance", "--role", "viewer", *until)
    changed = await made(seedgate, "admins", "update", "finance", "--role", "operator", "--expires-at", "never")
    assert (changed["id"], changed["role"], changed["expires_at"]) == (admin["id"], "operator", None)
    listed = (await seedgate("admins", "list"))[1]
    assert admin["id"] in listed
    assert admin["token"] not in listed

    with monkeypatch.context() as patch:
        patch.setenv("SEEDGATE_ADMIN_TOKEN", admin["token"])
        tenant = await made(seedgate, "tenants", "create", "made by finance")
        assert (await seedgate("admins", "list"))[0] == 1
    (row,) = (await gateway.admin.get("/audit", params={"target": tenant["id"]})).json()["data"]
    assert (row["actor"], row["actor_id"]) == ("finance", admin["id"])

    assert (await seedgate("admins", "revoke", admin["token"]))[0] == 2
    assert (await seedgate("admins", "revoke", admin["token"], "--yes"))[:2] == (0, f"revoked {admin['id']}\n")
    assert (await seedgate("admins", "update", "finance"))[0] == 2


async def test_permissions_and_limits_are_changed_one_by_one(seedgate: Command) -> None:
    await made(seedgate, "tenants", "create", "limited studio")
    key = await made(seedgate, "keys", "create", "limited studio", "--name", "limited key", "--permission", "read")
    assert (key["permissions"], key["limits"]) == (["read"], {})
    await made(seedgate, "keys", "update", "limited key", "--rpm", "600", "--create-rpm", "5")
    changed = await made(seedgate, "keys", "update", "limited key", "--rpm", "0", "--permission", "all")
    assert (len(changed["permissions"]), changed["limits"]) == (7, {"create_rpm": 5})
    assert "permissions" not in (await seedgate("keys", "list", "--tenant", "limited studio"))[1]
    tenant = await made(seedgate, "tenants", "update", "limited studio", "--rps", "9", "--permission", "tasks")
    assert (tenant["permissions"], tenant["limits"]) == (["tasks"], {"rps": 9})
    assert (await seedgate("tenants", "update", "limited studio"))[0] == 2
