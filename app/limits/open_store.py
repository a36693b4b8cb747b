"""Opens the store of limits, whose client is imported only where one is configured: it takes 6 MB of each process."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.limits.redis_store import RedisStore


def open_store(url: str) -> "RedisStore":
    """Returns the store at a URL such as ``redis://:password@host:6379/0``; it connects when it is first asked."""
    store: RedisStore = import_module("app.limits.redis_store").RedisStore(url)
    return store
