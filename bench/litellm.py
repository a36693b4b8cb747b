"""LiteLLM's proxy as a pass-through to the stand-in for the upstream, in an environment of its own."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.machine import SERVER_CORE
from bench.process import Program, free_port, wait_for
from bench.site import TASKS
from tests.support.toolchains import BUILT, build, python_environment

_NAME = "bench-litellm"
_START_SECONDS = 180.0


@dataclass(frozen=True)
class LiteLLM:
    """A running proxy, and the key that it takes."""

    program: Program
    port: int
    key: str


@contextmanager
def running_litellm(folder: Path, upstream_url: str) -> Iterator[LiteLLM]:
    """Runs the proxy, one worker, on the core of the server.

    It has no database, so that its master key is the only one, and it keeps nothing: it does less than the gateway.
    """
    build(python_environment(_NAME, "bench/environments/litellm.lock", "--no-compile"))
    # YAML has JSON in it.
    passing = {"path": TASKS, "target": f"{upstream_url}{TASKS}", "include_subpath": True, "auth": False}
    configuration = folder / "litellm.yaml"
    configuration.write_text(
        json.dumps({"model_list": [], "general_settings": {"pass_through_endpoints": [passing]}}), encoding="utf-8"
    )
    port = free_port()
    command = [str(BUILT / _NAME / "bin" / "litellm"), "--config", str(configuration)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--num_workers", "1", "--telemetry", "False"]
    key = f"sk-{secrets.token_hex(32)}"
    variables = {
        "LITELLM_MASTER_KEY": key,
        # It would fetch a list of prices.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
    }
    with Program(SERVER_CORE, *command, log=folder / "litellm.log", variables=variables) as program:
        wait_for(program, port, timeout_seconds=_START_SECONDS)
        yield LiteLLM(program, port, key)
