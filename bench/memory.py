"""The memory of the worker: warm, after a time of load, and at the peak of a 10 MB create."""

import base64
import json
import os
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median

import httpx

from bench import load
from bench.benchmarks import BENCHMARKS
from bench.document import Document
from bench.site import TASKS, Site

_MB = 1e6
_LARGE_BYTES = 10_000_000
_LARGE_CREATES = 5
_SOAK_CONNECTIONS = 16
_SOAK_SECONDS = 3
# Writing this to clear_refs sets the peak of the resident memory to what is resident now.
_RESET_PEAK = "5"


def measure_resident(document: Document, site: Site) -> None:
    """Adds the resident memory of a gateway that has served all kinds of request."""
    document.rows["resident"] = [site.program.resident_bytes() / _MB]


def soak(document: Document, site: Site, *, minutes: float, folder: Path, tell: Callable[[str], None]) -> None:
    """Sends every kind of request in turn, and adds by how much the memory has grown.

    Args:
        document: gets the row, and the memory after each turn.
        site: is asked.
        minutes: of load; 0: nothing is sent, and there is no row.
        folder: for files of the load.
        tell: told of the memory.
    """
    if not minutes:
        return
    warm = site.program.resident_bytes()
    seen = []
    until = time.monotonic() + minutes * 60
    for name, benchmark in cycle(BENCHMARKS.items()):
        if time.monotonic() > until:
            break
        load.run(
            benchmark.request(site),
            port=site.port,
            connections=_SOAK_CONNECTIONS,
            seconds=_SOAK_SECONDS,
            folder=folder,
        )
        if benchmark.leaves_tasks:
            site.settle()
        seen.append(site.program.resident_bytes() / _MB)
        tell(f"soak: {name}: {seen[-1]:.1f} MB")
    last = median(seen[-len(BENCHMARKS) :])
    document.rows["soak"] = [(last * _MB / warm - 1) * 100]
    document.details["soak"] = {"minutes": minutes, "resident_mb": seen}


def measure_large(document: Document, site: Site, *, tell: Callable[[str], None]) -> None:
    """Makes creates of 10 MB, one after the other, and adds their peaks and what was written to a disk meanwhile.

    Each peak is compared with the memory before the first, so that what the process keeps counts.
    """
    body = _large_body()
    pid = site.program.pid
    before = _status_bytes(pid, "VmRSS")
    peaks, written = [], []
    with httpx.Client(headers=site.creator.headers, timeout=60) as client:
        for _ in range(_LARGE_CREATES):
            Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
            bytes_before = _written_bytes(pid)
            answer = client.post(f"http://127.0.0.1:{site.port}{TASKS}", content=body)
            if answer.is_error:
                raise RuntimeError(f"a create of 10 MB was answered {answer.status_code}: {answer.text[:500]}")
            peaks.append((_status_bytes(pid, "VmHWM") - before) / len(body))
            written.append((_written_bytes(pid) - bytes_before) / len(body))
            tell(f"10 MB create: peak {peaks[-1]:.2f} bodies above {before / _MB:.1f} MB")
    site.settle()
    document.rows |= {"large-memory": peaks, "large-disk": written}


def _large_body() -> bytes:
    image = b"\x89PNG\r\n\x1a\n" + os.urandom(_LARGE_BYTES * 3 // 4)
    url = f"data:image/png;base64,{base64.b64encode(image).decode('ascii')}"
    content = [
        {"type": "text", "text": "running"},
        {"type": "image_url", "image_url": {"url": url}, "role": "first_frame"},
    ]
    return json.dumps({"model": "doubao-seedance-2", "content": content}).encode()


def _status_bytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def _written_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))
