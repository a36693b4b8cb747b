"""Authentication by signature, with two processes on one database."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.errors import SeedgateError
from app.tenants.principal import Principal
from app.tenants.signing_key import is_access_key_id, make_signing_key
from app.tenants.stored_key import load_signers
from app.upstream.signature import hash_body
from app.upstream.signed_request import SignedRequest
from tests.support.admin_app import BOX, Process, QueryCount, in_the_future
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.signing import GO, JAVA, signed_headers

BODY = b'{"Filter":{"GroupType":"AIGC"}}'
QUERY = (("Action", "ListAssetGroups"), ("Version", "2024-01-01"))
SOON = 0.95


async def pair_of(process: Process, key: dict[str, Any]) -> dict[str, Any]:
    made = await process.admin.post(f"/keys/{key['id']}/signing-key")
    assert made.status_code == 201, made.text
    pair: dict[str, Any] = made.json()
    return pair


class Signer:
    """A client that signs."""

    def __init__(self, pair: dict[str, Any], clock: MovableClock) -> None:
        self.pair = pair
        self.clock = clock

    def request(self, **options: Any) -> tuple[str, SignedRequest]:
        headers = signed_headers(self.pair, BODY, host="gateway", at=self.clock(), **options)
        raw = [(name.encode(), value.encode()) for name, value in headers.items() if name != "authorization"]
        head = SignedRequest.from_wire(method="POST", raw_path=b"/", query_pairs=QUERY, headers=raw)
        return headers["authorization"], head

    async def call(self, process: Process, *, address: str = "203.0.113.7", **options: Any) -> Principal:
        authorization, head = self.request(**options)
        return await process.authenticator.signer(authorization, head, address, body_hash=hash_body(BODY))

    async def refusal(self, process: Process, **options: Any) -> tuple[int, str]:
        with pytest.raises(SeedgateError) as caught:
            await self.call(process, **options)
        return caught.value.status, caught.value.code


REFUSED = (401, "AuthenticationError")


async def test_a_signature_is_as_good_as_the_key_that_it_belongs_to(process: Process, clock: MovableClock) -> None:
    key = await process.key(allowed_models=["m"])
    signer = Signer(await pair_of(process, key), clock)

    principal = await signer.call(process)

    assert (principal.tenant_id, principal.key_id) == (key["tenant_id"], key["id"])
    assert principal.key_public_part == key["public_part"]
    assert principal.allowed_models == (frozenset({"m"}),)


async def test_a_pair_that_was_replaced_stops_within_a_second_on_every_process(
    process: Process, other_process: Process, clock: MovableClock, seconds: ManualSeconds
) -> None:
    key = await process.key()
    old = Signer(await pair_of(process, key), clock)
    for one in (process, other_process):
        await old.call(one)

    new = Signer(await pair_of(process, key), clock)
    seconds.now += SOON

    for one in (process, other_process):
        assert await old.refusal(one) == REFUSED
        assert (await new.call(one)).key_id == key["id"]


@pytest.mark.parametrize("path", ["/keys/{id}/signing-key", "/keys/{id}", "/tenants/{tenant_id}"])
async def test_a_pair_stops_within_a_second_of_its_own_end_its_keys_and_its_tenants(
    process: Process, other_process: Process, clock: MovableClock, seconds: ManualSeconds, path: str
) -> None:
    key = await process.key()
    signer = Signer(await pair_of(process, key), clock)
    await signer.call(other_process)

    assert (await process.admin.delete(path.format(**key))).status_code == 204
    seconds.now += SOON

    assert await signer.refusal(other_process) == REFUSED


async def test_a_suspended_tenants_pair_stops_and_works_again_afterwards(
    process: Process, clock: MovableClock, seconds: ManualSeconds
) -> None:
    key = await process.key()
    signer = Signer(await pair_of(process, key), clock)
    path = f"/tenants/{key['tenant_id']}"

    await process.admin.patch(path, json={"status": "suspended"})
    refused = await signer.refusal(process)
    await process.admin.patch(path, json={"status": "active"})
    seconds.now += SOON

    assert refused == (403, "AccessDenied")
    await signer.call(process)


async def test_a_pair_ends_with_its_key_to_the_second(process: Process, clock: MovableClock) -> None:
    key = await process.key(expires_at=in_the_future(clock, 60))
    signer = Signer(await pair_of(process, key), clock)
    await signer.call(process)
    clock.advance(61)
    assert await signer.refusal(process) == REFUSED


async def test_a_pair_of_a_rotated_key_ends_with_the_grace_to_the_second(
    process: Process, clock: MovableClock, seconds: ManualSeconds
) -> None:
    key = await process.key(expires_at=in_the_future(clock, 3600))
    await process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": 60})
    signer = Signer(await pair_of(process, key), clock)
    await signer.call(process)
    await process.admin.patch(f"/keys/{key['id']}", json={"expires_at": None})
    clock.advance(59)
    seconds.advance(SOON)
    await signer.call(process)
    clock.advance(2)
    assert await signer.refusal(process) == REFUSED


async def test_a_pair_of_a_rotated_key_lives_as_long_as_that_key(process: Process, clock: MovableClock) -> None:
    key = await process.key()
    signer = Signer(await pair_of(process, key), clock)
    await process.admin.post(f"/keys/{key['id']}/rotate", json={"grace_seconds": 60})
    assert (await signer.call(process)).key_id == key["id"]
    clock.advance(61)
    assert await signer.refusal(process) == REFUSED


async def test_a_pair_works_only_from_its_keys_addresses(process: Process, clock: MovableClock) -> None:
    key = await process.key(allowed_ips=["203.0.113.0/24"])
    signer = Signer(await pair_of(process, key), clock)
    await signer.call(process)
    assert await signer.refusal(process, address="198.51.100.1") == (403, "AccessDenied")


async def test_a_cached_pair_costs_one_query_a_second(
    process: Process, engine: AsyncEngine, clock: MovableClock, seconds: ManualSeconds
) -> None:
    signer = Signer(await pair_of(process, await process.key()), clock)

    with QueryCount(engine, "JOIN tenants") as queries:
        for _ in range(20):
            await signer.call(process)
        assert queries.count == 1
        seconds.now += SOON
        await signer.call(process)

    assert queries.count == 2


async def test_only_an_authenticated_request_counts_as_a_use(process: Process, clock: MovableClock) -> None:
    key = await process.key()
    signer = Signer(await pair_of(process, key), clock)

    for names in (GO, JAVA):
        authorization, head = signer.request(names=names)
        await process.authenticator.admit_signer(authorization, head, "203.0.113.7")
    await signer.refusal(process, region="elsewhere")
    await process.last_used.flush()
    unused = (await process.admin.get(f"/keys/{key['id']}")).json()["last_used_at"]
    await signer.call(process)
    await process.last_used.flush()

    assert unused is None
    assert (await process.admin.get(f"/keys/{key['id']}")).json()["last_used_at"] is not None


async def test_a_secret_that_does_not_open_is_our_fault_not_the_clients_and_only_its_own(
    process: Process, clock: MovableClock, engine: AsyncEngine
) -> None:
    spoilt, whole = [Signer(await pair_of(process, await process.key()), clock) for _ in range(2)]
    async with engine.begin() as connection:
        spoil = "UPDATE api_keys SET secret_access_key_sealed = 'v1:00000000:' WHERE access_key_id = :id"
        await connection.execute(text(spoil), {"id": spoilt.pair["access_key_id"]})

    refused, principal = await asyncio.gather(spoilt.refusal(process), whole.call(process))

    assert refused == (503, "ServiceUnavailable")
    assert principal.tenant_name == "tenant"


async def test_secrets_are_not_in_the_repr(process: Process) -> None:
    pair = await pair_of(process, await process.key())
    async with process.sessions() as session:
        found = (await load_signers(session, [pair["access_key_id"]], box=BOX))[pair["access_key_id"]]
    assert found.secret_access_key == pair["secret_access_key"]
    assert pair["secret_access_key"] not in repr(found)
    made = make_signing_key()
    assert made.secret_access_key not in repr(made)


@pytest.mark.parametrize(
    "text", ["", "SGAK", "SGAK" + "a" * 19, "SGAK" + "a" * 21, "SGAK" + "-" * 20, "sgak" + "a" * 20]
)
def test_other_formats_are_no_access_key_id(text: str) -> None:
    assert not is_access_key_id(text)
    assert is_access_key_id(make_signing_key().access_key_id)
