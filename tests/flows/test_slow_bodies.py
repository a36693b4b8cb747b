"""A key that ends while a body is still arriving ends that request too, however slowly the body comes."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.answers import check_error
from tests.support.world import TASKS, Tenant, World

PROMISED_SECONDS = 1.0
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    (TASKS, {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a kitten"}]}),
    (f"{TASKS}?dry_run=true", {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "a kitten"}]}),
    ("/api/v3/open/CreateAssetGroup", {"Name": "late", "GroupType": "AIGC"}),
    ("/api/v3/assets?Action=CreateAssetGroup", {"Name": "late", "GroupType": "AIGC"}),
    ("/?Action=CreateAssetGroup", {"Name": "late", "GroupType": "AIGC"}),
]


async def _end(world: World, tenant: Tenant, how: str) -> None:
    if how == "revoked":
        done = await world.admin.delete(f"/keys/{tenant.key_id}")
    else:
        done = await world.admin.patch(f"/tenants/{tenant.id}", json={"status": "suspended"})
    assert done.is_success, done.text


@pytest.mark.parametrize(
    ("how", "status", "code"), [("revoked", 401, "AuthenticationError"), ("suspended", 403, "AccessDenied")]
)
async def test_a_key_that_ends_while_the_body_arrives_does_nothing_any_more(
    world: World, how: str, status: int, code: str
) -> None:
    tenants = [await world.tenant() for _ in REQUESTS]
    sent_half = [asyncio.Event() for _ in REQUESTS]
    go_on = asyncio.Event()

    async def halting(body: bytes, half_sent: asyncio.Event) -> AsyncIterator[bytes]:
        yield body[:10]
        half_sent.set()
        await go_on.wait()
        yield body[10:]

    ledger = world.sandbox.state.world.ledger
    before = ledger.requests[-1].number if ledger.requests else 0
    posts = [
        asyncio.create_task(tenant.http.post(url, content=halting(json.dumps(body).encode(), half_sent)))
        for tenant, (url, body), half_sent in zip(tenants, REQUESTS, sent_half, strict=True)
    ]
    for half_sent in sent_half:
        await half_sent.wait()
    # The gateway has looked at the credentials once it asks for the rest; a moment is plenty for that.
    await asyncio.sleep(0.3)
    for tenant in tenants:
        await _end(world, tenant, how)
    await asyncio.sleep(PROMISED_SECONDS)
    go_on.set()
    for answer in await asyncio.gather(*posts):
        check_error(answer, status, code)
    done = {entry.operation for entry in ledger.requests if entry.number > before}
    assert done.isdisjoint({"create_task", "CreateAssetGroup"})
