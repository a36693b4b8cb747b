"""The server that a URL leads to: scheme, host and port in one canonical spelling.

The HTTP client connects to the origin parsed here, and credentials are sealed for it, so both mean the same server.
"""

from functools import lru_cache
from typing import NamedTuple

import httpx

from app.addresses import canonical_host

DEFAULT_PORTS = {"http": 80, "https": 443}
"""The port of each scheme where a URL names none."""

_MAX_PORT = 65535


class Origin(NamedTuple):
    """A server: scheme, host in its canonical spelling, and port."""

    scheme: str
    host: str
    port: int

    @property
    def is_tls(self) -> bool:
        """Whether connections to it are encrypted."""
        return self.scheme == "https"

    @property
    def address(self) -> str:
        """``host:port``, with brackets around an IPv6 address."""
        return f"{self._bracketed_host}:{self.port}"

    @property
    def text(self) -> str:
        """``scheme://host``, and the port unless it is the scheme's own."""
        is_default = self.port == DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{self._bracketed_host if is_default else self.address}"

    @property
    def _bracketed_host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def parse_origin(text: str) -> Origin:
    """Returns the origin of an absolute URL.

    Raises:
        ValueError: it is no http or https URL, or contains a user name; the text says which.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise ValueError("it is not a valid URL") from None
    return origin_of(url)


def origin_of(url: httpx.URL) -> Origin:
    """Returns the origin of a parsed URL.

    Raises:
        ValueError: it is no http or https URL with a host, or contains a user name; the text says which.
    """
    if url.userinfo:
        raise ValueError("it must not hold a user name or password")
    return _to_origin(url.scheme, url.raw_host.decode("ascii"), url.port)


@lru_cache(maxsize=256)  # the few URLs that the operator configured, parsed for every call
def _to_origin(scheme: str, host: str, port: int | None) -> Origin:
    default_port = DEFAULT_PORTS.get(scheme)
    if default_port is None or not host:
        raise ValueError("it must begin with http:// or https:// and a host")
    if port is not None and not 1 <= port <= _MAX_PORT:
        raise ValueError("its port must be 1 to 65535")
    return Origin(scheme, canonical_host(host), default_port if port is None else port)
