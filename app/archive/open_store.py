"""Opens the archive's storage, whose library is imported only where one is configured: it takes memory."""

from importlib import import_module
from typing import TYPE_CHECKING

from app.archive.store_settings import StoreSettings

if TYPE_CHECKING:
    from app.archive.store import ArchiveStore


def open_store(settings: StoreSettings) -> "ArchiveStore":
    """Returns the storage; nothing is sent to it before it is used."""
    store: ArchiveStore = import_module("app.archive.store").ArchiveStore(settings)
    return store
