"""``seedgate keys`` against a running gateway."""

import json

from tests.cli.commands import Command
from tests.support.gateway import Gateway
from tests.support.signing import Signing

LIST = "/?Action=ListAssetGroups&Version=2024-01-01"


async def test_a_signing_key_is_made_shown_listed_and_ended(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()

    _, shown, _ = await seedgate("keys", "signing-key", tenant.key_id)
    code, out, err = await seedgate("keys", "signing-key", tenant.key_id, "--yes", "--json")
    pair = json.loads(out)
    used = await gateway.anonymous.post(LIST, json={"Filter": {"GroupType": "AIGC"}}, auth=Signing(pair))
    _, listed, _ = await seedgate("keys", "list", "--tenant", tenant.id)
    ended, output, _ = await seedgate("keys", "signing-key", tenant.key_id, "--end", "--yes")
    _, after, _ = await seedgate("keys", "list", "--tenant", tenant.id)

    assert (code, err) == (0, "")
    assert "SGAK" in shown
    assert "SGSK" in shown
    assert used.status_code == 200, used.text
    assert pair["access_key_id"] in listed
    assert pair["secret_access_key"] not in listed
    assert (ended, output) == (0, f"ended the pair of {tenant.key_id}\n")
    assert pair["access_key_id"] not in after


async def test_a_key_that_is_not_there_is_reported(seedgate: Command) -> None:
    code, _, err = await seedgate("keys", "signing-key", "key_none")
    assert code == 1
    assert err == "seedgate: there is no key with the id or the name 'key_none'; see `seedgate keys list`\n"


async def rotated(gateway: Gateway, seedgate: Command, name: str, times: int) -> tuple[str, list[str]]:
    """Makes a key and rotates it with a grace; returns its tenant and the ids, the newest first."""
    tenant = await gateway.tenant()
    made = [json.loads((await seedgate("keys", "create", tenant.id, "--name", name, "--json"))[1])["id"]]
    for _ in range(times):
        code, out, _ = await seedgate("keys", "rotate", made[0], "--grace-seconds", "3600", "--json")
        assert code == 0
        made.insert(0, json.loads(out)["id"])
    return tenant.id, made


async def working(seedgate: Command, tenant: str, name: str) -> set[str]:
    rows = json.loads((await seedgate("keys", "list", "--tenant", tenant, "--json"))[1])
    return {row["id"] for row in rows if row["name"] == name and row["status"] in {"active", "rotated"}}


async def test_a_name_revokes_the_keys_in_their_grace_too_and_names_them_first(
    gateway: Gateway, seedgate: Command
) -> None:
    tenant, (new, middle, old) = await rotated(gateway, seedgate, "ci", 2)

    refused, _, question = await seedgate("keys", "revoke", "ci")
    before = await working(seedgate, tenant, "ci")
    code, out, err = await seedgate("keys", "revoke", "ci", "--yes")

    assert refused == 2
    assert all(key in question for key in (new, middle, old))
    assert question.count("in its grace until") == 2
    assert before == {new, middle, old}
    assert (code, out, err) == (0, f"revoked {new}\nrevoked {middle}\nrevoked {old}\n", "")
    assert await working(seedgate, tenant, "ci") == set()


async def test_an_id_revokes_one_key_and_names_those_that_stay_valid(gateway: Gateway, seedgate: Command) -> None:
    tenant, (new, old) = await rotated(gateway, seedgate, "render", 1)

    _, _, question = await seedgate("keys", "revoke", new)
    code, out, err = await seedgate("keys", "revoke", new, "--yes")
    left = await working(seedgate, tenant, "render")
    by_name = await seedgate("keys", "revoke", "render", "--yes")

    assert f"{old}, in its grace until" in question
    assert (code, out) == (0, f"revoked {new}\n")
    assert f"`seedgate keys revoke {old}`" in err
    assert left == {old}
    # A name finds what is left of it.
    assert by_name == (0, f"revoked {old}\n", "")


async def test_a_rotation_without_a_grace_names_the_earlier_keys_that_stay_valid(
    gateway: Gateway, seedgate: Command
) -> None:
    _, (new, old) = await rotated(gateway, seedgate, "nightly", 1)

    _, _, question = await seedgate("keys", "rotate", new)
    code, _, err = await seedgate("keys", "rotate", new, "--yes")

    assert f"{old}, in its grace until" in question
    assert (code, f"`seedgate keys revoke {old}`" in err) == (0, True)


async def test_a_key_that_was_renamed_after_its_rotation_still_ends_the_one_before(
    gateway: Gateway, seedgate: Command
) -> None:
    tenant, (new, old) = await rotated(gateway, seedgate, "leaked", 1)
    assert (await gateway.admin.patch(f"/keys/{new}", json={"name": "clean"})).status_code == 200

    assert (await seedgate("keys", "revoke", "clean", "--yes"))[1] == f"revoked {new}\nrevoked {old}\n"
    assert await working(seedgate, tenant, "leaked") == set()


async def test_a_name_never_revokes_a_key_that_the_named_one_did_not_replace(
    gateway: Gateway, seedgate: Command
) -> None:
    tenant, (ended, in_grace) = await rotated(gateway, seedgate, "worker", 1)
    await seedgate("keys", "revoke", ended, "--yes")
    other = json.loads((await seedgate("keys", "create", tenant, "--name", "worker", "--json"))[1])["id"]

    assert (await seedgate("keys", "revoke", "worker", "--yes"))[1] == f"revoked {other}\n"
    assert await working(seedgate, tenant, "worker") == {in_grace}


async def test_a_name_never_revokes_keys_of_another_tenant(gateway: Gateway, seedgate: Command) -> None:
    tenant, (new, old) = await rotated(gateway, seedgate, "shared", 1)
    other, (theirs, in_grace) = await rotated(gateway, seedgate, "shared", 1)

    ambiguous, _, _ = await seedgate("keys", "revoke", "shared", "--yes")
    await seedgate("keys", "revoke", theirs, "--yes")
    code, _, _ = await seedgate("keys", "revoke", "shared", "--yes")

    assert (ambiguous, code) == (2, 0)
    assert await working(seedgate, tenant, "shared") == set(), (new, old)
    assert await working(seedgate, other, "shared") == {in_grace}
