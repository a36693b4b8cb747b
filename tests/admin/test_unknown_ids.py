"""An id of nothing is 404 on every route of the operator that takes one."""

from typing import Any

import pytest

from tests.support.gateway import Gateway
from tests.support.routes import Route, all_routes

ROUTES = [route for route in all_routes() if route.is_operators and route.names]
# Bodies that are accepted for an object that exists.
BODIES: dict[str, Any] = {
    "PATCH /admin/v1/tenants/{tenant_id}": {"name": "a"},
    "POST /admin/v1/tenants/{tenant_id}/keys": {"name": "a"},
    "POST /admin/v1/tenants/{tenant_id}/adopt": {"channel": "default", "task_ids": ["cgt-20260101000000-zzzzz"]},
    "PATCH /admin/v1/keys/{key_id}": {"name": "a"},
    "POST /admin/v1/keys/{key_id}/rotate": {"grace_seconds": 0},
    "PATCH /admin/v1/budgets/{budget_id}": {"amount_micros": 1},
    "PATCH /admin/v1/admins/{admin_id}": {"name": "a"},
    "PATCH /admin/v1/channels/{channel_id}": {"weight": 2},
    "POST /admin/v1/tasks/{task_id}/resolve": {"absent": True},
}
CODES = {"task_id": "NotFound.id"}
IDS = ["none", "%00", "é" * 300, "x" * 5000, "%F0%9F%98%80"]
# No UTF-8: no route has such a path.
UNDECODABLE = "%FF"


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_an_id_of_nothing_is_not_found(gateway: Gateway, route: Route) -> None:
    (name,) = route.names
    for object_id in [*IDS, UNDECODABLE]:
        url = gateway.base_url + route.filled(object_id)
        answer = await gateway.admin.request(route.method, url, json=BODIES.get(str(route)))
        code = "NotFound" if object_id == UNDECODABLE else CODES.get(name, f"NotFound.{name}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, code), f"{object_id:.9}: {answer.text}"


def test_every_body_belongs_to_a_route() -> None:
    assert set(BODIES) <= {str(route) for route in ROUTES}
