"""Every route of the operator, tried in every role."""

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter

from app.admin.roles import ROLES, check_complete
from app.admins.models import AdminRole
from tests.support.gateway import Gateway, Tenant, text
from tests.support.routes import Route, all_routes

ROUTES = [route for route in all_routes() if route.is_operators]
# Reads that viewers are not given: links to a clip, and calls to the upstream for minutes.
OPERATORS_READ = {
    *("/tasks/{task_id}/media", "/assets/{asset_id}/media", "/deliveries/{delivery_id}"),
    *("/reconcile", "/usage/check"),
}
BILLING_CHANGES = {"/prices", "/budgets", "/budgets/{budget_id}"}
BILLING_READS = BILLING_CHANGES | {"/usage", "/usage/check", "/summary"}


def below_admin(route: Route) -> str:
    return route.path.removeprefix("/admin/v1")


def allowed_in(route: Route) -> set[str]:
    """Returns the roles that the documents give a route, worked out without the gateway's table."""
    path, reads = below_admin(route), route.method == "GET"
    roles = {"owner"}
    if not path.startswith("/admins"):
        roles.add("operator")
        if reads and path not in OPERATORS_READ:
            roles.add("viewer")
        if path in (BILLING_READS if reads else BILLING_CHANGES):
            roles.add("billing")
    return roles


@pytest_asyncio.fixture
async def clients(gateway: Gateway) -> dict[str, httpx.AsyncClient]:
    """A client for each role."""
    made = {}
    for role in AdminRole:
        token = (await gateway.admin.post("/admins", json={"name": "walker", "role": role.value})).json()["token"]
        made[role.value] = gateway.client(token)
    return made


async def test_every_route_is_open_to_its_roles_only(clients: dict[str, httpx.AsyncClient]) -> None:
    opened: dict[str, set[str]] = {}
    for route in ROUTES:
        for role, client in clients.items():
            # No such object, and no valid body: an admin who may pass is answered something else, and changes nothing.
            body: dict[str, str] | None = None if route.method == "GET" else {}
            answer = await client.request(route.method, route.filled("none"), json=body)
            if answer.status_code == 403:
                assert answer.json()["error"]["code"] == "AccessDenied", route
                assert role in answer.json()["error"]["message"], route
            else:
                assert answer.status_code < 500, (route, answer.text)
                opened.setdefault(str(route), set()).add(role)
    assert opened == {str(route): allowed_in(route) for route in ROUTES}


def test_the_table_has_a_row_for_each_route_and_no_other() -> None:
    assert set(ROLES) == {f"{route.method} {below_admin(route)}" for route in ROUTES}


def test_a_route_without_a_row_stops_the_start() -> None:
    router = APIRouter()
    router.add_api_route("/new", lambda: None, methods=["PUT"])

    with pytest.raises(LookupError, match="no row for PUT /new"):
        check_complete(router.routes)


async def test_a_clip_is_shown_to_owners_and_operators_and_each_look_is_recorded(
    gateway: Gateway, clients: dict[str, httpx.AsyncClient]
) -> None:
    tenant = await gateway.tenant()
    task_id = await finished_task(gateway, tenant)
    path = f"/admin/v1/tasks/{task_id}/media"

    shown = await clients["operator"].get(path)

    assert shown.status_code == 200
    seen_by_tenant = (await tenant.http.get(f"/api/v3/contents/generations/tasks/{task_id}")).json()["content"]
    assert shown.json() == {"id": task_id, "tenant_id": tenant.id, "content": seen_by_tenant}
    assert "video_url" in seen_by_tenant
    for role in ("viewer", "billing"):
        assert (await clients[role].get(path)).status_code == 403
    (look,) = (await gateway.admin.get("/audit", params={"action": "task.look", "tenant": tenant.id})).json()["data"]
    assert (look["actor"], look["actor_id"] is None, look["target_type"]) == ("walker", False, "task")
    # A viewer's reads have no link to a clip.
    for read in (f"/admin/v1/tasks/{task_id}", f"/admin/v1/tasks?tenant={tenant.id}"):
        answer = await clients["viewer"].get(read)
        assert answer.status_code == 200
        assert seen_by_tenant["video_url"] not in answer.text


async def finished_task(gateway: Gateway, tenant: Tenant) -> str:
    task_id = await tenant.new_task(content=text("a kitten"))
    await gateway.force(task_id, "succeeded")
    refreshed = await gateway.admin.post(f"/tasks/{task_id}/refresh")
    assert refreshed.json()["status"] == "succeeded"
    return task_id
