"""An embedded PostgreSQL: the default database of a single machine, and that of the tests.

The server's programs come from a wheel or from the system; its lifecycle is ours. See ``EmbeddedPostgres``.
"""

from app.devdb.errors import EmbeddedPostgresError
from app.devdb.server import EmbeddedPostgres, reset, running_server, url_at

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "reset", "running_server", "url_at"]
