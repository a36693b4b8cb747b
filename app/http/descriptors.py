"""How many files and sockets the process may have open, and how many of them client connections may be."""

import resource

_MOST_CONNECTIONS = 16_384
_LEAST_CONNECTIONS = 64


def raise_descriptor_limit() -> None:
    """Raises the limit of open descriptors to what the system allows; child processes inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def default_max_connections() -> int:
    """Returns half of the limit of open descriptors, but at most 16,384.

    The other half is for the database, the upstream and tenants' endpoints. An idle connection takes about 10 KB.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(_LEAST_CONNECTIONS, min(soft // 2, _MOST_CONNECTIONS))
