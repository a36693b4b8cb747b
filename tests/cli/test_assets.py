"""``seedgate assets`` against a running gateway."""

import json

from tests.cli.commands import Command
from tests.support.driving import URL, new_asset, new_group
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import Gateway

gateway = prepared_gateway


async def test_groups_and_assets_are_listed_and_an_asset_is_shown(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    group = await new_group(tenant, "Kittens of a test")
    asset = await new_asset(tenant, group)
    await gateway.fault("GetAsset", kind="error", status=500, code="InternalServiceError")

    code, groups, err = await seedgate("assets", "groups", "--search", "kittens of A", "--tenant", tenant.id)
    assert (code, err, group in groups) == (0, "", True)
    listed = await seedgate("assets", "list", "--group", group, "--type", "Image", "--since", "1h", "--json")
    assert [row["id"] for row in json.loads(listed[1])] == [asset]
    shown = json.loads((await seedgate("assets", "media", asset, "--json"))[1])
    assert (shown["url"], shown["is_signed"]) == (URL, False)
