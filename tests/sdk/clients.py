"""An SDK of the matrix: how it is asked, how often it tries, and what it shows of an error."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.toolchains import ROOT

_ANSWER_SECONDS = 180
EVERYTHING = frozenset({"status", "code", "message", "request_id"})


@dataclass(frozen=True)
class Client:
    """One release of one SDK.

    Attributes:
        name: as its registry knows it.
        version: the release, read from the lock file that pins it.
        build: the name of the build that its probe belongs to.
        command: runs its probe.
        attempts: how often it sends a request that is answered by a status (``"429"``), or lost (``"cut"``,
            ``"slow"``); 1 for those that are not named.
        shows: what it tells its user of an error.
        marks_retries: a retry says in a header that it is one.
        reads_bare: understands answers without ``{ResponseMetadata, Result}``; of the Assets SDKs.
        has_poll_helper: it has a call that waits until a video is there; of OpenAI's SDKs.
        ways: how its user can send an API key; of the Assets SDKs.
    """

    name: str
    version: str
    build: str
    command: tuple[str, ...]
    attempts: Mapping[str, int] = field(default_factory=dict)
    shows: frozenset[str] = EVERYTHING
    marks_retries: bool = False
    reads_bare: bool = True
    has_poll_helper: bool = True
    ways: tuple[str, ...] = ("access_key", "x_api_key", "bearer")

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Failure:
    """What an SDK reports to its user of an error; None where it tells nothing."""

    kind: str
    status: int | None
    code: str | None
    message: str
    request_id: str | None

    def __str__(self) -> str:
        shown = [f"`{self.kind}`", str(self.status or ""), f"`{self.code}`" if self.code else ""]
        return " ".join(part for part in shown if part)


@dataclass(frozen=True)
class Outcome:
    """The result of one call of an SDK: a result, or a failure."""

    result: Any
    failure: Failure | None


async def ask(client: Client, request: Mapping[str, Any]) -> Outcome:
    """Makes one call with an SDK and its own retries, in a separate process."""
    environment = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    process = await asyncio.create_subprocess_exec(
        *client.command,
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            output, errors = await process.communicate(json.dumps(request).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"{client}: {errors.decode()[-4000:]}"
    return _read(json.loads(output.decode().strip().splitlines()[-1]))


def _read(answer: dict[str, Any]) -> Outcome:
    if answer["ok"]:
        return Outcome(answer["result"], None)
    error = answer["error"]
    failure = Failure(error["class"], error["status"], error["code"], error["message"], error["request_id"])
    return Outcome(None, failure)
