"""What the operator takes away from a key or a tenant is refused, on every route, and nothing is sent or stored."""

from typing import Any

import pytest
import pytest_asyncio

from app.assets.actions import ACTIONS
from tests.support.gateway import ENDLESS, MODEL, TASKS, Gateway, Tenant, get, text
from tests.support.routes import Route, all_routes
from tests.support.signing import Signing

ALL = ["tasks", "assets", "read", "priority", "4k", "flex", "long_expiry"]
READS = {"ListAssetGroups", "GetAssetGroup", "ListAssets", "GetAsset"}
ENTRIES = ("/api/v3/assets", "/")
# Without a permission: what a key may use is shown to each.
MODELS = [f"GET {base}/models{one}" for base in ("/api/v3", "/v1") for one in ("", "/{model_id:path}")]
FREE = {"GET /api/v3/whoami", "POST /api/v3/open/{action:path}", *MODELS}
NEEDED = {
    f"POST {TASKS}": "tasks",
    f"GET {TASKS}": "read",
    f"GET {TASKS}/{{task_id}}": "read",
    f"DELETE {TASKS}/{{task_id}}": "tasks",
    "POST /v1/videos": "tasks",
    "GET /v1/videos": "read",
    "GET /v1/videos/{video_id}": "read",
    "GET /v1/videos/{video_id}/content": "read",
    "DELETE /v1/videos/{video_id}": "tasks",
    **{f"POST /v1/videos/{name}": "tasks" for name in ("edits", "extensions", "characters", "{video_id}/remix")},
    "GET /api/v3/usage": "read",
    **{f"POST /api/v3/open/{name}": "read" if name in READS else "assets" for name in ACTIONS},
}
OF_TENANTS = [route for route in all_routes() if route.path.startswith(("/api/v3/", "/v1/"))]
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
PARAMETERS: list[tuple[str, str, dict[str, Any]]] = [
    ("priority", "priority", {"priority": 1}),
    ("4k", "resolution", {"model": "doubao-seedance-2-0-260128", "resolution": "4k"}),
    ("4k", "content", {"content": text("a kitten --rs 4k")}),
    ("4k", "content", {"content": text("a kitten --resolution  4K --dur 5")}),
    ("4k", "content", {"content": [*text("a kitten --RS 4k --rs"), *text("720p")]}),
    # The upstream reads all texts as one, so a suffix may begin in one and end in the next.
    ("4k", "content", {"content": [*text("a kitten --rs"), *text("4k")]}),
    ("4k", "content", {"content": [*text("a kitten --rs"), IMAGE, *text("\n4K, at night")]}),
    # Which suffixes such a prompt has is not known.
    ("4k", "content", {"model": "doubao-seedance-2-0-260128", "content": text("a kitten -- " + "a" * 20_000)}),
    ("flex", "service_tier", {"service_tier": "flex"}),
    ("long_expiry", "execution_expires_after", {"execution_expires_after": 172_801}),
]
# None of these is 4k.
OTHER_PROMPTS = ("a kitten --rs 720p", "a kitten --RS 720p", "a kitten -- rs 4k", "rs 4k", "a kitten --seed 4k")
USUAL = {"priority": 0, "resolution": "720p", "service_tier": "default", "execution_expires_after": 172_800}


def without(permission: str) -> list[str]:
    return [name for name in ALL if name != permission]


@pytest_asyncio.fixture
async def limited(gateway: Gateway) -> dict[str, Tenant]:
    """A key of one tenant for each permission, which it lacks."""
    owner = await gateway.tenant()
    return {name: await gateway.key_of(owner.id, permissions=without(name)) for name in ALL}


def test_the_table_has_a_row_for_each_route_of_tenants() -> None:
    expected = {str(route) for route in OF_TENANTS} - {f"POST {path}" for path in ENTRIES}
    assert set(NEEDED) | FREE == expected


