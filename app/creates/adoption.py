"""Outcomes of an adoption: the operator gives a tenant an upstream object that has no row."""

from enum import Enum


class Adoption(Enum):
    """Outcome of one adoption.

    ``ADOPTED``: the object is the tenant's now. ``OWN``: it was before. ``OWNED``: another tenant owns it.
    ``NOT_FOUND``: the channel does not know it. ``IN_FLIGHT``: a create that is under way may have made it.
    ``DELETED``: the tenant had it and has deleted it.
    """

    ADOPTED = "adopted"
    OWN = "own"
    OWNED = "owned"
    NOT_FOUND = "not_found"
    IN_FLIGHT = "in_flight"
    DELETED = "deleted"


class AdoptionRefusedError(Exception):
    """The object cannot be given to the tenant; the message says why, and what the operator can do."""
