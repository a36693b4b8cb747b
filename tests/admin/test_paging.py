"""Paging of every list."""

import base64
from typing import Any

from app.db.base import utc_now
from app.webhooks.outbox import enqueue
from tests.support.admin_app import Process

LISTS = ["/tenants", "/keys", "/audit", "/deliveries"]


async def _fill(process: Process) -> None:
    tenant = await process.tenant()
    for number in range(4):
        await process.key(tenant["id"], name=f"key {number}")
        await process.tenant(name=f"tenant {number}")
        await _add_delivery(process, tenant["id"], number)


async def _add_delivery(process: Process, tenant_id: str, number: int) -> None:
    async with process.sessions.begin() as session:
        url = "https://example.com/"
        enqueue(session, tenant_id=tenant_id, task_id=f"t{number}", key_id="k", url=url, body={}, now=utc_now())


async def _pages(process: Process, path: str, limit: int, **query: str) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    after: dict[str, str] = {}
    while True:
        answer = (await process.admin.get(path, params={"limit": str(limit), **after, **query})).json()
        assert set(answer) == {"data", "has_more", "next_cursor"}
        pages.append(answer["data"])
        assert answer["has_more"] is (answer["next_cursor"] is not None)
        if not answer["has_more"]:
            return pages
        after = {"after": answer["next_cursor"]}


async def test_pages_hold_every_row_once_newest_first(process: Process) -> None:
    for path in LISTS:
        assert (await process.admin.get(path)).json() == {"data": [], "has_more": False, "next_cursor": None}, path
    await _fill(process)
    for path in LISTS:
        (whole,) = await _pages(process, path, 100)
        pages = await _pages(process, path, 2)
        assert [row for page in pages for row in page] == whole
        assert all(len(page) == 2 for page in pages[:-1])
        times = [row.get("created_at") or row["at"] for row in whole]
        assert times == sorted(times, reverse=True)
        assert len(await _pages(process, path, len(whole))) == 1, "an exact page has no next one"


async def test_rows_that_are_added_meanwhile_move_no_page(process: Process) -> None:
    await _fill(process)
    first = (await process.admin.get("/tenants", params={"limit": "2"})).json()
    whole = (await process.admin.get("/tenants")).json()["data"]

    await process.tenant(name="late")
    second = (await process.admin.get("/tenants", params={"limit": "100", "after": first["next_cursor"]})).json()

    assert first["data"] + second["data"] == whole


async def test_a_page_continues_after_a_tenant_that_was_deleted_meanwhile(process: Process) -> None:
    await _fill(process)
    whole = (await process.admin.get("/tenants")).json()["data"]
    first = (await process.admin.get("/tenants", params={"limit": "2"})).json()

    await process.admin.delete(f"/tenants/{whole[1]['id']}")
    second = (await process.admin.get("/tenants", params={"after": first["next_cursor"]})).json()

    assert second["data"] == whole[2:]


async def test_keys_are_listed_by_tenant(process: Process) -> None:
    await _fill(process)
    other = await process.key(name="other")

    pages = await _pages(process, "/keys", 1, tenant=other["tenant_id"])
    rest = (await process.admin.get("/keys")).json()["data"]
    of_none = (await process.admin.get("/keys", params={"tenant": "tenant_none"})).json()["data"]

    assert [[key["name"] for key in page] for page in pages] == [["other"]]
    assert len(rest) == 5
    assert of_none == []


async def test_a_limit_outside_1_to_100_is_a_400(process: Process) -> None:
    for path in LISTS:
        for limit in ("0", "101", "-1", "x", "", "1.5", "٣", "00000199999", "9" * 50):
            await _check_refused(process, path, "limit", limit)


async def test_a_text_that_is_no_cursor_is_a_400(process: Process) -> None:
    for path in LISTS:
        for after in ("none of ours", "", "%%%", "9" * 40, "\0", "\x80", "²"):
            await _check_refused(process, path, "after", after)
            await _check_refused(process, path, "after", base64.urlsafe_b64encode(after.encode()).decode().rstrip("="))


async def _check_refused(process: Process, path: str, name: str, value: str) -> None:
    response = await process.admin.get(path, params={name: value})
    case = f"{path} {value}"
    assert (response.status_code, response.json()["error"]["code"]) == (400, f"InvalidParameter.{name}"), case
