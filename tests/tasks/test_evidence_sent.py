"""What a create carries so that it can be known again, and that the tenant does not see it."""

import pytest

from app.tasks.correlation import tag_of
from tests.support.stage import SECOND_ACCOUNT, Stage, add_channel, get
from tests.support.world import TASKS, Tenant


@pytest.fixture
async def tagged(stage: Stage, request: pytest.FixtureRequest) -> Tenant:
    """A tenant of a channel that is sent tags."""
    name = f"tagged-{abs(hash(request.node.name))}"
    base_url = stage.world.sandbox.ark_base_url
    await add_channel(stage.world, name, base_url, SECOND_ACCOUNT.api_key, correlate="safety_identifier")
    return await stage.tenant(name)


async def test_the_tag_is_sent_upstream_and_shown_to_no_client(stage: Stage, tagged: Tenant) -> None:
    task_id = await tagged.new_task()
    row = await stage.row(task_id)
    assert row is not None
    assert row.callback_token_hash is not None
    assert stage.sent_body()["safety_identifier"] == tag_of(row.callback_token_hash)
    await stage.force(task_id, "succeeded")
    stage.clock.advance(6)
    shown = (await get(tagged, task_id)).json()
    assert shown["status"] == "succeeded"
    assert "safety_identifier" not in shown
    assert "safety_identifier" not in (await tagged.http.get(TASKS)).json()["items"][0]
    stored = await stage.row(task_id)
    assert stored is not None
    assert stored.snapshot is not None
    assert "safety_identifier" in stored.snapshot, "the sandbox did not echo it"


async def test_the_clients_own_identifier_is_left_alone(stage: Stage, tagged: Tenant) -> None:
    task_id = await tagged.new_task(safety_identifier="end-user-1")
    assert stage.sent_body()["safety_identifier"] == "end-user-1"
    await stage.force(task_id, "succeeded")
    stage.clock.advance(6)
    assert (await get(tagged, task_id)).json()["safety_identifier"] == "end-user-1"


async def test_every_create_has_a_token_of_its_own_and_a_channel_that_wants_no_tag_gets_none(stage: Stage) -> None:
    tenant = await stage.tenant()
    rows = [await stage.row(await tenant.new_task()) for _ in range(2)]
    assert len({row.callback_token_hash for row in rows if row is not None}) == 2
    assert not {"safety_identifier", "callback_url"} & set(stage.sent_body())
