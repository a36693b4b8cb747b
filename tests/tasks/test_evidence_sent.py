"""What a create carries so that it can be known again, and that the tenant does not see it."""

import pytest

from app.tasks.correlation import tag_of
from tests.support.frozen_gateway import SECOND_ACCOUNT
from tests.support.gateway import TASKS, Gateway, Tenant, get


@pytest.fixture
async def tagged(gateway: Gateway, request: pytest.FixtureRequest) -> Tenant:
    """A tenant of a channel that is sent tags."""
    name = f"tagged-{abs(hash(request.node.name))}"
    base_url = gateway.sandbox.ark_base_url
    await gateway.add_channel(name, base_url, SECOND_ACCOUNT.api_key, correlate="safety_identifier")
    return await gateway.tenant(name)


async def test_the_tag_is_sent_upstream_and_shown_to_no_client(gateway: Gateway, tagged: Tenant) -> None:
    task_id = await tagged.new_task()
    row = await gateway.row(task_id)
    assert row is not None
    assert row.callback_token_hash is not None
    assert gateway.sent_body()["safety_identifier"] == tag_of(row.callback_token_hash)
    await gateway.force(task_id, "succeeded")
    gateway.clock.advance(6)
    shown = (await get(tagged, task_id)).json()
    assert shown["status"] == "succeeded"
    assert "safety_identifier" not in shown
    assert "safety_identifier" not in (await tagged.http.get(TASKS)).json()["items"][0]
    stored = await gateway.row(task_id)
    assert stored is not None
    assert stored.snapshot is not None
    assert "safety_identifier" in stored.snapshot, "the sandbox did not echo it"


async def test_the_clients_own_identifier_is_unchanged(gateway: Gateway, tagged: Tenant) -> None:
    task_id = await tagged.new_task(safety_identifier="end-user-1")
    assert gateway.sent_body()["safety_identifier"] == "end-user-1"
    await gateway.force(task_id, "succeeded")
    gateway.clock.advance(6)
    assert (await get(tagged, task_id)).json()["safety_identifier"] == "end-user-1"


async def test_every_create_has_a_token_of_its_own_and_a_channel_that_wants_no_tag_gets_none(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    rows = [await gateway.row(await tenant.new_task()) for _ in range(2)]
    assert len({row.callback_token_hash for row in rows if row is not None}) == 2
    assert not {"safety_identifier", "callback_url"} & set(gateway.sent_body())
