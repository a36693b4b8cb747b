"""Lists of allowed channels: given by name or id, stored by id."""

from typing import Any

import pytest
from sqlalchemy import update

from app.channels.models import ChannelRow
from app.db.base import utc_now
from tests.support.admin_app import Process
from tests.support.clock import ManualSeconds


async def _change(process: Process, channel_id: str, **columns: Any) -> None:
    async with process.sessions.begin() as session:
        await session.execute(update(ChannelRow).where(ChannelRow.id == channel_id).values(**columns))


async def test_names_and_ids_are_kept_as_ids_each_once_and_in_order(process: Process) -> None:
    one, two = await process.channel("one"), await process.channel("two")

    tenant = await process.tenant(allowed_channels=["two", one, "one", two])
    key = await process.key(tenant["id"], allowed_channels=["one"])
    patched = await process.admin.patch(f"/keys/{key['id']}", json={"allowed_channels": ["two"]})

    assert (tenant["allowed_channels"], key["allowed_channels"]) == ([two, one], [one])
    assert patched.json()["allowed_channels"] == [two]
    whole = await process.admin.patch(f"/tenants/{tenant['id']}", json={"allowed_channels": [one]})
    assert whole.json()["allowed_channels"] == [one]


async def test_a_channel_named_in_one_list_and_given_by_its_id_in_the_other_is_allowed(process: Process) -> None:
    one, two = await process.channel("one"), await process.channel("two")
    tenant = await process.tenant(allowed_channels=["one", two])

    key = await process.key(tenant["id"], allowed_channels=[one, "two"])

    assert (await process.whoami(key["key"])).json()["allowed_channels"] == sorted([one, two])


@pytest.mark.parametrize("word", ["misspelt", "ch_00000000000000000000", "One"])
async def test_an_entry_that_is_no_channel_is_refused_everywhere(process: Process, word: str) -> None:
    await process.channel("one")
    tenant = await process.tenant()
    key = await process.key(tenant["id"])
    body = {"allowed_channels": ["one", word]}
    for method, path, fields in (
        ("POST", "/tenants", {"name": "a"}),
        ("PATCH", f"/tenants/{tenant['id']}", {}),
        ("POST", f"/tenants/{tenant['id']}/keys", {"name": "a"}),
        ("PATCH", f"/keys/{key['id']}", {}),
    ):
        answer = await process.admin.request(method, path, json={**fields, **body})

        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "InvalidParameter.allowed_channels"), path
        assert error["param"] == "allowed_channels[1]"
    assert (await process.admin.get(f"/tenants/{tenant['id']}")).json() == tenant
    assert len((await process.admin.get("/tenants")).json()["data"]) == 1


async def test_a_renamed_channel_keeps_its_place_and_its_old_name_is_free(
    process: Process, seconds: ManualSeconds
) -> None:
    channel_id = await process.channel("before")
    key = await process.key(allowed_channels=["before"])

    await _change(process, channel_id, name="after")
    other = await process.channel("before")
    seconds.now += 1

    assert (await process.whoami(key["key"])).json()["allowed_channels"] == [channel_id]
    assert (await process.key(allowed_channels=["before"]))["allowed_channels"] == [other]


async def test_a_list_with_a_deleted_channel_can_be_sent_back_but_not_its_name(process: Process) -> None:
    gone, kept = await process.channel("gone"), await process.channel("kept")
    tenant = await process.tenant(allowed_channels=[gone, kept])
    await _change(process, gone, deleted_at=utc_now())

    same = await process.admin.patch(
        f"/tenants/{tenant['id']}", json={"allowed_channels": tenant["allowed_channels"], "name": "new"}
    )
    by_name = await process.admin.patch(f"/tenants/{tenant['id']}", json={"allowed_channels": ["gone"]})

    assert (same.status_code, same.json()["allowed_channels"]) == (200, [gone, kept])
    assert by_name.status_code == 400


async def test_null_allows_all_channels_again(process: Process) -> None:
    await process.channel("one")
    tenant = await process.tenant(allowed_channels=["one"])

    cleared = await process.admin.patch(f"/tenants/{tenant['id']}", json={"allowed_channels": None})

    assert cleared.json()["allowed_channels"] is None
