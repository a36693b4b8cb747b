"""The SDKs of the matrix: how each is built and asked, how often it tries, and what it shows of an error."""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sdk.table import ROOT
from tests.sdk.toolchains import BUILT, Build, Step

_ANSWER_SECONDS = 180
EVERYTHING = frozenset({"status", "code", "message", "request_id"})


@dataclass(frozen=True)
class Client:
    """One release of one SDK.

    Attributes:
        name: as its registry knows it.
        version: of the release, read from the lock file that pins it.
        build: the name of the build that its probe belongs to.
        command: runs its probe.
        attempts: how often it sends a request that is answered by a status (``"429"``), or lost (``"cut"``,
            ``"slow"``); 1 for those that are not named.
        shows: what it tells its user of an error.
        marks_retries: a retry says in a header that it is one.
        reads_bare: understands answers without ``{ResponseMetadata, Result}``; of the Assets SDKs.
        ways: how its user can send an API key; of the Assets SDKs.
        has_timeout: its user can limit the time of an answer.
    """

    name: str
    version: str
    build: str
    command: tuple[str, ...]
    attempts: Mapping[str, int] = field(default_factory=dict)
    shows: frozenset[str] = EVERYTHING
    marks_retries: bool = False
    reads_bare: bool = True
    ways: tuple[str, ...] = ("access_key", "x_api_key", "bearer")
    has_timeout: bool = True

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Failure:
    """What an SDK told its user of an error; None where it tells nothing."""

    kind: str
    status: int | None
    code: str | None
    message: str
    request_id: str | None

    def __str__(self) -> str:
        told = [f"`{self.kind}`", str(self.status or ""), f"`{self.code}`" if self.code else ""]
        return " ".join(part for part in told if part)


@dataclass(frozen=True)
class Outcome:
    """What came of one call of an SDK: a result, or a failure."""

    result: Any
    failure: Failure | None


async def ask(client: Client, request: Mapping[str, Any]) -> Outcome:
    """Has an SDK make one call, with its own retries, in a process of its own."""
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


def _pinned(file: str, pattern: str) -> str:
    """Returns the version that a lock file pins."""
    found = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{file} does not pin {pattern}"
    return found[1]


def _environment(name: str, requirements: str) -> Build:
    """An environment of its own, as the samples' readers make one."""
    python = f"{{built}}/{name}/bin/python"
    return Build(
        name=name,
        programs={"python3": "Python 3.11"},
        sources=(requirements,),
        steps=(
            Step(("python3", "-m", "venv", "--clear", f"{{built}}/{name}")),
            Step((python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements)),
        ),
        outcome=f".sdk/{name}/bin/python",
    )


_PYTHON = "examples/python/requirements.txt"
_OLD_PYTHON = "tests/sdk/probes/python/requirements-old.txt"

BUILDS = {
    each.name: each
    for each in (
        _environment("python", _PYTHON),
        _environment("python-old", _OLD_PYTHON),
    )
}


def _python(name: str, probe: str) -> tuple[str, ...]:
    return str(BUILT / name / "bin" / "python"), f"tests/sdk/probes/python/{probe}.py"


_PYTHON_ATTEMPTS = {"429": 3, "500": 3, "503": 3, "cut": 2, "slow": 2}

PYTHON_ARK = Client(
    name="volcengine-python-sdk[ark]",
    version=_pinned(_PYTHON, r"^volcengine-ark-runtime==(\S+)"),
    build="python",
    command=_python("python", "probe_ark"),
    attempts=_PYTHON_ATTEMPTS,
)
PYTHON_OLD_ARK = Client(
    name="volcengine-python-sdk[ark]",
    version=_pinned(_OLD_PYTHON, r"^volcengine-python-sdk\[ark\]==(\S+)"),
    build="python-old",
    command=_python("python-old", "probe_ark"),
    attempts=_PYTHON_ATTEMPTS,
)
PYTHON_ARKRUNTIME = Client(
    name="arkruntime (Python)",
    version=_pinned(_PYTHON, r"^arkruntime==(\S+)"),
    build="python",
    command=_python("python", "probe_arkruntime"),
    attempts=_PYTHON_ATTEMPTS,
    marks_retries=True,
)
PYTHON_OPENAI = Client(
    name="openai (Python)",
    version=_pinned(_PYTHON, r"^openai==(\S+)"),
    build="python",
    command=_python("python", "probe_openai"),
    attempts=_PYTHON_ATTEMPTS,
    marks_retries=True,
)
PYTHON_UNIVERSAL = Client(
    name="volcenginesdkcore (Python)",
    version=_pinned(_PYTHON, r"^volcenginesdk-core==(\S+)"),
    build="python",
    command=_python("python", "probe_universal"),
    attempts={"429": 4, "500": 4, "503": 4, "cut": 2, "slow": 2},
    reads_bare=False,
    marks_retries=True,
)
PYTHON_OLD_UNIVERSAL = Client(
    name="volcenginesdkcore (Python)",
    version=_pinned(_OLD_PYTHON, r"^volcengine-python-sdk\[ark\]==(\S+)"),
    build="python-old",
    command=_python("python-old", "probe_universal"),
    reads_bare=False,
)

CLIENTS = {
    "tasks": (PYTHON_ARK, PYTHON_OLD_ARK, PYTHON_ARKRUNTIME, PYTHON_OPENAI),
    "assets": (PYTHON_UNIVERSAL, PYTHON_OLD_UNIVERSAL),
}
"""Every SDK of the matrix, by what it is for."""
