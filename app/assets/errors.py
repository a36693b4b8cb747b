"""Errors of the Assets actions. An object of another tenant gets the same 404 as one that never existed."""

from app.assets.models import AssetGroupRow
from app.db.base import Base
from app.errors import ConflictError, NotFoundError, SeedgateError, ServiceUnavailableError


def unknown_group(group_id: str, *, param: str = "Id") -> NotFoundError:
    """Returns the 404 for a group id, worded as the upstream words it."""
    return NotFoundError(f"The specified asset_group {group_id} is not found.", field="group_id", param=param)


def unknown_asset(asset_id: str) -> NotFoundError:
    """Returns the 404 for an asset id, worded as the upstream words it."""
    return NotFoundError(f"The specified asset {asset_id} is not found.", field="asset_id", param="Id")


def unknown_object(table: type[Base], object_id: str) -> NotFoundError:
    """Returns the 404 for the id of a group or an asset."""
    return unknown_group(object_id) if table is AssetGroupRow else unknown_asset(object_id)


def unknown_token() -> NotFoundError:
    """Returns the 404 for a face verification token: unknown, expired, or not finished yet. The token is not shown."""
    return NotFoundError(
        "The specified BytedToken is not found, has expired, or its verification is not finished yet.",
        field="BytedToken",
        param="BytedToken",
    )


def outcome_unknown(action: str, *, is_keyed: bool) -> ConflictError:
    """Returns the 409 for a create that the upstream may or may not have carried out.

    Args:
        action: the create.
        is_keyed: it has an ``Idempotency-Key``, so that sending it again is safe.
    """
    text = f"The upstream did not answer {action} clearly, so the object may or may not have been created. "
    if is_keyed:
        text += (
            "Sending it again with the same Idempotency-Key never creates a second one: do so later to be given the "
            "object if it is found, or look at the list and use another key."
        )
    else:
        text += "Sending the request again may create a second one."
    return ConflictError("OutcomeUnknown", text)


def server_stopping(action: str, *, is_keyed: bool) -> SeedgateError:
    """Returns the error for a create that is under way when the server stops.

    With an ``Idempotency-Key`` a later request finds the outcome, so the error is 503 with ``Retry-After``. Without a
    key it is ``outcome_unknown``, since 503 would say that nothing was made.
    """
    if not is_keyed:
        return outcome_unknown(action, is_keyed=False)
    return ServiceUnavailableError(
        "The server is stopping. Please send the request again with the same Idempotency-Key."
    )
