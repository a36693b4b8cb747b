"""The examples fit the gateway: their limits are its own, and docs/proxies.md describes them as they are."""

import re
from pathlib import Path

import pytest

from app.main import server_config
from app.settings import Settings
from tests.proxies.running import KINDS, Kind, example

_PAGE = Path(__file__).resolve().parents[2] / "docs/proxies.md"
_BESIDE_A_CREATE_SECONDS = 60
"""More than resolving, connecting, waiting for the account's budget and writing the outcome take."""
_PATIENCE = {"nginx": r"proxy_read_timeout (\d+)s;", "caddy": r"response_header_timeout (\d+)s\n"}
_IDLE = {"nginx": r"keepalive_timeout (\d+)s;", "caddy": r"keepalive (\d+)s\n"}
_BODY = {"nginx": r"client_max_body_size (\d+)m;", "caddy": r"max_size (\d+)MiB\n"}


def value(kind: Kind, patterns: dict[str, str]) -> int:
    """Returns the one number that a directive has in a file."""
    (found,) = re.findall(patterns[kind], example(kind))
    return int(found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_body_is_the_gateways(kind: Kind) -> None:
    limit = Settings(_env_file=None).max_body_bytes
    assert value(kind, _BODY) * 1024 * 1024 == limit
    assert f"larger than {limit} bytes" in example(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_proxy_waits_longer_than_the_gateway_takes(kind: Kind) -> None:
    longest = Settings(_env_file=None).create_read_timeout_seconds + _BESIDE_A_CREATE_SECONDS
    assert value(kind, _PATIENCE) > longest


@pytest.mark.parametrize("kind", KINDS)
def test_the_proxy_lets_go_of_an_idle_connection_before_the_gateway_does(kind: Kind) -> None:
    assert value(kind, _IDLE) < server_config("unused").timeout_keep_alive


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_tells_of_the_file_what_it_says(kind: Kind) -> None:
    page = _PAGE.read_text(encoding="utf-8")
    section = page.partition("## Behind a proxy\n")[2].partition("\n## ")[0]
    name = {"nginx": "nginx.conf", "caddy": "Caddyfile"}[kind]
    assert f"../examples/proxies/{name}" in section
    assert f"{value(kind, _PATIENCE)} s" in section
    assert f"{value(kind, _IDLE)} s" in section
    assert f"{value(kind, _BODY)} MiB" in section
    quoted = re.findall(rf"`([a-z_]+)` \({kind}\)", section)
    assert quoted
    assert all(directive in example(kind) for directive in quoted)