async def test_each_route_refuses_a_key_that_lacks_its_permission_and_no_other(
    gateway: Gateway, limited: dict[str, Tenant]
) -> None:
    calls: list[tuple[Route, dict[str, str], str | None]] = [
        (route, {}, NEEDED.get(str(route))) for route in OF_TENANTS if route.path not in ENTRIES
    ]
    calls += [
        (Route("POST", entry), {"Action": name, "Version": "2024-01-01"}, "read" if name in READS else "assets")
        for entry in ENTRIES
        for name in ACTIONS
    ]
    before = gateway.sandbox.store.ledger.requests[-1].number if gateway.sandbox.store.ledger.requests else 0
    for lacking, tenant in limited.items():
        for route, query, needed in calls:
            content = None if route.method in {"GET", "DELETE"} else b"{}"
            answer = await tenant.http.request(route.method, route.filled(), params=query, content=content)
            where = f"{route} {query} without {lacking}"
            if needed == lacking:
                assert_denied(answer, lacking, where)
            else:
                assert answer.status_code != 403, f"{where}: {answer.text}"
    sent = [entry for entry in gateway.sandbox.store.ledger.requests if entry.number > before]
    assert [entry.operation for entry in sent if entry.operation.startswith(("create", "Create"))] == []


def assert_denied(answer: Any, permission: str, where: str, *, param: str | None = None) -> None:
    assert answer.status_code == 403, f"{where}: {answer.text}"
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("AccessDenied", param), where
    assert f"`{permission}`" in error["message"], where


async def test_a_signed_request_has_the_permissions_of_its_key(gateway: Gateway, limited: dict[str, Tenant]) -> None:
    signing = Signing((await gateway.admin.post(f"/keys/{limited['assets'].key_id}/signing-key")).json())
    query = {"Action": "CreateAssetGroup", "Version": "2024-01-01"}
    answer = await gateway.anonymous.post("/", params=query, content=b'{"Name": "a"}', auth=signing)
    assert answer.status_code == 403
    assert answer.json()["ResponseMetadata"]["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize(("permission", "param", "fields"), PARAMETERS)
async def test_a_parameter_is_refused_before_anything_is_sent_or_stored(
    gateway: Gateway, limited: dict[str, Tenant], permission: str, param: str, fields: dict[str, Any]
) -> None:
    sent = len(gateway.received("create_task"))
    lacking = limited[permission]
    body = {"model": MODEL, "content": text(ENDLESS), **fields}
    for query in ({}, {"dry_run": "true"}):
        assert_denied(await lacking.http.post(TASKS, params=query, json=body), permission, str(query), param=param)
        for other, tenant in limited.items():
            if other not in {permission, "tasks"}:
                # Others may use it, whatever the upstream says about it.
                assert (await tenant.http.post(TASKS, params={"dry_run": "true"}, json=body)).status_code == 200
    assert len(gateway.received("create_task")) == sent
    assert await gateway.rows_of(lacking) == []


async def test_the_usual_values_need_no_permission(gateway: Gateway) -> None:
    tenant = await gateway.tenant(permissions=["tasks"])
    assert (await tenant.create_task(content=text(ENDLESS), **USUAL)).status_code == 200
    for prompt in OTHER_PROMPTS:
        body = {"model": MODEL, "content": text(prompt)}
        answer = await tenant.http.post(TASKS, params={"dry_run": "true"}, json=body)
        assert answer.status_code == 200, answer.text


async def test_a_key_without_read_is_shown_no_task_that_is_in_memory(gateway: Gateway) -> None:
    reader = await gateway.tenant()
    writer = await gateway.key_of(reader.id, permissions=without("read"))
    task_id = await writer.new_task()
    await gateway.force(task_id, "succeeded")
    await gateway.admin.post(f"/tasks/{task_id}/refresh")
    for _ in range(3):
        await get(reader, task_id)
        assert_denied(await writer.http.get(f"{TASKS}/{task_id}"), "read", task_id)
    assert_denied(await writer.http.get(TASKS), "read", "list")
    reads = await gateway.key_of(reader.id, permissions=["read"])
    await get(reads, task_id)
    assert_denied(await reads.http.delete(f"{TASKS}/{task_id}"), "tasks", "delete")
