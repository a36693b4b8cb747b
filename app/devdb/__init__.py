"""An embedded PostgreSQL: the default database of a single machine, and that of the tests.

The server's programs come from a wheel or from the system; its lifecycle is ours. See ``embedded_postgres``.
"""

from app.devdb.errors import EmbeddedPostgresError
from app.devdb.server import EmbeddedPostgres, embedded_postgres, reset, running_server

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "embedded_postgres", "reset", "running_server"]
