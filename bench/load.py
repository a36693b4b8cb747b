"""Load by wrk: one request, many times, over connections that stay open."""

import json
import re
import secrets
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import LOAD_CORE, pinned, program

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}
_LATENCY = re.compile(r"^\s+(50|99)%\s+([0-9.]+)(us|ms|s|m)\s*$", re.MULTILINE)
_TOTAL = re.compile(r"^\s+([0-9]+) requests in", re.MULTILINE)
_RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)$", re.MULTILINE)
_ERRORS = re.compile(r"Non-2xx or 3xx responses: ([0-9]+)")
_LOST = re.compile(r"Socket errors: (.*)")
_SCRIPT = """
wrk.method = {method}
wrk.body = {body}
for name, value in pairs({headers}) do wrk.headers[name] = value end
local paths, keys = {paths}, {keys}
local number = os.time() % 100000 * 10000000
function request()
  number = number + 1
  local path = paths[number % #paths + 1]
  if #keys > 0 then wrk.headers["Authorization"] = "Bearer " .. keys[number % #keys + 1] end
  local body = wrk.body and string.gsub(wrk.body, "%%d", string.format("%.0f", number))
  return wrk.format(nil, path, nil, body)
end
"""


@dataclass(frozen=True)
class Request:
    """What is sent; several paths, and several keys, are used in turn.

    In the body, ``%d`` is replaced by a number that no other request has, and ``%r`` by a text that no other run has.
    """

    paths: tuple[str, ...]
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answered:
    """What wrk has seen in one round."""

    requests: int
    errors: int
    requests_per_second: float
    p50_milliseconds: float
    p99_milliseconds: float


def run(request: Request, *, port: int, connections: int, seconds: float, folder: Path) -> Answered:
    """Sends a request again and again for some seconds.

    Raises:
        RuntimeError: wrk failed or connections were lost.
    """
    script = folder / "request.lua"
    script.write_text(_to_script(request), encoding="utf-8")
    options = [
        "--timeout",
        "60s",
        "--threads",
        "1",
        "--connections",
        str(connections),
        "--duration",
        f"{seconds:.0f}s",
        "--latency",
    ]
    command = pinned(LOAD_CORE, program("wrk"), *options, "--script", str(script), f"http://127.0.0.1:{port}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"wrk failed: {done.stdout}{done.stderr}")
    return to_answered(done.stdout)


def to_answered(output: str) -> Answered:
    """Reads what wrk has printed.

    Raises:
        RuntimeError: connections were lost, or it is not wrk's output.
    """
    found, rate = _TOTAL.search(output), _RATE.search(output)
    latency = {percent: float(value) * _UNITS[unit] for percent, value, unit in _LATENCY.findall(output)}
    if found is None or rate is None or latency.keys() != {"50", "99"} or _LOST.search(output):
        raise RuntimeError(f"wrk failed: {output}")
    errors = _ERRORS.search(output)
    return Answered(
        requests=int(found[1]),
        errors=int(errors[1]) if errors else 0,
        requests_per_second=float(rate[1]),
        p50_milliseconds=latency["50"],
        p99_milliseconds=latency["99"],
    )


def _to_script(request: Request) -> str:
    values = {
        "method": json.dumps(request.method),
        "body": "nil" if request.body is None else f"[==[{request.body.replace('%r', secrets.token_hex(8))}]==]",
        "headers": _to_table(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in request.headers.items()),
        "paths": _to_table(json.dumps(path) for path in request.paths),
        "keys": _to_table(json.dumps(key) for key in request.keys),
    }
    script = _SCRIPT
    for name, value in values.items():
        script = script.replace("{" + name + "}", value)
    return script


def _to_table(items: Iterable[str]) -> str:
    return "{" + ", ".join(items) + "}"
