"""What can go wrong with a copy."""

NOT_COPIED = "the file could not be copied in time"
"""What the tenant is told of a failure that is the operator's or passing."""


class StoreError(Exception):
    """The storage does not answer, refuses, or answers unusably; the text has no URL in it."""


class MissingObjectError(StoreError):
    """The storage has no such object."""

    def __init__(self) -> None:
        super().__init__("the store has no such object")


class SourceError(Exception):
    """The upstream's file could not be fetched; the text is for the operator and may name hosts and settings.

    Attributes:
        is_final: another attempt cannot succeed.
        shown: the reason for the tenant.
    """

    def __init__(self, reason: str, *, is_final: bool = False, shown: str = NOT_COPIED) -> None:
        super().__init__(reason)
        self.is_final = is_final
        self.shown = shown
