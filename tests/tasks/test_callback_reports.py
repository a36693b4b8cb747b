"""A GET tells what became of the messages to a task's ``callback_url``, in words that a tenant may read."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509
from sqlalchemy import delete, inspect, select, update

from app.addresses import Address
from app.core.sealing import SecretBox, generate_key
from app.ids import new_id
from app.tasks.models import TaskRow
from app.webhooks.backoff import RETRY_FOR
from app.webhooks.callback_url_policy import CallbackUrlPolicy
from app.webhooks.delivery_worker import RETENTION, DeliveryWorker
from app.webhooks.models import DeliveryRow, WebhookSecretRow
from app.webhooks.outbox import enqueue
from app.webhooks.sender import Timeouts, open_sender
from tests.support.gateway import RUNNING, TASKS, Gateway, Tenant, get, text
from tests.support.timeouts import HANG_SECONDS
from tests.upstream.certificates import certify
from tests.webhooks.receiver import Answer, LoopbackAsPublic, Receiver, raw, receiving, status, when

AS_PUBLIC = LoopbackAsPublic()
AS_ALLOWED = CallbackUrlPolicy(allow=(ip_network("127.0.0.1/32"),))
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

    def __init__(self, gateway: Gateway, receiver: Receiver) -> None:
        assert gateway.settings.secret_key is not None
        self.gateway = gateway
        self.box = SecretBox.from_text(gateway.settings.secret_key.get_secret_value())
        self.receiver = receiver
        self.names = {"hooks.example": ["127.0.0.1"], "inside.example": ["10.1.2.3"], "empty.example": []}
        self.url = receiver.url.replace("127.0.0.1", "hooks.example")

    async def deliver(self, *, total_seconds: float = HANG_SECONDS, policy: CallbackUrlPolicy = AS_PUBLIC) -> None:
        """Attempts what is due, once."""
        timeouts = Timeouts(total_seconds=total_seconds)
        async with open_sender(
            policy, max_concurrent=64, resolve=self._resolve, tls=TRUSTS_NOBODY, timeouts=timeouts
        ) as sender:
            worker = DeliveryWorker(self.gateway.sessions, sender, self.box, self.gateway.clock)
            await worker.run_once()
            await worker.drain(timeout_seconds=HANG_SECONDS)

    async def ended(self, tenant: Tenant, url: str) -> str:
        """Makes a task that has succeeded, as the gateway knows: the message about it is due."""
        await self.gateway.refill()
        task_id = await tenant.new_task(callback_url=url)
        await self.gateway.force(task_id, "succeeded")
        body = (await get(tenant, task_id)).json()
        assert (body["status"], body["callback"]) == ("succeeded", NOTHING)
        return task_id

    async def ended_likewise(self, tenant: Tenant, urls: Iterable[str]) -> list[str]:
        """Makes a task that has ended for each address, all but the first as copies of its row; returns their ids."""
        first, *others = urls
        ids = [await self.ended(tenant, first)]
        row = await self.gateway.row(ids[0])
        assert row is not None
        values = {column.key: getattr(row, column.key) for column in inspect(TaskRow).column_attrs}
        now = self.gateway.clock()
        async with self.gateway.sessions.begin() as session:
            for url in others:
                spare_id, upstream_id = new_id("task"), new_id("cgt")
                changes = {"id": spare_id, "upstream_id": upstream_id, "callback_token_hash": None, "callback_url": url}
                session.add(TaskRow(**{**values, **changes}))
                enqueue(session, tenant_id=tenant.id, task_id=spare_id, key_id=row.key_id, url=url, body={}, now=now)
                ids.append(upstream_id)
        return ids

    async def row(self, tenant: Tenant) -> DeliveryRow:
        """Returns the one message to a tenant."""
        async with self.gateway.sessions() as session:
            return (await session.scalars(select(DeliveryRow).where(DeliveryRow.tenant_id == tenant.id))).one()

    async def give_up(self, tenant: Tenant) -> timedelta:
        """Tries the one message to a tenant until there are no more tries; returns how long that took."""
        begun_at = self.gateway.clock()
        while (row := await self.row(tenant)).next_attempt_at is not None:
            self.gateway.clock.advance(max((row.next_attempt_at - self.gateway.clock()).total_seconds(), 0.0) + 0.01)
            await self.deliver()
        return self.gateway.clock() - begun_at

    async def prune(self) -> None:
        """Removes what the log need not have any more."""
        async with open_sender(AS_PUBLIC, max_concurrent=1) as sender:
            await DeliveryWorker(self.gateway.sessions, sender, self.box, self.gateway.clock).prune()

    async def states(self, tenant: Tenant) -> list[str]:
        """Returns how it stands with each message to a tenant, sorted."""
        async with self.gateway.sessions() as session:
            query = select(DeliveryRow.status).where(DeliveryRow.tenant_id == tenant.id)
            return sorted((await session.scalars(query)).all())

    async def _resolve(self, host: str, _port: int) -> list[Address]:
        if host not in self.names:
            raise OSError(f"no such name: {host}, said the resolver at 10.0.0.53")
        return [ip_address(address) for address in self.names[host]]


@pytest_asyncio.fixture
async def post(gateway: Gateway) -> AsyncIterator[Post]:
    """Nothing of another test is waiting to be delivered."""
    async with gateway.sessions.begin() as session:
        await session.execute(delete(DeliveryRow))
    async with receiving() as receiver:
        yield Post(gateway, receiver)


async def callback_of(tenant: Tenant, task_id: str) -> Any:
    return (await get(tenant, task_id)).json()["callback"]


ANSWERS: list[tuple[Answer, dict[str, Any]]] = [
    (status(404, body=b"our database at 10.9.9.9 is away"), failing(f"{NOT_ACCEPTED} (404)")),
    (status(503), failing(f"{NOT_ACCEPTED} (503)")),
    (status(302, "location: http://10.9.9.9/"), failing("redirects are not followed (302)")),
    (status(410), {"state": "failed", "last_error": "the endpoint is gone (410)"}),
    (raw(b"SSH-2.0-OpenSSH_9\r\n"), failing("no valid HTTP answer")),
    (raw(b"HTTP/1.1 200 X\r\nx: " + b"a" * 100_000), failing("the answer is too long")),
    (raw(b""), failing("no valid HTTP answer")),
    (status(204, body=b""), {"state": "delivered", "last_error": None}),
]


async def _try_each_way(
    post: Post, tenant: Tenant, folder: Path, rules: CallbackUrlPolicy
) -> dict[str, dict[str, Any]]:
    """Makes messages fail in every way; returns what each task has to show when the endpoint is public."""
    post.receiver.by_path = {f"/{number}": answer for number, (answer, _) in enumerate(ANSWERS)}
    context, _ = certify(folder, x509.DNSName("hooks.example"))
    async with receiving(tls=context) as unknown:
        told = {
            **{post.url.replace("/hook?", f"/{number}?"): told for number, (_, told) in enumerate(ANSWERS)},
            **{f"https://{name}.example/": failing(NO_ADDRESS) for name in ("nowhere", "empty", "inside")},
            "http://hooks.example:1/": failing("cannot connect"),
            unknown.url.replace("127.0.0.1", "hooks.example"): failing(
                "the TLS certificate is not valid, or the handshake failed"
            ),
        }
        tasks = await post.ended_likewise(tenant, told)
        await post.deliver(policy=rules)
    late = await post.ended(tenant, post.url)
    released = asyncio.Event()
    post.receiver.answers = [when(released, status(200))]
    await post.deliver(total_seconds=0.2, policy=rules)
    released.set()
    return {**dict(zip(tasks, told.values(), strict=True)), late: failing("no answer in time")}


async def test_each_kind_of_failed_delivery_has_its_own_message(post: Post, tmp_path: Path) -> None:
    tenant = await post.gateway.tenant()
    expected = await _try_each_way(post, tenant, tmp_path, AS_PUBLIC)
    assert {task_id: await callback_of(tenant, task_id) for task_id in expected} == expected
    operators = await _words_for_the_operator(post, tenant)
    assert operators.count("the host name does not resolve") == 2
    assert operators.count("the host name leads to no address that may be reached") == 1


async def test_of_an_address_that_the_list_alone_allows_a_tenant_learns_only_whether_a_message_arrived(
    post: Post, tmp_path: Path
) -> None:
    tenant = await post.gateway.tenant()
    expected = await _try_each_way(post, tenant, tmp_path, AS_ALLOWED)
    told = {task_id: await callback_of(tenant, task_id) for task_id in expected}
    for task_id, callback in expected.items():
        is_reached = callback["last_error"] not in (None, NO_ADDRESS)
        words = "the endpoint could not be reached" if is_reached else callback["last_error"]
        assert told[task_id] == {"state": callback["state"], "last_error": words}
    words = await _words_for_the_operator(post, tenant)
    assert sorted(
        text.removesuffix(" (allowed network)") for text in words if text.endswith(" (allowed network)")
    ) == sorted(
        error for error in (callback["last_error"] for callback in expected.values()) if error not in (None, NO_ADDRESS)
    )


async def _words_for_the_operator(post: Post, tenant: Tenant) -> list[str]:
    listed = await post.gateway.admin.get("/deliveries", params={"tenant": tenant.id, "limit": 100})
    return [item["last_error"] for item in listed.json()["data"] if item["last_error"] is not None]


async def test_words_that_another_version_has_stored_are_not_passed_on(post: Post) -> None:
    tenant = await post.gateway.tenant()
    task_id = await post.ended(tenant, "https://inside.example/")
    for stored, told in (
        ("the tenant's secret cannot be opened", "the message could not be delivered"),
        (f"{NOT_ACCEPTED} (500): db at 10.1.2.3", "the message could not be delivered"),
        (NOT_ACCEPTED, "the message could not be delivered"),
        (f"{NOT_ACCEPTED} (500)", f"{NOT_ACCEPTED} (500)"),
        (NO_ADDRESS, NO_ADDRESS),
    ):
        async with post.gateway.sessions.begin() as session:
            await session.execute(update(DeliveryRow).values(last_error=stored))
        assert await callback_of(tenant, task_id) == failing(told)


async def test_a_name_that_never_resolves_is_failing_until_it_is_given_up_after_a_day(post: Post) -> None:
    tenant = await post.gateway.tenant()
    task_id = await post.ended(tenant, "https://nowhere.example/hook")
    await post.deliver()
    assert await callback_of(tenant, task_id) == failing(NO_ADDRESS)
    took = await post.give_up(tenant)
    assert RETRY_FOR - timedelta(hours=1.3) < took <= RETRY_FOR + timedelta(minutes=1)
    assert await callback_of(tenant, task_id) == {"state": "failed", "last_error": NO_ADDRESS}

    resent = await post.gateway.admin.post(f"/deliveries/{(await post.row(tenant)).id}/resend")
    assert resent.status_code == 200
    assert await callback_of(tenant, task_id) == failing(NO_ADDRESS)
    await post.deliver()
    assert await callback_of(tenant, task_id) == failing(NO_ADDRESS)


@pytest.mark.parametrize(
    ("is_known_key", "error"),
    [(False, "the message could not be signed"), (True, "the message could not be sent")],
    ids=["a secret that does not open", "a secret that is none"],
)
async def test_a_failure_of_the_gateway_is_reported_and_ends_a_delivery_too(
    post: Post, *, is_known_key: bool, error: str
) -> None:
    tenant = await post.gateway.tenant()
    task_id = await post.ended(tenant, post.url)
    box = post.box if is_known_key else SecretBox.from_text(generate_key())
    sealed = box.seal("x", row=tenant.id, column="secret_sealed")
    async with post.gateway.sessions.begin() as session:
        session.add(WebhookSecretRow(tenant_id=tenant.id, secret_sealed=sealed, created_at=post.gateway.clock()))
    await post.deliver()
    assert await callback_of(tenant, task_id) == failing(error)
    async with post.gateway.sessions.begin() as session:
        await session.execute(update(DeliveryRow).values(retry_until=post.gateway.clock()))
    await post.give_up(tenant)
    assert await callback_of(tenant, task_id) == {"state": "failed", "last_error": error}


async def test_the_newest_message_counts_and_none_outlives_it(post: Post) -> None:
    tenant = await post.gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING), callback_url=post.url)
    await post.gateway.force(task_id, "queued")
    assert await callback_of(tenant, task_id) == NOTHING
    for code, after, state in ((500, "running", "failing"), (200, "succeeded", "delivered")):
        await post.gateway.force(task_id, after)
        post.gateway.clock.advance(3)
        assert await callback_of(tenant, task_id) == NOTHING
        post.receiver.answers = [status(code)]
        await post.deliver()
        assert (await callback_of(tenant, task_id))["state"] == state
    ended_at = post.gateway.clock()
    post.gateway.clock.advance(RETRY_FOR.total_seconds())
    post.receiver.answers = [status(500)]
    await post.deliver()
    for age, left, shown in (
        (RETENTION - timedelta(seconds=1), ["delivered", "failed"], {"state": "delivered", "last_error": None}),
        (RETENTION + timedelta(seconds=1), ["failed"], {"state": "unknown", "last_error": None}),
        (RETENTION + RETRY_FOR + timedelta(minutes=1), [], {"state": "unknown", "last_error": None}),
    ):
        post.gateway.clock.advance((ended_at + age - post.gateway.clock()).total_seconds())
        await post.prune()
        assert await post.states(tenant) == left
        assert await callback_of(tenant, task_id) == shown


async def test_only_a_task_with_an_address_shows_it_and_only_its_own_tenants_messages_count(post: Post) -> None:
    tenant, other = await post.gateway.tenant(), await post.gateway.tenant()
    plain = await tenant.new_task()
    assert "callback" not in (await get(tenant, plain)).json()
    task_id = await tenant.new_task(content=text(RUNNING), callback_url=post.url)
    row = await post.gateway.row(task_id)
    assert row is not None
    async with post.gateway.sessions.begin() as session:
        enqueue(
            session, tenant_id=other.id, task_id=row.id, key_id="k", url=post.url, body={}, now=post.gateway.clock()
        )
    await post.deliver()
    assert await callback_of(tenant, task_id) == NOTHING
    assert (await other.http.get(f"{TASKS}/{task_id}")).status_code == 404
    listed = (await tenant.http.get(TASKS)).json()["items"]
    assert [item["id"] for item in listed] == [task_id, plain]
    of_key = (await post.gateway.admin.get("/deliveries", params={"key": tenant.key_id})).json()["data"]
    assert {row["task_id"] for row in of_key} == {task_id}
    assert all("callback" not in item for item in listed)
