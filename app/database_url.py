"""Building the URL of a database from its parts, and masking its password."""

import re
from ipaddress import IPv6Address
from urllib.parse import quote

DEFAULT_PORT = 5432
_HOST = re.compile(r"[a-z0-9_.-]+", re.ASCII | re.IGNORECASE)
_PASSWORD_PARAMETER = re.compile(r"(?<=[?&])((?:ssl)?password=)[^&]*", re.IGNORECASE)
_MASK = "***"


def check_host(host: str) -> str:
    """Returns a server's host, an IPv6 address without its brackets.

    Raises:
        ValueError: it is neither a host name, an address nor the absolute path of a socket's folder.
    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if host.startswith("/") or _HOST.fullmatch(host) or _is_ipv6(bare):
        return bare
    raise ValueError(
        "it must be a host name, an IP address or the absolute path of a socket's folder; a port goes to "
        "SEEDGATE_DATABASE_PORT, a whole URL to SEEDGATE_DATABASE_URL"
    )


def join_url(*, host: str, port: int, user: str, password: str | None, name: str) -> str:
    """Returns the ``postgresql://`` URL of a database; user, password and name may contain any character.

    Args:
        host: from ``check_host``.
        port: the port of the server, also of one on a socket.
        user: the role.
        password: the password of the role; None leaves it to ``PGPASSWORD`` or the password file, as libpq does.
        name: the name of the database.
    """
    credentials = quote(user, safe="") + (f":{quote(password, safe='')}" if password is not None else "")
    if host.startswith("/"):
        return f"postgresql://{credentials}@/{quote(name, safe='')}?host={quote(host, safe='')}&port={port}"
    address = f"[{host}]" if ":" in host else host
    return f"postgresql://{credentials}@{address}:{port}/{quote(name, safe='')}"


def without_password(url: str) -> str:
    """Returns a readable database URL with its passwords masked."""
    # The parameter first: it may contain an @, up to the last of which the other password is searched.
    scheme, _, rest = _PASSWORD_PARAMETER.sub(rf"\1{_MASK}", url).partition("://")
    credentials, at, address = rest.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}://{user}{colon and ':' + _MASK}{at}{address}"


def _is_ipv6(text: str) -> bool:
    try:
        address = IPv6Address(text)
    except ValueError:
        return False
    return address.scope_id is None
