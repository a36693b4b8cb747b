"""The gateway as a program that can be killed at a chosen await, and run with a wrong clock.

The product does not know this program. Starting Python and importing the gateway takes longer than any of the tests, so
it happens once: this program waits, and each process is a fork of it. It reads orders from its standard input, a JSON
object a line (see ``tests.chaos.launcher``), and reports the start and the end of each process on its standard output.
When its input ends, it kills the processes that still run.
"""

import asyncio
import gc
import json
import os
import selectors
import signal
import socket
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy.orm import configure_mappers

from app.db.base import utc_now
from app.db.schema_version import head_revision
from app.main import create_app, server_config
from app.observability.logging import configure_logging
from app.sandbox.server import run_sandbox
from app.settings import Settings
from tests.chaos.fragility import arm, watch_tasks

HOST = "127.0.0.1"


class _CountingServer(uvicorn.Server):
    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        watch_tasks(asyncio.get_running_loop())
        await super().serve(sockets)


def main() -> None:
    """Forks processes as ordered until there are no more orders."""
    _warm_up()
    children: set[int] = set()
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker.fileno())
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    unread = b""
    while True:
        for key, _ in selector.select():
            if key.fileobj is woken:
                woken.recv(1024)
                _report_ended(children)
                continue
            read = os.read(sys.stdin.fileno(), 65536)
            if not read:
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                return
            *orders, unread = (unread + read).split(b"\n")
            for order in orders:
                children.add(_start(json.loads(order)))


def _warm_up() -> None:
    """Does once what every gateway does before it is ready."""
    configure_mappers()
    head_revision()
    create_app(Settings(_env_file=None))
    # No real server is called: the system's certificates need not be read again and again.
    os.environ["SSL_CERT_FILE"] = os.devnull
    gc.collect()
    gc.freeze()


def _start(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = 1
        try:
            _run(order)
            code = 0
        finally:
            os._exit(code)
    _report(born=order["name"], pid=pid)
    return pid


def _report_ended(children: set[int]) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            _report(ended=pid, code=os.waitstatus_to_exitcode(status))


def _report(**news: Any) -> None:
    sys.stdout.write(json.dumps(news) + "\n")
    sys.stdout.flush()


def _run(order: dict[str, Any]) -> None:
    """Runs the ordered program in a child process."""
    with Path(order["log"]).open("ab", buffering=0) as log, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.update(order["environment"])
    if order["program"] == "sandbox":
        run_sandbox(host=HOST, port=order["port"], time_scale=order["time_scale"])
        return
    if order["fault"] is not None:
        arm(order["fault"]["point"], at=order["fault"]["at"])
    shift = timedelta(seconds=order["clock_shift_seconds"])

    def clock() -> datetime:
        return utc_now() + shift

    # As ``serve`` does: the server raises the signal again when it has shut down.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    settings = Settings(_env_file=None)
    configure_logging(level=settings.log_level, style="json")
    config = server_config(create_app(settings, clock=clock), host=HOST, port=order["port"])
    _CountingServer(config).run()


if __name__ == "__main__":
    main()
