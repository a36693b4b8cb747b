"""Connections that are cut, at every stage and on either side of the gateway, and upstreams that misbehave."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from app.sandbox.config import DEFAULT_ACCOUNT
from tests.chaos.clients import Create, Kind, send_until_answered
from tests.chaos.figures import Figures
from tests.chaos.launcher import Launcher, Process
from tests.chaos.site import TASKS, Site, Tenant, open_site, settle
from tests.chaos.verdict import check_creates
from tests.support.database import own_database
from tests.support.plain import PLAIN

pytestmark = pytest.mark.slow

_TIMES = 3
"""The number of creates that each fault affects; fewer than open a channel's circuit breaker."""

UPSTREAM: dict[str, tuple[dict[str, Any], ...]] = {
    "cut after connect": ({"operation": "connect", "kind": "cut"},),
    "cut mid-request": ({"kind": "cut", "at": "request"}, {"kind": "cut", "at": "request", "reset": True}),
    "cut after request": ({"kind": "cut", "at": "before"}, {"kind": "cut", "at": "after"}),
    "reset after request": ({"kind": "cut", "at": "after", "reset": True},),
    "cut mid-headers": ({"kind": "cut", "at": "headers"}, {"kind": "cut", "at": "headers", "reset": True}),
    "cut mid-body": ({"kind": "cut", "at": "body"}, {"kind": "cut", "at": "body", "reset": True}),
    "429": ({"kind": "throttle"},),
    "500": tuple(
        {"kind": "error", "code": "InternalServiceError", "status": 500, "at": at} for at in ("before", "after")
    ),
    "503": tuple({"kind": "error", "code": "ServerOverloaded", "status": 503, "at": at} for at in ("before", "after")),
    "slow": ({"kind": "delay", "at": "after", "delay_seconds": 2.0},),
    "too slow": tuple({"kind": "delay", "at": at, "delay_seconds": 4.0} for at in ("before", "after")),
    "drop by drop": ({"kind": "trickle", "at": "after", "delay_seconds": 0.05},),
    "garbage": ({"kind": "garbage", "at": "before"}, {"kind": "garbage", "at": "after"}),
    "oversized": ({"kind": "oversize", "at": "after"},),
    "no id": ({"kind": "answer", "status": 200, "body": {}, "at": "after"},),
    "redirect": ({"kind": "answer", "status": 307, "headers": {"Location": "/elsewhere"}, "at": "after"},),
}


@dataclass
class Yard:
    """Two gateways that all cases share."""

    site: Site
    gateways: list[Process]
    tenants: list[Tenant]


@pytest_asyncio.fixture(scope="module")
async def yard(database_url: str, launcher: Launcher) -> AsyncIterator[Yard]:
    """Two gateways, two tenants."""
    async with own_database(database_url) as url, open_site(url, launcher) as site:
        gateways = [await site.gateway(), await site.gateway()]
        yield Yard(site, gateways, [await site.tenant(gateways[0]), await site.tenant(gateways[0])])


@pytest.mark.parametrize("case", UPSTREAM)
async def test_an_upstream_that_misbehaves_costs_no_task_and_makes_none_twice(
    yard: Yard, case: str, tell: Callable[[Figures], None]
) -> None:
    site, gateways, tenants = yard.site, yard.gateways, yard.tenants
    creates: list[Create] = []
    for effect in UPSTREAM[case]:
        operation = effect.get("operation", "create_task")
        await site.fault(operation, times=_TIMES, **{key: value for key, value in effect.items() if key != "operation"})
        creates += await _create_some(site, [gateway.url for gateway in gateways], tenants, f"{case} {effect}")
    await settle(site, "submitting", "unknown")
    await check_creates(site, gateways[0], creates, tell=tell, tenants=tenants)


async def test_nothing_is_sent_when_no_connection_can_be_made_and_the_sdk_gets_its_task_when_one_can(
    site: Site, tell: Callable[[Figures], None]
) -> None:
    """Cut before connect: the channel's address has no listener until the operator changes it."""
    gateway = await site.gateway()
    tenant = await site.tenant(gateway)
    channel = (await site.admin(gateway, "GET", "/channels"))["data"][0]
    key = {"ark_api_key": DEFAULT_ACCOUNT.api_key}
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/api/v3"
        await site.admin(gateway, "PATCH", f"/channels/{channel['id']}", json={"ark_base_url": closed, **key})
        creates = [Create(tenant, f"wish {number}") for number in range(3)]
        async with httpx.AsyncClient(verify=PLAIN, timeout=30) as http, asyncio.TaskGroup() as group:
            for create in creates:
                group.create_task(send_until_answered(create, http, lambda: gateway.url))
            async with asyncio.timeout(20):
                while not all(create.errors for create in creates):  # noqa: ASYNC110 - the clients have no event
                    await asyncio.sleep(0.05)
            await site.admin(
                gateway,
                "PATCH",
                f"/channels/{channel['id']}",
                json={"ark_base_url": f"{site.sandbox.url}/api/v3", **key},
            )
    assert {status for create in creates for status in create.errors} == {503}
    await check_creates(site, gateway, creates, tell=tell)


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        *itertools.product(["connect", "mid-headers", "mid-body", "whole request"], Kind),
        # The whole answer has left the gateway: only a key or a mark distinguishes a retry from a second create.
        ("mid-answer", Kind.KEYED),
        ("mid-answer", Kind.MARKED),
    ],
)
async def test_a_client_that_leaves_at_any_stage_and_asks_again_gets_one_task(
    yard: Yard, stage: str, kind: Kind, tell: Callable[[Figures], None]
) -> None:
    site, gateways, tenant = yard.site, yard.gateways, yard.tenants[0]
    creates = []
    for number in range(3):
        await site.fault("create_task", times=1, kind="delay", at="after", delay_seconds=0.4)
        create = Create(tenant, f"{stage} {kind} {number}", kind)
        await _send_and_leave(gateways[0].url, create, stage)
        await send_until_answered(create, site.http, lambda: gateways[1].url, pause=(0.1, 0.2))
        creates.append(create)
    await settle(site, "submitting", "unknown")
    await check_creates(site, gateways[0], creates, tell=tell)


async def _create_some(site: Site, urls: list[str], tenants: list[Tenant], name: str) -> list[Create]:
    """Sends twice as many creates as are affected, each try to the other gateway."""
    gateways = itertools.cycle(urls)
    creates = [
        Create(tenants[number % len(tenants)], f"{name} {number}", list(Kind)[number % len(Kind)])
        for number in range(2 * _TIMES)
    ]
    for create in creates:
        await send_until_answered(create, site.http, lambda: next(gateways))
    return creates


async def _send_and_leave(url: str, create: Create, stage: str) -> None:
    """Sends a create as far as a stage, and closes the connection with a reset."""
    parts = urlsplit(url)
    body, content_type = create.body()
    headers = {
        **create.headers(),
        "Content-Type": content_type,
        "Host": parts.netloc,
        "Content-Length": str(len(body)),
    }
    create.tries += 1
    head = f"POST {TASKS} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    whole = head.encode() + body
    sent = {
        "connect": b"",
        "mid-headers": head.encode()[:-20],
        "mid-body": whole[:-10],
        "whole request": whole,
        "mid-answer": whole,
    }[stage]
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(sent)
    await writer.drain()
    if stage == "mid-answer":
        await reader.readexactly(20)
    else:
        await asyncio.sleep(0.1)
    with contextlib.suppress(OSError):
        writer.transport.abort()
