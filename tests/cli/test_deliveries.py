"""``seedgate deliveries`` against a running gateway."""

import json

from sqlalchemy import update

from app.db.base import utc_now
from app.webhooks.models import DeliveryRow
from app.webhooks.outbox import enqueue
from tests.cli.commands import Command
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import Gateway

gateway = prepared_gateway

ENDPOINT = "https://hooks-of-one-test.example"


async def test_all_that_an_endpoint_has_not_accepted_is_sent_again(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    async with gateway.sessions.begin() as session:
        for _ in range(2):
            enqueue(
                session, tenant_id=tenant.id, task_id="t", key_id="k", url=f"{ENDPOINT}/path", body={}, now=utc_now()
            )
    given_up = {"status": "failed", "attempts": 3, "next_attempt_at": None}
    async with gateway.sessions.begin() as session:
        await session.execute(update(DeliveryRow).where(DeliveryRow.origin == ENDPOINT).values(given_up))

    listed = await seedgate(
        "deliveries", "list", "--endpoint", ENDPOINT, "--status", "failed", "--since", "1h", "--json"
    )
    rows = json.loads(listed[1])
    assert len(rows) == 2
    shown = await seedgate("deliveries", "get", rows[0]["id"], "--json")
    assert json.loads(shown[1])["body"] == "{}"
    both = [row["id"] for row in rows]
    assert await seedgate("deliveries", "resend", *both, "msg_none", "--json") == (
        0,
        '{"resent": 2, "not_found": ["msg_none"], "has_more": false}\n',
        "",
    )
    async with gateway.sessions.begin() as session:
        await session.execute(update(DeliveryRow).where(DeliveryRow.origin == ENDPOINT).values(given_up))
    again = ("deliveries", "resend", "--endpoint", ENDPOINT, "--tenant", tenant.id, "--json")
    assert await seedgate(*again) == (0, '{"resent": 2}\n', "")
    assert await seedgate(*again) == (0, '{"resent": 0}\n', "")


async def test_a_resend_needs_an_id_or_an_endpoint(seedgate: Command) -> None:
    for arguments in ((), ("msg_1", "--endpoint", ENDPOINT), ("msg_1", "--tenant", "studio"), ("--tenant", "studio")):
        code, out, err = await seedgate("deliveries", "resend", *arguments)
        assert (code, out) == (2, ""), arguments
        assert err.startswith("seedgate: give either"), arguments
