"""What can become of the operator's wish to give a tenant an upstream object that no row owns."""

from enum import Enum


class Adoption(Enum):
    """How it ended.

    ``ADOPTED``: it is the tenant's now. ``OWN``: it was before. ``OWNED``: another tenant owns it. ``NOT_FOUND``: the
    channel does not know it. ``IN_FLIGHT``: a create that is under way may have made it. ``DELETED``: it was the
    tenant's, who has deleted it.
    """

    ADOPTED = "adopted"
    OWN = "own"
    OWNED = "owned"
    NOT_FOUND = "not_found"
    IN_FLIGHT = "in_flight"
    DELETED = "deleted"
