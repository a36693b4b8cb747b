"""A tenant or an unknown client that floods the gateway, as a program with the lowest priority.

It reads one JSON object from its standard input: the name of a flood, the address, its credentials, and the seconds. At
its end it prints how many answers it got by status.
"""

import asyncio
import contextlib
import itertools
import json
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.tenants.api_key import make_key
from app.tenants.signing_key import make_signing_key
from tests.floods.wire import Line, asking, connected, head_of
from tests.http.worst_bodies import CREATES
from tests.support.signing import JAVA, signed_headers

TASKS = "/api/v3/contents/generations/tasks"
DRY = f"{TASKS}?dry_run=true"
NATIVE = "/?Action=ListAssetGroups&Version=2024-01-01"
WHOAMI = "/api/v3/whoami"
MEBIBYTE = 1024 * 1024
_NICENESS = 10


@dataclass
class Flood:
    """What a flood knows and has seen."""

    url: str
    key: str
    access_key_id: str
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def bearer(self) -> dict[str, str]:
        """The credential of the tenant that floods."""
        return {"Authorization": f"Bearer {self.key}"}

    async def held_uploads(self) -> None:
        """Sends bodies of 60 MB but for their last byte, in the name of a tenant and of a signer."""
        forged = self.signed(self.access_key_id)
        each = [self._hold(DRY, self.bearer, 60_000_000, chunk=4 * MEBIBYTE) for _ in range(20)]
        each += [self._hold(NATIVE, forged, 900_000, chunk=64 * 1024) for _ in range(60)]
        await asyncio.gather(*each)

    async def guessed_keys(self) -> None:
        """Tries well-formed API keys from sixty clients."""

        async def guesses() -> AsyncIterator[bytes]:
            while True:
                yield head_of("GET", WHOAMI, {"Authorization": f"Bearer {make_key().plaintext}"})

        await self._clients(60, guesses)

    async def guessed_signers(self) -> None:
        """Tries access key ids, unknown ones and one that exists, with bodies that are not signed for."""
        body = b" " * 60_000

        async def guesses() -> AsyncIterator[bytes]:
            for number in itertools.count():
                name = self.access_key_id if number % 2 else make_signing_key().access_key_id
                yield head_of("POST", NATIVE, {**self.signed(name), "Content-Length": str(len(body))}) + body

        await self._clients(40, guesses)

    async def worst_bodies(self) -> None:
        """Sends bodies of a mebibyte whose check costs the most."""
        await self._bodies(_worst(MEBIBYTE), clients=8)

    async def largest_bodies(self) -> None:
        """The same with bodies of 60 MB."""
        await self._bodies(_worst(60_000_000), clients=3)

    async def all_routes(self) -> None:
        """Creates, lists and asks as fast as 32 clients can."""
        body = json.dumps({"model": "doubao-seedance-2", "content": [{"type": "text", "text": "x"}]}).encode()
        create = head_of("POST", TASKS, {**self.bearer, "Content-Length": str(len(body))}) + body
        lists = head_of("GET", f"{TASKS}?page_size=500", self.bearer)
        gets = head_of("GET", f"{TASKS}/cgt-unknown", self.bearer)

        async def of(*requests: bytes) -> AsyncIterator[bytes]:
            for request in itertools.cycle(requests):
                yield request

        kinds = [(create,), (lists,), (gets,), (create, lists, gets)]
        await asyncio.gather(*(asking(self.url, self.counts, of(*kinds[number % 4])) for number in range(32)))

    async def connections(self) -> None:
        """Opens connections and sends nothing, half a head, or many requests whose answers it does not read."""
        half = head_of("POST", TASKS, self.bearer)[:-4]
        pipelined = head_of("GET", "/healthz", {}) * 500

        async def one(said: bytes) -> None:
            while True:
                with contextlib.suppress(OSError, TimeoutError):
                    async with connected(self.url) as line, asyncio.timeout(5):
                        self.counts["connections"] += 1
                        await line.send(said)
                        await asyncio.sleep(5)
                await asyncio.sleep(0.1)

        async def short() -> None:
            while True:
                with contextlib.suppress(OSError):
                    async with connected(self.url):
                        self.counts["connections"] += 1
                await asyncio.sleep(0)

        each = [one(said) for said in (b"", half, pipelined) for _ in range(150)]
        await asyncio.gather(*each, *(short() for _ in range(10)))

    def signed(self, access_key_id: str) -> dict[str, str]:
        """Returns the headers of a client that knows an access key id and no secret."""
        pair = {"access_key_id": access_key_id, "secret_access_key": "guessed"}
        headers = signed_headers(pair, b"", host="gateway", at=datetime.now(UTC), names=JAVA)
        del headers["host"]
        return headers

    async def _hold(self, path: str, headers: dict[str, str], size: int, *, chunk: int) -> None:
        head = head_of("POST", path, {**headers, "Content-Length": str(size)})
        while True:
            with contextlib.suppress(OSError, EOFError, asyncio.IncompleteReadError):
                async with connected(self.url) as line:
                    await line.send(head)
                    self.counts["uploads"] += 1
                    holding = asyncio.create_task(self._drip(line, size - 1, chunk))
                    try:
                        self.counts[str(await line.status())] += 1
                    finally:
                        holding.cancel()
            await asyncio.sleep(0.5)

    async def _drip(self, line: Line, size: int, chunk: int) -> None:
        with contextlib.suppress(OSError):
            for start in range(0, size, chunk):
                await line.send(b" " * min(chunk, size - start))
                await asyncio.sleep(0.05)
            await asyncio.Event().wait()

    async def _bodies(self, bodies: list[bytes], *, clients: int) -> None:
        async def one_after_another(first: int) -> AsyncIterator[bytes]:
            for number in itertools.count(first):
                body = bodies[number % len(bodies)]
                yield head_of("POST", DRY, {**self.bearer, "Content-Length": str(len(body))}) + body

        each = [asking(self.url, self.counts, one_after_another(number)) for number in range(clients)]
        await asyncio.gather(*each)

    async def _clients(self, count: int, requests: Callable[[], AsyncIterator[bytes]]) -> None:
        await asyncio.gather(*(asking(self.url, self.counts, requests()) for _ in range(count)))


def _worst(size: int) -> list[bytes]:
    """Returns a body of each family that costs much to check, not larger than ``size``."""
    return [generate(random.Random(8), size)[:size] for generate in CREATES.values()]


FLOODS: dict[str, Callable[[Flood], Awaitable[None]]] = {
    "held uploads": Flood.held_uploads,
    "guessed keys": Flood.guessed_keys,
    "guessed signers": Flood.guessed_signers,
    "worst bodies": Flood.worst_bodies,
    "largest bodies": Flood.largest_bodies,
    "all routes": Flood.all_routes,
    "connections": Flood.connections,
}


async def _run(order: dict[str, str], seconds: float) -> Counter[str]:
    flood = Flood(order["url"], order["key"], order["access_key_id"])
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await FLOODS[order["flood"]](flood)
    return flood.counts


if __name__ == "__main__":
    os.nice(_NICENESS)
    given = json.loads(sys.stdin.read())
    sys.stdout.write(json.dumps(asyncio.run(_run(given, given["seconds"]))))
