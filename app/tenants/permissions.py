"""What the operator can take away from a key or a tenant."""

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    """One permission. A key has those that its tenant and the key itself have."""

    TASKS = "tasks"
    ASSETS = "assets"
    READ = "read"
    PRIORITY = "priority"
    RESOLUTION_4K = "4k"
    FLEX = "flex"
    LONG_EXPIRY = "long_expiry"


ALL_PERMISSIONS = frozenset(Permission)

MEANINGS = {
    Permission.TASKS: "to create and delete video tasks",
    Permission.ASSETS: "to create, change and delete groups and assets",
    Permission.READ: "to read tasks, groups, assets and usage",
    Permission.PRIORITY: "to use `priority`",
    Permission.RESOLUTION_4K: "to create videos in 4k",
    Permission.FLEX: "to use the service tier `flex`",
    Permission.LONG_EXPIRY: "to use an `execution_expires_after` above the default",
}
"""What each permission is for, as the end of a sentence."""


def effective_permissions(*stored: Iterable[str] | None) -> frozenset[Permission]:
    """Returns the permissions that are in each of these lists; None is a list of all."""
    lists = [frozenset(map(Permission, names)) for names in stored if names is not None]
    return ALL_PERMISSIONS.intersection(*lists)


def shown_permissions(stored: Iterable[str] | None) -> list[str]:
    """Returns a stored list in the order of the documentation; None is a list of all."""
    allowed = effective_permissions(stored)
    return [permission.value for permission in Permission if permission in allowed]
