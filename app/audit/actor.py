"""Who makes a change."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The author of a change, as the audit log names it.

    Attributes:
        name: ``admin`` for the bootstrap token, or the name of a command.
        address: where the request came from; None for a command.
    """

    name: str
    address: str | None
