"""What a tenant is told about an object that is not its own: exactly what it is told about one that never was.

And what it is told when nobody knows whether its object exists.
"""

from app.errors import ConflictError, NotFoundError


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


def outcome_unknown(action: str) -> ConflictError:
    """Returns the 409 for a create that the upstream may or may not have carried out."""
    return ConflictError(
        "OutcomeUnknown",
        f"The upstream did not answer {action} clearly, so the object may or may not have been created. "
        "Sending the request again may create a second one.",
    )
