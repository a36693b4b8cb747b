"""Runs a proxy with the example file that an operator copies."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.sdk.builds import BUILDS
from tests.support.toolchains import BUILT, build, require

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/proxies"
Kind = Literal["nginx", "caddy", "go"]
KINDS: tuple[Kind, ...] = ("nginx", "caddy")
"""The proxies that the examples configure."""
ALL_KINDS: tuple[Kind, ...] = (*KINDS, "go")
"""Also the plain reverse proxy of Go's standard library, without configuration."""
_PACKAGES = {"nginx": "apt-get install nginx-light", "caddy": "apt-get install caddy"}
_START_SECONDS = 20.0
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Proxy:
    """A running proxy.

    Attributes:
        kind: the kind of the program.
        port: on all addresses of this machine.
        folder: the folder of its configuration and its logs.
    """

    kind: Kind
    port: int
    folder: Path

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def logged(self) -> str:
        """Returns its whole log."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.log")))


@asynccontextmanager
async def running(
    kind: Kind, folder: Path, upstream: str, *, read_timeout: str = "600s", second: str = ""
) -> AsyncIterator[Proxy]:
    """Runs a proxy.

    Args:
        kind: the kind of the program.
        folder: an empty one, for its files.
        upstream: the gateway's ``host:port``, or the path of its socket.
        read_timeout: for the gateway's answer, such as ``600s``.
        second: ``host:port`` of another gateway, used when the first one refuses connections.
    """
    if kind == "go":
        require(BUILDS["go-proxy"].programs)
        await asyncio.to_thread(build, BUILDS["go-proxy"])
    else:
        require({kind: _PACKAGES[kind]})
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    proxy = Proxy(kind, port, folder)
    if kind == "go":
        command = [str(BUILT / "go-proxy/seedgate-plain-proxy"), f"127.0.0.1:{port}", f"http://{upstream}"]
    else:
        command = await asyncio.to_thread(_prepare, proxy, _upstreams(kind, upstream, second), read_timeout)
    with (folder / "output.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env={**os.environ, **_homes(folder)}, stdout=output, stderr=output
        )
    try:
        await _until_listening(proxy, process)
        yield proxy
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def substituted(proxy: Proxy, upstreams: str, read_timeout: str) -> str:
    """Returns the example with other addresses, paths, account, log settings and read timeout."""
    folder = proxy.folder
    changes = {
        "nginx": {
            "user www-data;\n": f"user {'root' if os.geteuid() == 0 else 'www-data'};\n",
            "pid /run/nginx.pid;": f"pid {folder}/pid;",
            "error_log /var/log/nginx/error.log": f"error_log {folder}/error.log",
            "access_log /var/log/nginx/access.log": f"access_log {folder}/access.log",
            "http {\n": "http {\n" + "".join(f"{name}_temp_path {folder}/{name};\n" for name in _TEMPORARY),
            "listen 80;": f"listen 127.0.0.1:{proxy.port};",
            "server 127.0.0.1:8080;": upstreams,
            "proxy_read_timeout 600s;": f"proxy_read_timeout {read_timeout};",
        },
        "caddy": {
            "admin localhost:2019": "admin off\n\tdebug",
            "\nseedgate.example.com {": f"\nhttp://:{proxy.port} {{\n\tbind 127.0.0.1",
            "reverse_proxy 127.0.0.1:8080 {": upstreams,
            "response_header_timeout 600s": f"response_header_timeout {read_timeout}",
        },
    }
    text = example(proxy.kind)
    for old, new in changes[proxy.kind].items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def example(kind: Kind) -> str:
    """Returns the example file."""
    return (EXAMPLES / {"nginx": "nginx.conf", "caddy": "Caddyfile"}[kind]).read_text(encoding="utf-8")


def _upstreams(kind: Kind, first: str, second: str) -> str:
    """Returns the lines that lead to one gateway or two, as the comments of the examples say."""
    is_socket = first.startswith("/")
    if kind == "nginx":
        return f"server {'unix:' if is_socket else ''}{first};" + (f" server {second} backup;" if second else "")
    lines = f"reverse_proxy {'unix/' if is_socket else ''}{first} {second} {{"
    return lines + ("\nlb_policy first\nlb_try_duration 5s\nfail_duration 10s\n" if second else "")


def _prepare(proxy: Proxy, upstreams: str, read_timeout: str) -> list[str]:
    configuration = proxy.folder / "configuration"
    configuration.write_text(substituted(proxy, upstreams, read_timeout), encoding="utf-8")
    program = shutil.which(proxy.kind)
    assert program is not None
    if proxy.kind == "nginx":
        early = proxy.folder / "early.log"
        return [program, "-p", str(proxy.folder), "-e", str(early), "-c", str(configuration), "-g", "daemon off;"]
    return [program, "run", "--adapter", "caddyfile", "--config", str(configuration)]


def _homes(folder: Path) -> dict[str, str]:
    """Returns the variables that name Caddy's folders."""
    return {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}


async def _until_listening(proxy: Proxy, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            assert process.returncode is None, proxy.logged()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
