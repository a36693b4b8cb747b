"""The releases of the matrix: the current one of each SDK, and an older line where it behaves differently."""

import re

from tests.sdk.builds import NODE_PROBES, OLD_PYTHON_PINS, PYTHON_PINS
from tests.sdk.clients import Client
from tests.sdk.table import ROOT
from tests.sdk.toolchains import BUILT


def _pinned(file: str, pattern: str) -> str:
    """Returns the version that a lock file pins."""
    found = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{file} does not pin {pattern}"
    return found[1]


def _python(name: str, probe: str) -> tuple[str, ...]:
    return str(BUILT / name / "bin" / "python"), f"tests/sdk/probes/python/{probe}.py"


def _npm(package: str) -> str:
    """Returns the version of a package in the probes' lock file."""
    return _pinned(f"{NODE_PROBES}/package-lock.json", rf'"node_modules/{package}": {{[^}}]*?"version": "([^"]+)"')


def _node(probe: str, *arguments: str) -> tuple[str, ...]:
    return "node", f"{NODE_PROBES}/{probe}.mjs", *arguments


_PYTHON_ATTEMPTS = {"429": 3, "500": 3, "503": 3, "cut": 2, "slow": 2}

PYTHON_ARK = Client(
    name="volcengine-python-sdk[ark]",
    version=_pinned(PYTHON_PINS, r"^volcengine-ark-runtime==(\S+)"),
    build="python",
    command=_python("python", "probe_ark"),
    attempts=_PYTHON_ATTEMPTS,
)
PYTHON_OLD_ARK = Client(
    name="volcengine-python-sdk[ark]",
    version=_pinned(OLD_PYTHON_PINS, r"^volcengine-python-sdk\[ark\]==(\S+)"),
    build="python-old",
    command=_python("python-old", "probe_ark"),
    attempts=_PYTHON_ATTEMPTS,
)
PYTHON_ARKRUNTIME = Client(
    name="arkruntime (Python)",
    version=_pinned(PYTHON_PINS, r"^arkruntime==(\S+)"),
    build="python",
    command=_python("python", "probe_arkruntime"),
    attempts=_PYTHON_ATTEMPTS,
    marks_retries=True,
)
PYTHON_OPENAI = Client(
    name="openai (Python)",
    version=_pinned(PYTHON_PINS, r"^openai==(\S+)"),
    build="python",
    command=_python("python", "probe_openai"),
    attempts=_PYTHON_ATTEMPTS,
    marks_retries=True,
)
PYTHON_UNIVERSAL = Client(
    name="volcenginesdkcore (Python)",
    version=_pinned(PYTHON_PINS, r"^volcenginesdk-core==(\S+)"),
    build="python",
    command=_python("python", "probe_universal"),
    attempts={"429": 4, "500": 4, "503": 4, "cut": 2, "slow": 2},
    reads_bare=False,
    marks_retries=True,
)
PYTHON_OLD_UNIVERSAL = Client(
    name="volcenginesdkcore (Python)",
    version=_pinned(OLD_PYTHON_PINS, r"^volcengine-python-sdk\[ark\]==(\S+)"),
    build="python-old",
    command=_python("python-old", "probe_universal"),
    reads_bare=False,
)
NODE_FETCH = Client(
    name="fetch (Node.js)",
    version=_pinned(f"{NODE_PROBES}/package.json", r'"node": ">=(\d+)"'),
    build="node-probes",
    command=_node("probe_fetch"),
)
NODE_CORE = Client(
    name="@volcengine/sdk-core (Node.js)",
    version=_npm("@volcengine/sdk-core"),
    build="node-probes",
    command=_node("probe_sdk_core"),
    attempts={"429": 4, "500": 4, "503": 4, "cut": 2, "slow": 2},
)
NODE_OPENAPI = Client(
    name="@volcengine/openapi (Node.js)",
    version=_npm("@volcengine/openapi"),
    build="node-probes",
    command=_node("probe_openapi"),
    shows=frozenset({"code", "message", "request_id"}),
    ways=("access_key", "x_api_key"),
)
NODE_OLD_OPENAPI = Client(
    name="@volcengine/openapi (Node.js)",
    version=_npm("openapi-old"),
    build="node-probes",
    command=_node("probe_openapi", "openapi-old"),
    shows=frozenset({"code", "message", "request_id"}),
    ways=("access_key", "x_api_key"),
)

CLIENTS = {
    "tasks": (PYTHON_ARK, PYTHON_OLD_ARK, PYTHON_ARKRUNTIME, PYTHON_OPENAI, NODE_FETCH),
    "assets": (PYTHON_UNIVERSAL, PYTHON_OLD_UNIVERSAL, NODE_CORE, NODE_OPENAPI, NODE_OLD_OPENAPI),
}
"""Every SDK of the matrix, by what it is for."""
