"""The framings on real sockets, against a gateway in a process of its own, each segment read separately."""

import asyncio
from pathlib import Path

import pytest

from tests.http.answers import final_answers, is_whole
from tests.http.floods import clients
from tests.http.framings import SMALL, Framing
from tests.http.strict import parse
from tests.support.gateway import Gateway
from tests.support.process import GatewayProcess, gateway_process
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.slow
_AT_ONCE = 40
_MORE_SECONDS = 0.2


def _cuts(framing: Framing, number: int) -> set[int]:
    """Where to cut: behind the head, behind the first line, and at a few bytes that differ from framing to framing."""
    first_line = framing.data.find(b"\r\n") + 2
    places = {framing.head_bytes, framing.head_bytes - 2, first_line, *range(1 + number % 29, len(framing.data), 29)}
    return {at for at in places if 0 < at < len(framing.data)}


async def _check(process: GatewayProcess, framing: Framing, at: int) -> None:
    async with clients(process) as (client,):
        await client.send(framing.data[:at])
        await client.until_read()
        await client.send(framing.data[at:])
        wanted = b""
        if framing.answers and not framing.is_refused:
            wanted = await client.read(answers=framing.answers)
        wanted += await client.read(seconds=_MORE_SECONDS)
        if not is_whole(wanted):
            # The time ended in the midst of an answer.
            wanted += await client.read(seconds=HANG_SECONDS)
        answers = final_answers(wanted)
    assert len(answers) <= parse(framing.data).max_answers, (framing, at, answers)
    if framing.answers is not None and not framing.is_refused:
        assert len(answers) == framing.answers, (framing, at, answers)


async def test_no_framing_has_more_answers_than_requests_on_a_socket(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway_process(tmp_path, gateway.settings, background="off") as process:
        turns = asyncio.Semaphore(_AT_ONCE)

        async def attack(framing: Framing, at: int) -> None:
            async with turns:
                await _check(process, framing, at)

        # The answer to HEAD has no body, whatever length it tells.
        framings = [framing for framing in SMALL if b"HEAD " not in framing.data]
        async with asyncio.TaskGroup() as group:
            for number, framing in enumerate(framings):
                for at in _cuts(framing, number):
                    group.create_task(attack(framing, at))
