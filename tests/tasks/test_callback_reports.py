"""A GET tells what became of the messages to a task's ``callback_url``, in words that a tenant may read."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509
from sqlalchemy import delete, select, update

from app.addresses import Address
from app.crypto import SecretBox, generate_key
from app.webhooks.deliverer import KEPT_FOR, Deliverer
from app.webhooks.models import DeliveryRow, WebhookSecretRow
from app.webhooks.outbox import enqueue
from app.webhooks.schedule import RETRY_FOR
from app.webhooks.sender import open_sender
from app.webhooks.targets import TargetRules
from tests.support.patience import HANG_SECONDS
from tests.support.stage import RUNNING, Stage, get, text
from tests.support.world import TASKS, Tenant
from tests.upstream.certificates import certify
from tests.webhooks.receiver import Answer, Receiver, raw, receiving, status, when

LOOPBACK = TargetRules(allow=(ip_network("127.0.0.1/32"),))
TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
NO_ADDRESS = "the host name does not resolve to a public address"
NOT_ACCEPTED = "the endpoint did not accept the message"
NOTHING = {"state": "pending", "last_error": None}


def failing(error: str) -> dict[str, Any]:
    return {"state": "failing", "last_error": error}


class Post:
    """The process that delivers, at the test's word, and a tenant's endpoint.

    Attributes:
        names: what names lead to; every other one is none.
        url: the endpoint's, by name.
    """

    def __init__(self, stage: Stage, receiver: Receiver) -> None:
        assert stage.world.settings.secret_key is not None
        self.stage = stage
        self.box = SecretBox.from_text(stage.world.settings.secret_key.get_secret_value())
        self.receiver = receiver
        self.names = {"hooks.example": ["127.0.0.1"], "inside.example": ["10.1.2.3"], "empty.example": []}
        self.url = receiver.url.replace("127.0.0.1", "hooks.example")

    async def deliver(self, *, total_seconds: float = HANG_SECONDS) -> None:
        """Tries what is due, once."""
        async with open_sender(
            LOOPBACK, most_at_once=64, resolve=self._resolve, tls=TRUSTS_NOBODY, total_seconds=total_seconds
        ) as sender:
            deliverer = Deliverer(self.stage.sessions, sender, self.box, self.stage.clock)
            await deliverer.run_once()
            await deliverer.drain(patience_seconds=HANG_SECONDS)

    async def ended(self, tenant: Tenant, url: str) -> str:
        """Makes a task that has succeeded, as the gateway knows: the message about it is due."""
        task_id = await tenant.new_task(callback_url=url)
        await self.stage.force(task_id, "succeeded")
        assert await callback_of(tenant, task_id) == NOTHING
        return task_id

    async def row(self, tenant: Tenant) -> DeliveryRow:
        """Returns the one message to a tenant."""
        async with self.stage.sessions() as session:
            return (await session.scalars(select(DeliveryRow).where(DeliveryRow.tenant_id == tenant.id))).one()

    async def give_up(self, tenant: Tenant) -> timedelta:
        """Tries the one message to a tenant until there are no more tries; returns how long that took."""
        begun_at = self.stage.clock()
        while (row := await self.row(tenant)).next_attempt_at is not None:
            self.stage.clock.advance(max((row.next_attempt_at - self.stage.clock()).total_seconds(), 0.0) + 0.01)
            await self.deliver()
        return self.stage.clock() - begun_at

    async def _resolve(self, host: str, _port: int) -> list[Address]:
        if host not in self.names:
            raise OSError(f"no such name: {host}, said the resolver at 10.0.0.53")
        return [ip_address(address) for address in self.names[host]]


@pytest_asyncio.fixture
async def post(stage: Stage) -> AsyncIterator[Post]:
    """Nothing of another test is waiting to be delivered."""
    async with stage.sessions.begin() as session:
        await session.execute(delete(DeliveryRow))
    async with receiving() as receiver:
        yield Post(stage, receiver)


async def callback_of(tenant: Tenant, task_id: str) -> Any:
    return (await get(tenant, task_id)).json()["callback"]


async def test_each_way_to_fail_is_told_in_words_of_its_own(post: Post, tmp_path: Path) -> None:
    tenant = await post.stage.tenant()
    answers: list[tuple[Answer, dict[str, Any]]] = [
        (status(404, body=b"our database at 10.9.9.9 is away"), failing(f"{NOT_ACCEPTED} (404)")),
        (status(503), failing(f"{NOT_ACCEPTED} (503)")),
        (status(302, "location: http://10.9.9.9/"), failing("redirects are not followed (302)")),
        (status(410), {"state": "failed", "last_error": "the endpoint is gone (410)"}),
        (raw(b"SSH-2.0-OpenSSH_9\r\n"), failing("no valid HTTP answer")),
        (raw(b"HTTP/1.1 200 X\r\nx: " + b"a" * 100_000), failing("the answer is too long")),
        (status(204, body=b""), {"state": "delivered", "last_error": None}),
    ]
    expected = {}
    for answer, told in answers:
        task_id = await post.ended(tenant, post.url)
        post.receiver.answers = [answer]
        await post.deliver()
        expected[task_id] = told
    context, _ = certify(tmp_path, x509.DNSName("hooks.example"))
    for url, error in (
        ("https://nowhere.example/", NO_ADDRESS),
        ("https://empty.example/", NO_ADDRESS),
        ("https://inside.example/", NO_ADDRESS),
        ("http://hooks.example:1/", "cannot connect"),
    ):
        expected[await post.ended(tenant, url)] = failing(error)
    await post.deliver()
    async with receiving(tls=context) as unknown:
        task_id = await post.ended(tenant, unknown.url.replace("127.0.0.1", "hooks.example"))
        await post.deliver()
    expected[task_id] = failing("the TLS certificate is not valid, or the handshake failed")
    late = await post.ended(tenant, post.url)
    released = asyncio.Event()
    post.receiver.answers = [when(released, status(200))]
    await post.deliver(total_seconds=0.2)
    released.set()
    expected[late] = failing("no answer in time")
    assert {task_id: await callback_of(tenant, task_id) for task_id in expected} == expected


async def test_a_name_that_never_resolves_is_failing_until_it_is_given_up_after_a_day(post: Post) -> None:
    tenant = await post.stage.tenant()
    task_id = await post.ended(tenant, "https://nowhere.example/hook")
    await post.deliver()
    assert await callback_of(tenant, task_id) == failing(NO_ADDRESS)
    took = await post.give_up(tenant)
    assert RETRY_FOR - timedelta(hours=1.3) < took <= RETRY_FOR + timedelta(minutes=1)
    assert await callback_of(tenant, task_id) == {"state": "failed", "last_error": NO_ADDRESS}

    resent = await post.stage.world.admin.post(f"/deliveries/{(await post.row(tenant)).id}/resend")
    assert resent.status_code == 200
    assert await callback_of(tenant, task_id) == failing(NO_ADDRESS)
    await post.deliver()
    assert await callback_of(tenant, task_id) == failing(NO_ADDRESS)


@pytest.mark.parametrize(
    ("is_known_key", "error"),
    [(False, "the message could not be signed"), (True, "the message could not be sent")],
    ids=["a secret that does not open", "a secret that is none"],
)
async def test_what_fails_on_our_side_is_told_and_given_up_as_well(
    post: Post, *, is_known_key: bool, error: str
) -> None:
    tenant = await post.stage.tenant()
    task_id = await post.ended(tenant, post.url)
    box = post.box if is_known_key else SecretBox.from_text(generate_key())
    sealed = box.seal("x", row=tenant.id, column="secret_sealed")
    async with post.stage.sessions.begin() as session:
        session.add(WebhookSecretRow(tenant_id=tenant.id, secret_sealed=sealed, created_at=post.stage.clock()))
    await post.deliver()
    assert await callback_of(tenant, task_id) == failing(error)
    async with post.stage.sessions.begin() as session:
        await session.execute(update(DeliveryRow).values(retry_until=post.stage.clock()))
    await post.give_up(tenant)
    assert await callback_of(tenant, task_id) == {"state": "failed", "last_error": error}


async def test_the_newest_message_counts(post: Post) -> None:
    tenant = await post.stage.tenant()
    task_id = await tenant.new_task(content=text(RUNNING), callback_url=post.url)
    await post.stage.force(task_id, "queued")
    assert await callback_of(tenant, task_id) == NOTHING
    for code, after, state in ((500, "running", "failing"), (200, "succeeded", "delivered")):
        await post.stage.force(task_id, after)
        post.stage.clock.advance(3)
        assert await callback_of(tenant, task_id) == NOTHING
        post.receiver.answers = [status(code)]
        await post.deliver()
        assert (await callback_of(tenant, task_id))["state"] == state
    post.stage.clock.advance(KEPT_FOR.total_seconds() + 1)
    async with post.stage.sessions.begin() as session:
        await session.execute(delete(DeliveryRow))
    assert await callback_of(tenant, task_id) == {"state": "unknown", "last_error": None}


async def test_only_a_task_with_an_address_shows_it_and_only_its_own_tenants_messages_count(post: Post) -> None:
    tenant, other = await post.stage.tenant(), await post.stage.tenant()
    plain = await tenant.new_task()
    assert "callback" not in (await get(tenant, plain)).json()
    task_id = await tenant.new_task(content=text(RUNNING), callback_url=post.url)
    row = await post.stage.row(task_id)
    assert row is not None
    async with post.stage.sessions.begin() as session:
        enqueue(session, tenant_id=other.id, task_id=row.id, url=post.url, body={}, now=post.stage.clock())
    await post.deliver()
    assert await callback_of(tenant, task_id) == NOTHING
    assert (await other.http.get(f"{TASKS}/{task_id}")).status_code == 404
    listed = (await tenant.http.get(TASKS)).json()["items"]
    assert [item["id"] for item in listed] == [task_id, plain]
    assert all("callback" not in item for item in listed)
