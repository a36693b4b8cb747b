"""A task, from create to deletion, over HTTP."""

from tests.support.world import TASKS, World


async def test_a_task_is_created_found_and_kept_from_other_tenants(world: World) -> None:
    tenant, stranger = await world.tenant(), await world.tenant()
    task_id = await tenant.new_task()
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).json()["id"] == task_id
    assert (await stranger.http.get(f"{TASKS}/{task_id}")).status_code == 404
