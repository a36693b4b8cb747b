"""Extra slashes do no harm on tenant routes, and a path with a wrong prefix gets the right base URL."""

import re
import sys
from collections.abc import AsyncIterator
from types import FrameType
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from app.http.exact_paths import EXACT_NAMES
from app.main import create_app
from app.settings import Settings
from tests.http.test_exact_paths import ask
from tests.http.wires import Wire, connected
from tests.support.answers import check_error
from tests.support.driving import act, new_group
from tests.support.gateway import TASKS, Gateway, Tenant

ADDRESS = "the address of this gateway"
WITH_BASE = f"Set the base URL of the client to {ADDRESS} followed by `/api/v3`."
WITHOUT_BASE = f"The client adds `/api/v3` itself: set its base URL to {ADDRESS} alone."
EITHER = f"{WITH_BASE[:-1]}, or to that address alone if the client adds `/api/v3` itself."
WITH_V1, WITHOUT_V1, EITHER_V1 = (text.replace("/api/v3", "/v1") for text in (WITH_BASE, WITHOUT_BASE, EITHER))
ASSET = "/api/v3/open/CreateAsset"
ONE_TASK = f"{TASKS}/{{task_id}}"

# Paths that arrive from a client with a wrong base URL.
WRONG_BASES = {
    "/contents/generations/tasks": (TASKS, WITH_BASE),
    "//contents/generations/tasks/": (TASKS, WITH_BASE),
    "/contents/generations/tasks/cgt-1": (ONE_TASK, WITH_BASE),
    "/open/CreateAsset": (ASSET, WITH_BASE),
    "/whoami": ("/api/v3/whoami", WITH_BASE),
    "/assets": ("/api/v3/assets", WITH_BASE),
    "/api/v3/api/v3/contents/generations/tasks": (TASKS, WITHOUT_BASE),
    "/api/v3//api/v3/contents/generations/tasks/cgt-1/": (ONE_TASK, WITHOUT_BASE),
    "/api/v3/api/v3/open/CreateAsset": (ASSET, WITHOUT_BASE),
    "/v1/contents/generations/tasks": (TASKS, EITHER),
    "/api/v1/contents/generations/tasks": (TASKS, EITHER),
    "/volc/v1/contents/generations/tasks/cgt-1": (ONE_TASK, EITHER),
    "/doubao/v3/contents/generations/tasks": (TASKS, EITHER),
    "/doubao/api/v3/contents/generations/tasks": (TASKS, EITHER),
    "/seedance/api/v3/contents/generations/tasks": (TASKS, EITHER),
    "/api/plan/v3/contents/generations/tasks": (TASKS, EITHER),
    "/v3/open/CreateAsset": (ASSET, EITHER),
    "/api/v3/api/v3/api/v3/contents/generations/tasks": (TASKS, EITHER),
    "/a/b/contents/generations/tasks/open": (ONE_TASK, EITHER),
    "/videos": ("/v1/videos", WITH_V1),
    "/videos/cgt-1": ("/v1/videos/{video_id}", WITH_V1),
    "/v1/v1/videos": ("/v1/videos", WITHOUT_V1),
    "/v1/v1/models": ("/v1/models", WITHOUT_V1),
    "/openai/videos": ("/v1/videos", EITHER_V1),
}
PLAIN = [
    "/nowhere",
    "/api",
    "/api/v3",
    "/api/v3/open",
    "/contents/generations",
    "/contents/generations/tasks/cgt-1/more",
    "/v3/open/NoSuchAction",
    "/v1/tasks",
    "/v1%2Fcontents%2Fgenerations%2Ftasks",
    "/v1/contents/generations%2Ftasks",
    "/admin/contents/generations/tasks",
    "/admin/v1/api/v3/whoami",
    "/callbacks/api/v3/contents/generations/tasks",
    "/metrics/assets",
]


@pytest_asyncio.fixture
async def line(gateway: Gateway) -> AsyncIterator[Wire]:
    """A connection on which paths are sent as they are spelled."""
    async with connected(gateway.base_url) as opened:
        yield opened


def test_every_route_is_exact_or_a_tenants() -> None:
    """Any other route would be reached by paths with extra slashes."""
    for route in iter_route_contexts(create_app(Settings(_env_file=None)).routes):
        path = str(route.path)
        first = path.split("/")[1].encode()
        assert first in EXACT_NAMES or path == "/" or path.startswith(("/api/v3/", "/v1/")), path


async def test_extra_slashes_reach_every_tenant_route(gateway: Gateway, line: Wire, tenant: Tenant) -> None:
    key = f"Bearer {tenant.key}"
    task_id = await tenant.new_task()
    paths = {
        ("GET", TASKS): (200, ""),
        ("GET", f"{TASKS}/{task_id}"): (200, ""),
        ("GET", f"{TASKS}/cgt-unknown"): (404, "NotFound.id"),
        ("GET", "/api/v3/whoami"): (200, ""),
        ("POST", TASKS): (400, "InvalidParameter"),
        ("POST", "/api/v3/open/ListAssets"): (400, "MissingParameter.Filter"),
        ("POST", "/api/v3/open/NoSuchAction"): (404, "InvalidActionOrVersion"),
        ("POST", "/api/v3/assets"): (400, "MissingParameter.Action"),
        ("POST", "/"): (400, "MissingParameter.Action"),
        ("PUT", TASKS): (405, "MethodNotAllowed"),
    }
    for (method, path), expected in paths.items():
        doubled = path.replace("/", "//")
        for spelling in (path, doubled, f"{path}/", f"{path}//", f"/{path}", path.replace("/", "/" * 7) + "/"):
            assert (spelling, *await ask(line, method, spelling, key)) == (spelling, *expected)


