"""The one error that the embedded server raises."""


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be found, made, started or removed; the text says how to mend it."""
