"""The servers from which a channel's clips may be fetched. Pure."""

from collections.abc import Iterable

from app.addresses import canonical_host
from app.upstream.origins import DEFAULT_PORTS, Origin, parse_origin

_WILDCARD = "*."
_MAX_PORT = 65535
# The clips of both clouds are in the object storage of Volcano Engine, whose hosts name the bucket and the region.
_CLOUDS = (".volces.com", ".bytepluses.com")


def check_media_host(text: str) -> str:
    """Returns an entry of ``media_hosts`` in its canonical spelling: ``host``, ``*.domain``, either with ``:port``.

    Raises:
        ValueError: it is none of them.
    """
    host, port = _split(text.removeprefix(_WILDCARD))
    is_wildcard = text.startswith(_WILDCARD)
    try:
        name = canonical_host(host)
    except ValueError:
        raise ValueError("it must be a host, or *. and a domain, with a port where it is not the scheme's") from None
    if is_wildcard and "." not in name:
        raise ValueError("a wildcard needs a domain of at least two parts")
    shown = f"[{name}]" if ":" in name else name
    return f"{_WILDCARD if is_wildcard else ''}{shown}" + ("" if port is None else f":{port}")


def may_fetch(origin: Origin, *, entries: Iterable[str], ark_base_url: str) -> bool:
    """Says whether a clip may be fetched from a server.

    Args:
        origin: the server that the upstream's link names.
        entries: the channel's ``media_hosts``; none: the upstream's own server, and for Volcano Engine and BytePlus
            their domains.
        ark_base_url: the URL of the channel's data plane.
    """
    named = list(entries)
    if named:
        return any(_matches(entry, origin) for entry in named)
    own = parse_origin(ark_base_url)
    if origin == own:
        return True
    is_cloud = own.host.endswith(_CLOUDS)
    return is_cloud and origin.is_tls and origin.port == DEFAULT_PORTS["https"] and origin.host.endswith(_CLOUDS)


def _matches(entry: str, origin: Origin) -> bool:
    host, port = _split(entry.removeprefix(_WILDCARD))
    if origin.port != (DEFAULT_PORTS[origin.scheme] if port is None else port):
        return False
    return origin.host.endswith(f".{host}") if entry.startswith(_WILDCARD) else origin.host == host


def _split(text: str) -> tuple[str, int | None]:
    """Returns host and port of an entry; an IPv6 address stands in brackets when it has a port.

    Raises:
        ValueError: the port is none.
    """
    host, separator, port = text.rpartition(":")
    if not separator or (":" in host and not host.endswith("]")) or text.endswith("]"):
        return text.strip("[]"), None
    if not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= _MAX_PORT):
        raise ValueError("its port must be 1 to 65535")
    return host.strip("[]"), int(port)
