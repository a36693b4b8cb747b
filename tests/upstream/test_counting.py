"""Every call to the upstream is counted once, by operation and outcome."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress

import httpx
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from app.db.base import utc_now
from app.observability.log_context import collecting_log_fields
from app.sandbox.config import DEFAULT_ACCOUNT, SandboxConfig
from app.sandbox.server import SandboxServer
from app.upstream.ark import ArkClient
from app.upstream.credentials import ArkAccount, OpenApiAccount
from app.upstream.errors import UpstreamError
from app.upstream.http.client import HttpClient, open_http_client
from app.upstream.openapi import OpenApiClient
from tests.support.loopback import LOOPBACK_ALLOWED
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS, until
from tests.tasks.bodies import body

AIGC = {"Filter": {"GroupType": "AIGC"}}
BODY = httpx.Request("POST", "http://x", json={**body(), "model": "doubao-seedance-2-0-260128"}).content


class Upstream:
    """A sandbox, and clients of both of its planes."""

    def __init__(self, server: SandboxServer, http: HttpClient) -> None:
        self.ark = ArkClient(http, create_read_timeout_seconds=HANG_SECONDS)
        self.control = OpenApiClient(http, utc_now)
        self.account = ArkAccount(server.ark_base_url, DEFAULT_ACCOUNT.api_key, channel_id="ch_1")
        self.stranger = ArkAccount(server.ark_base_url, "wrong")
        self.nowhere = ArkAccount("http://127.0.0.1:1/api/v3", "key")
        self.keys = OpenApiAccount(
            server.openapi_url, DEFAULT_ACCOUNT.access_key_id, DEFAULT_ACCOUNT.secret_access_key, channel_id="ch_2"
        )
        self.http = http
        self._server = server

    async def fault(self, operation: str, **effect: object) -> None:
        """Makes the next call of an operation fail."""
        script = {"operation": operation, "times": 1, "effect": effect}
        async with httpx.AsyncClient(verify=PLAIN) as client:
            response = await client.post(f"{self._server.control_url}/faults", json=script)
        assert response.status_code == 201

    def received(self, operation: str) -> bool:
        """Returns whether a call of an operation has arrived."""
        return any(entry.operation == operation for entry in self._server.store.ledger.requests)


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """A sandbox whose next calls can be made to fail."""
    async with (
        SandboxServer(SandboxConfig(limits=None)) as server,
        open_http_client(destinations=LOOPBACK_ALLOWED) as http,
    ):
        yield Upstream(server, http)


def calls() -> dict[tuple[str, str], float]:
    """Returns how many calls were counted so far, by operation and outcome."""
    [family] = [family for family in REGISTRY.collect() if family.name == "seedgate_upstream_calls"]
    return {(sample.labels["operation"], sample.labels["outcome"]): sample.value for sample in family.samples}


async def counted(call: Awaitable[object]) -> list[tuple[str, str]]:
    """Makes a call; returns what was counted of it."""
    before = calls()
    with suppress(UpstreamError):
        await call
    after = calls()
    return [labels for labels, value in after.items() for _ in range(int(value - before.get(labels, 0)))]


async def test_what_succeeds_is_ok(upstream: Upstream) -> None:
    ark, account = upstream.ark, upstream.account
    created = await ark.create(account, BODY, request_id="r")
    assert await counted(ark.get(account, created)) == [("get_task", "ok")]
    assert await counted(ark.list(account)) == [("list_tasks", "ok")]
    assert await counted(ark.delete(account, created)) == [("delete_task", "ok")]
    assert await counted(ark.create(account, BODY, request_id="r")) == [("create_task", "ok")]
    listed = upstream.control.call(upstream.keys, "ListAssetGroups", AIGC)
    assert await counted(listed) == [("ListAssetGroups", "ok")]


@pytest.mark.parametrize(
    ("effect", "outcome"),
    [
        ({"kind": "error", "status": 400, "code": "InvalidParameter"}, "rejected"),
        ({"kind": "error", "status": 403, "code": "AccountOverdueError"}, "account_fault"),
        ({"kind": "throttle"}, "throttled"),
        ({"kind": "answer", "status": 500}, "unknown"),
        ({"kind": "cut", "at": "after"}, "unknown"),
        ({"kind": "garbage"}, "unknown"),
    ],
)
async def test_what_fails_is_counted_by_its_class(upstream: Upstream, effect: dict[str, object], outcome: str) -> None:
    await upstream.fault("create_task", **effect)
    assert await counted(upstream.ark.create(upstream.account, BODY, request_id="r")) == [("create_task", outcome)]


async def test_what_is_not_answered_in_time_counts_as_unknown(upstream: Upstream) -> None:
    await upstream.fault("create_task", kind="delay", delay_seconds=3600)
    hasty = ArkClient(upstream.http, create_read_timeout_seconds=0.2)
    assert await counted(hasty.create(upstream.account, BODY, request_id="r")) == [("create_task", "unknown")]


async def test_a_wrong_credential_and_a_dead_address_are_told_apart(upstream: Upstream) -> None:
    assert await counted(upstream.ark.get(upstream.stranger, "cgt-1")) == [("get_task", "account_fault")]
    assert await counted(upstream.ark.get(upstream.nowhere, "cgt-1")) == [("get_task", "not_sent")]


async def test_a_call_that_is_broken_off_counts_as_unknown(upstream: Upstream) -> None:
    await upstream.fault("get_task", kind="delay", delay_seconds=3600)
    before = calls().get(("get_task", "unknown"), 0)
    asking = asyncio.create_task(upstream.ark.get(upstream.account, "cgt-1"))
    await until(lambda: upstream.received("get_task"))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert calls()["get_task", "unknown"] == before + 1


async def test_a_requests_log_line_has_the_channel_and_the_upstreams_request_id(upstream: Upstream) -> None:
    notes: dict[str, str] = {}
    with collecting_log_fields(notes):
        await upstream.ark.create(upstream.account, BODY, request_id="r")
        first = dict(notes)
        assert (first["channel"], len(first)) == ("ch_1", 2)
        await asyncio.create_task(upstream.control.call(upstream.keys, "ListAssetGroups", AIGC))
    assert notes["channel"] == "ch_2"
    assert notes["upstream_request_id"] != first["upstream_request_id"]
    await upstream.ark.list(upstream.account)
    assert notes["channel"] == "ch_2"
