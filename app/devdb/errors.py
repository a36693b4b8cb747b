"""The one error that the embedded server raises."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_REMEDY = "choose another folder with SEEDGATE_DATA_DIR, or use your own database with SEEDGATE_DATABASE_URL."


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be found, made, started or removed; the text says how to mend it.

    Attributes:
        what: what happened, without a full stop.
        remedy: what to do about it, to which a caller can add an alternative.
    """

    def __init__(self, what: str, remedy: str = "Mend that") -> None:
        self.what, self.remedy = what, remedy
        super().__init__(f"{what}. {remedy}, {_REMEDY}")


@contextmanager
def explained(what: str, data_dir: Path) -> Iterator[None]:
    """Turns a failure of the operating system into an ``EmbeddedPostgresError``."""
    try:
        yield
    except OSError as error:
        text = f"Could not {what} the database in {data_dir}: {error}"
        raise EmbeddedPostgresError(text, "Check the folder's permissions and the free space") from error
