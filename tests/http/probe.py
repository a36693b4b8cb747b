"""Measures the response time of ``/healthz`` repeatedly, in a process without other work.

``python tests/http/probe.py SOCKET PROCESS`` writes the seconds of each response on a line until its input ends. Time
in which the gateway or the probe waited for a processor is not counted.
"""

import select
import socket
import sys
import time
from pathlib import Path

_EVERY_SECONDS = 0.1
_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def ask(path: str, process: str) -> float:
    """Returns the seconds of one response, on a connection of its own."""
    started = time.monotonic() - waited_seconds(process) - waited_seconds("self")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(path)
        connection.sendall(_REQUEST)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(b'{"status":"ok"}'):
        raise SystemExit(repr(answer))
    return max(time.monotonic() - waited_seconds(process) - waited_seconds("self") - started, 0.0)


def waited_seconds(process: str) -> float:
    """Returns how long the main thread of a process has waited for a processor so far."""
    return int(Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def main() -> None:
    """Asks until the input ends."""
    while True:
        sys.stdout.write(f"{ask(sys.argv[1], sys.argv[2])}\n")
        sys.stdout.flush()
        if select.select([sys.stdin], [], [], _EVERY_SECONDS)[0]:
            return


if __name__ == "__main__":
    main()
