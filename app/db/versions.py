"""Which versions of PostgreSQL Seedgate works on."""

OLDEST_MAJOR = 15
"""The oldest major version that the tests run on."""


class UnsupportedServerError(RuntimeError):
    """The database server is too old; the text says what it is and what is needed."""


def check_major(major: int, description: str) -> None:
    """Refuses a version that Seedgate was never tried on.

    Args:
        major: the major version.
        description: subject of the message, such as ``the database server is PostgreSQL 14.2``.

    Raises:
        UnsupportedServerError: it is too old.
    """
    if major < OLDEST_MAJOR:
        raise UnsupportedServerError(f"{description}; Seedgate needs PostgreSQL {OLDEST_MAJOR} or newer")
