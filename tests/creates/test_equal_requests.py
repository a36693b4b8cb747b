"""How long a request waits for others of the same bytes."""

import asyncio
import hashlib
from dataclasses import replace

import pytest

from app.core.watched_event import WatchedEvent
from app.creates import equal_requests
from app.creates.attempts import Client, RequestFingerprint
from app.creates.equal_requests import EqualRequest, EqualRequests
from app.creates.idempotency import IdempotencyKey
from tests.support.timeouts import HANG_SECONDS

SENT = RequestFingerprint("tenant 1", "key 1", "create_task", hashlib.sha256(b"body").digest())


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> EqualRequests:
    """No request yet. A direct connection's end is noticed at once, that of another one never."""
    monkeypatch.setattr(equal_requests, "_PROMPT_NOTICE_SECONDS", 0)
    monkeypatch.setattr(equal_requests, "_NOTICE_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(equal_requests, "_STEPS", 100 * HANG_SECONDS)
    return EqualRequests()


def enter(requests: EqualRequests, fingerprint: RequestFingerprint = SENT, *, is_prompt: bool = True) -> EqualRequest:
    gone = WatchedEvent()
    gone.is_prompt = is_prompt
    return requests.enter(Client(fingerprint, gone))


async def ask(requests: EqualRequests, request: EqualRequest) -> "asyncio.Task[bool]":
    """Asks whether the others have their clients; returns when it is known, or a moment later."""
    asking = asyncio.create_task(requests.all_have_clients(request))
    await asyncio.wait({asking}, timeout=0.05)
    return asking


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(SENT, tenant_id="tenant 2"), id="another tenant"),
        pytest.param(replace(SENT, key_id="key 2"), id="another key"),
        pytest.param(replace(SENT, route="CreateAsset"), id="another route"),
        pytest.param(replace(SENT, body_hash=b""), id="another body"),
        pytest.param(replace(SENT, idempotency_key=IdempotencyKey("a key", b"")), id="with a key"),
    ],
)
async def test_no_other_create_is_waited_for(requests: EqualRequests, other: RequestFingerprint) -> None:
    enter(requests, other, is_prompt=False)
    assert (await ask(requests, enter(requests))).result()


async def test_of_direct_connections_the_end_would_be_known_by_now(requests: EqualRequests) -> None:
    first, second = enter(requests), enter(requests, replace(SENT, is_marked_retry=True))
    assert (await ask(requests, first)).result()
    assert (await ask(requests, second)).result()


async def test_a_client_behind_a_proxy_is_waited_for_until_it_is_answered(requests: EqualRequests) -> None:
    other, request = enter(requests, is_prompt=False), enter(requests)
    asking = await ask(requests, request)
    assert not asking.done()
    requests.leave(other)
    assert await asking


async def test_a_client_that_leaves_is_known_at_once_and_its_intent_is_waited_for(requests: EqualRequests) -> None:
    other, request = enter(requests, is_prompt=False), enter(requests)
    other.opening = asyncio.get_running_loop().create_future()
    asking = await ask(requests, request)
    other.client.gone.set()
    await asyncio.wait({asking}, timeout=0.05)
    assert not asking.done()
    other.opening.set_result(True)
    assert not await asking