async def test_a_task_is_created_listed_and_deleted_under_a_base_url_with_a_slash(
    gateway: Gateway, tenant: Tenant
) -> None:
    base = f"{gateway.base_url}//api/v3/"
    body = {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "[queue:100000]"}]}
    made = await tenant.http.post(f"{base}/contents/generations/tasks/", json=body)
    assert made.status_code == 200, made.text
    url = f"{base}/contents/generations/tasks/{made.json()['id']}/"
    assert (await tenant.http.get(url)).json()["id"] == made.json()["id"]
    assert (await tenant.http.delete(url)).json() == {}
    group_id = await new_group(tenant)
    answer = await tenant.http.post(f"{base}/open//GetAssetGroup/", json={"Id": group_id})
    assert answer.json() == await act(tenant, "GetAssetGroup", Id=group_id)


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE", "OPTIONS", "PATCH"])
async def test_a_wrong_base_url_is_404_with_the_one_to_set(gateway: Gateway, method: str) -> None:
    for path, (served, advice) in WRONG_BASES.items():
        answer = await gateway.anonymous.request(method, gateway.base_url + path, content=b"{}")
        if path.startswith("/v1/"):
            assert answer.json()["error"]["type"] == "not_found_error"
            message = answer.json()["error"]["message"]
        else:
            message = check_error(answer, 404, "NotFound")["message"]
        told = f"The requested route does not exist. It is served as `{served}`. {advice} Request id: "
        assert message.startswith(told), f"{path}: {message}"
        assert ".." not in message


async def test_head_is_answered_alike_without_a_body(gateway: Gateway) -> None:
    for path in ("/v1/contents/generations/tasks", "/nowhere"):
        answer = await gateway.anonymous.head(path)
        assert (answer.status_code, answer.content) == (404, b"")


async def test_an_action_at_the_wrong_endpoint_is_404_with_the_right_one(gateway: Gateway) -> None:
    for path in (
        "/api/v3/?Action=ListAssets&Version=2024-01-01",
        "/v1?Version=2024-01-01&Action=ListAssets",
        "/api?Action=x",
    ):
        message = check_error(await gateway.anonymous.post(path, content=b"{}"), 404, "NotFound")["message"]
        assert "set the endpoint of the SDK to the address of this gateway, without a path." in message
    for path in ("/api/v3?action=x", "/api/v3?x=Action=", "/admin/v1/x?Action=ListAssets"):
        answer = await gateway.anonymous.post(path, content=b"{}")
        assert (answer.status_code, "endpoint" in answer.text) == (404, False), path


async def test_other_unknown_paths_get_no_hint(gateway: Gateway, line: Wire) -> None:
    for path in PLAIN:
        await line.send_head(path, "Content-Length: 0")
        answer = await line.read_answer()
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound"), path
        assert answer.json()["error"]["message"].startswith("The requested route does not exist. Request id: "), path


async def test_the_advice_depends_on_no_id_and_needs_no_database(tenant: Tenant) -> None:
    async def told(client: httpx.AsyncClient, task_id: str) -> tuple[int, str, str]:
        answer = await client.get(f"/v1/contents/generations/tasks/{task_id}")
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["message"].partition(" Request id:")[0]

    ids = [await tenant.new_task(), "cgt-unknown", "x" * 5000, "[0m%00?token=a"]
    found = {await told(tenant.http, each) for each in ids}
    # No lifespan, so that there is no database and nothing else.
    bare = httpx.ASGITransport(create_app(Settings(_env_file=None)))
    async with httpx.AsyncClient(transport=bare, base_url="http://gateway") as client:
        found |= {await told(client, each) for each in ids}
    assert len(found) == 1


async def test_a_long_path_costs_no_more_than_any_other(line: Wire) -> None:
    """It is compared with as many patterns as a short path of the same form."""
    bare = httpx.ASGITransport(create_app(Settings(_env_file=None)))

    async def counted(client: httpx.AsyncClient, path: str) -> int:
        matches = 0

        def count(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal matches
            is_pattern = event == "c_call" and isinstance(getattr(argument, "__self__", None), re.Pattern)
            matches += is_pattern and "/app/http/" in frame.f_code.co_filename

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            answer = await client.get(f"http://gateway{path}")
        finally:
            sys.setprofile(before)
        check_error(answer, 404, "NotFound")
        return matches

    async with httpx.AsyncClient(transport=bare) as client:
        await counted(client, "/nowhere")  # the first request also builds what is kept
        for path, short in (
            ("/x" * 4000 + "/contents/generations/tasks", "/x" * 4 + "/contents/generations/tasks"),
            ("/" * 8000 + "whoami", "/" * 8 + "whoami"),
            ("/api/v3" * 1000 + "/whoami", "/api/v3" * 4 + "/whoami"),
            ("/x" * 4000, "/x" * 9),
        ):
            assert await ask(line, "GET", path, "") == (404, "NotFound")
            assert await counted(client, path) == await counted(client, short)


async def test_unknown_paths_have_no_route_in_metrics_and_logs(gateway: Gateway) -> None:
    await gateway.anonymous.get("/v1/contents/generations/tasks/cgt-labelled")
    counted = (await gateway.admin.get(f"{gateway.base_url}/metrics")).text
    assert "labelled" not in counted
    assert 'route="none"' in counted
