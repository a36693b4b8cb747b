"""nginx as the reference, and as the static upstream behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.machine import LOAD_CORE, SERVER_CORE, program
from bench.process import Program, free_port, wait_for

# About as long as the JSON of a finished task.
_ANSWER = '{"id":"cgt-20260101000000-abcde","status":"succeeded","filler":"' + "x" * 640 + '"}'
_COMMON = """
daemon off;
worker_processes 1;
pid {folder}/{name}.pid;
error_log {folder}/{name}.log error;
events {{ worker_connections 4096; }}
"""
_UPSTREAM = """
http {{
  access_log off;
  keepalive_requests 100000000;
  server {{
    listen 127.0.0.1:{port};
    default_type application/json;
    location / {{ return 200 '{answer}'; }}
  }}
}}
"""
_REFERENCE = """
http {{
  access_log off;
  keepalive_requests 100000000;
  upstream fast {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://fast; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running reference."""

    program: Program
    port: int


@contextmanager
def running_nginx(folder: Path) -> Iterator[Nginx]:
    """Runs nginx with ``proxy_pass`` on the core of the server, and its static upstream on the other."""
    upstream_port = free_port()
    upstream = _write(folder, "static", _UPSTREAM.format(port=upstream_port, answer=_ANSWER))
    with Program(LOAD_CORE, *_command(upstream), log=folder / "nginx.log") as behind:
        wait_for(behind, upstream_port)
        with running_proxy(folder, upstream_port) as nginx:
            yield nginx


@contextmanager
def running_proxy(folder: Path, upstream_port: int) -> Iterator[Nginx]:
    """Runs nginx with ``proxy_pass`` to what listens on a port, on the core of the server."""
    port = free_port()
    reference = _write(folder, "reference", _REFERENCE.format(port=port, upstream=upstream_port))
    with Program(SERVER_CORE, *_command(reference), log=folder / "nginx.log") as before:
        wait_for(before, port)
        yield Nginx(before, port)


def _write(folder: Path, name: str, server: str) -> Path:
    file = folder / f"{name}.conf"
    file.write_text(_COMMON.format(folder=folder, name=name) + server, encoding="utf-8")
    return file


def _command(configuration: Path) -> list[str]:
    return [program("nginx"), "-c", str(configuration), "-p", str(configuration.parent)]
