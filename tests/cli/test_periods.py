"""The lists of the command line show what was made in a period."""

import json
from typing import Any

import pytest

from tests.cli.commands import Command
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import Gateway

gateway = prepared_gateway


@pytest.mark.parametrize("what", [("tenants", "list"), ("keys", "list"), ("assets", "groups")], ids=" ".join)
async def test_a_list_shows_what_was_made_in_a_period(
    gateway: Gateway, seedgate: Command, what: tuple[str, str]
) -> None:
    tenant = await gateway.tenant()
    made = await tenant.action("CreateAssetGroup", Name="from this hour", GroupType="AIGC")
    ids = {"tenants": tenant.id, "keys": tenant.key_id, "assets": made.json()["Id"]}
    of_tenant = () if what[0] == "tenants" else ("--tenant", tenant.id)

    async def listed(*period: str) -> set[str]:
        code, out, err = await seedgate(*what, *of_tenant, *period, "--json")
        assert (code, err) == (0, "")
        rows: list[dict[str, Any]] = json.loads(out)
        return {row["id"] for row in rows}

    assert ids[what[0]] in await listed("--since", "1h")
    assert ids[what[0]] not in await listed("--until", "1h")
