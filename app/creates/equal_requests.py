"""Which requests of this process carry the same create at the same time.

Two of them may be creates of their own, or one the retry of the other, whose client has left. Which it is can be told
as soon as the end of the other's connection has been noticed, so a request waits for as long as that may take. With
TCP, a client that closes one connection and asks again on another is noticed within milliseconds; behind a proxy, it
takes as long as the proxy does. What is under way in other processes is looked for in the database.

The database was asked about this process, too, up to six times in half a second. On a busy machine one of 64 identical
creates then took 15,400 µs of CPU (a differing one 2,000), and 1,050 to 2,220 since (a differing one 900).
"""

import asyncio
from collections.abc import Collection

from app.core.turns import leave_turn
from app.creates.attempts import Client, Sent

# Less would be a bet on the order in which the packets of two connections arrive.
_PROMPT_NOTICE_SECONDS = 0.02
_NOTICE_SECONDS = 0.5
# Each of them lets the loop read from all sockets.
_MIN_STEP_SECONDS = 0.01
_STEPS = 5


class EqualRequest:
    """A request that is being worked on.

    Attributes:
        client: who sent it.
        opening: the commit of its intent, once it waits for one.
    """

    __slots__ = ("client", "opening")

    def __init__(self, client: Client) -> None:
        self.client = client
        self.opening: asyncio.Future[bool] | None = None


class EqualRequests:
    """The requests of one process that may claim attempts, or whose attempts may be claimed."""

    def __init__(self) -> None:
        self._requests: dict[Sent, set[EqualRequest]] = {}

    def enter(self, client: Client) -> EqualRequest:
        """Adds a request; ``leave`` has to follow."""
        request = EqualRequest(client)
        if client.fingerprint.idempotency_key is None:
            self._requests.setdefault(client.fingerprint.sent, set()).add(request)
        return request

    def leave(self, request: EqualRequest) -> None:
        """Removes a request, which is answered or has an attempt that is being marked as abandoned."""
        sent = request.client.fingerprint.sent
        requests = self._requests.get(sent)
        if requests is not None:
            requests.discard(request)
            if not requests:
                del self._requests[sent]

    async def all_have_clients(self, request: EqualRequest) -> bool:
        """Waits until the end of the connection of every other request would have been noticed, or all are answered.

        Returns:
            Whether all others have their clients. If not, none of those that have lost it waits for a commit any more,
            so that their attempts can be found.
        """
        taken = 0
        while others := self._others(request):
            lost = [other for other in others if other.client.gone.is_set()]
            if lost:
                await _until_opened(lost)
                return False
            is_prompt = all(other.client.gone.is_prompt for other in others)
            limit = _PROMPT_NOTICE_SECONDS if is_prompt else _NOTICE_SECONDS
            step = max(limit / _STEPS, _MIN_STEP_SECONDS)
            # In steps, not by the clock: a process that was busy for long has not read from its sockets either.
            if taken * step >= limit:
                break
            leave_turn()
            await asyncio.sleep(step)
            taken += 1
        return True

    def _others(self, request: EqualRequest) -> Collection[EqualRequest]:
        requests = self._requests[request.client.fingerprint.sent]
        return [other for other in requests if other is not request] if len(requests) > 1 else ()


async def _until_opened(requests: Collection[EqualRequest]) -> None:
    opening = {request.opening for request in requests if request.opening is not None}
    if opening:
        await asyncio.wait(opening)
