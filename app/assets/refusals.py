"""What a tenant is told about an object that is not its own: exactly what it is told about one that never was."""

from app.errors import NotFoundError


def unknown_group(group_id: str, *, param: str = "Id") -> NotFoundError:
    """Returns the 404 for a group id, worded as the upstream words it."""
    return NotFoundError(f"The specified asset_group {group_id} is not found.", field="group_id", param=param)


def unknown_asset(asset_id: str) -> NotFoundError:
    """Returns the 404 for an asset id, worded as the upstream words it."""
    return NotFoundError(f"The specified asset {asset_id} is not found.", field="asset_id", param="Id")


def unknown_token() -> NotFoundError:
    """Returns the 404 for a face verification token: unknown, expired, or not finished yet. It never names it."""
    return NotFoundError(
        "The specified BytedToken is not found, has expired, or its verification is not finished yet.",
        field="BytedToken",
        param="BytedToken",
    )
