"""Tasks, groups, assets and verifications in the state that a test needs."""

import asyncio
import json
from html.parser import HTMLParser
from typing import Any

import httpx

from tests.support.gateway import TASKS, Gateway, Tenant
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS

URL = "https://example.com/reference.png"
_FINAL = {"succeeded", "failed", "expired", "cancelled"}


async def until(tenant: Tenant, task_id: str, *statuses: str) -> dict[str, Any]:
    """Polls a task until it has one of these statuses; returns its body."""
    wanted = set(statuses) or _FINAL
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            response = await tenant.http.get(f"{TASKS}/{task_id}")
            assert response.status_code == 200, response.text
            body: dict[str, Any] = response.json()
            if body["status"] in wanted:
                return body
            await asyncio.sleep(0.1)


async def force(gateway: Gateway, tenant: Tenant, task_id: str, status: str, **change: Any) -> dict[str, Any]:
    """Puts a task into a state upstream, in which it stays, and waits until the tenant sees it."""
    forced = await gateway.control.post(f"/tasks/{task_id}", json={"status": status, **change})
    assert forced.status_code == 200, forced.text
    return await until(tenant, task_id, status)


def received(gateway: Gateway, task_id: str) -> dict[str, Any]:
    """Returns the body with which the upstream was asked to make a task."""
    for entry in reversed(gateway.sandbox.store.ledger.requests):
        if entry.resource_id == task_id:
            body: dict[str, Any] = json.loads(entry.body or "")
            return body
    raise AssertionError(f"the upstream never made {task_id}")


def count_received(gateway: Gateway, operation: str) -> int:
    """Returns how many calls of an operation the upstream has received so far."""
    return sum(entry.operation == operation for entry in gateway.sandbox.store.ledger.requests)


async def create_with_fault(gateway: Gateway, tenant: Tenant, **effect: Any) -> httpx.Response:
    """Creates a task while one fault is active upstream."""
    script = {"operation": "create_task", "times": 1, "effect": effect}
    fault = await gateway.control.post("/faults", json=script)
    assert fault.status_code == 201, fault.text
    answer = await tenant.create_task()
    assert (await gateway.control.get("/faults")).json()["faults"][-1]["hits"] == 1
    return answer


async def act(tenant: Tenant, action: str, **body: Any) -> dict[str, Any]:
    """Calls an Assets action that must succeed; returns its result."""
    response = await tenant.action(action, **body)
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()
    return result


async def new_group(tenant: Tenant, name: str = "MyAssetGroup", **fields: Any) -> str:
    """Makes an asset group; returns its id."""
    return str((await act(tenant, "CreateAssetGroup", Name=name, GroupType="AIGC", **fields))["Id"])


async def new_asset(tenant: Tenant, group_id: str, **fields: Any) -> str:
    """Makes an asset, which is still being processed; returns its id."""
    body = {"GroupId": group_id, "URL": URL, "AssetType": "Image", **fields}
    return str((await act(tenant, "CreateAsset", **body))["Id"])


async def activate(gateway: Gateway, tenant: Tenant, asset_id: str) -> dict[str, Any]:
    """Makes an asset Active upstream and lets the gateway see it; returns the result of GetAsset."""
    ended = await gateway.control.post(f"/assets/{asset_id}", json={"status": "Active"})
    assert ended.status_code == 200, ended.text
    asset = await act(tenant, "GetAsset", Id=asset_id)
    assert asset["Status"] == "Active"
    return asset


async def new_session(tenant: Tenant) -> dict[str, Any]:
    """Opens a face verification."""
    return await act(tenant, "CreateVisualValidateSession", CallbackURL="https://www.example.com/callback")


async def pass_verification(h5_link: str) -> httpx.URL:
    """Opens the page as a person's browser does, presses its first button, and returns where that leads."""
    async with httpx.AsyncClient(verify=PLAIN) as browser:
        shown = await browser.get(h5_link)
        assert shown.status_code == 200, shown.text
        form = _Form()
        form.feed(shown.text)
        pressed = await browser.post(str(shown.url.join(form.action)), data=form.fields)
    assert pressed.status_code == 303, pressed.text
    return httpx.URL(pressed.headers["location"])


class _Form(HTMLParser):
    """The form of a page: its address and what pressing its first button sends."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif tag in {"input", "button"}:
            self.fields.setdefault(given["name"], given["value"])
