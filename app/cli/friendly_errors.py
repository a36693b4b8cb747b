"""Errors of settings and database as one line instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.exit_codes import MISCONFIGURED, stop
from app.core.sealing import SealError
from app.db.engine import denied_by, is_unavailable
from app.db.schema_version import SchemaError
from app.db.versions import UnsupportedServerError
from app.devdb.errors import EmbeddedPostgresError
from app.settings import SettingError


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Ends the program with one line for each error that an operator can fix; other errors keep their traceback."""
    try:
        yield
    except (EmbeddedPostgresError, SchemaError, UnsupportedServerError) as error:
        stop(str(error))
    except (SealError, SettingError) as error:
        stop(str(error), MISCONFIGURED)
    except Exception as error:
        denied = denied_by(error)
        if denied is not None:
            stop(
                f"the database's role may not do this ({denied}): `migrate` needs seedgate_owner, everything else "
                "seedgate_gateway (docs/operating.md, `Roles of the database`)"
            )
        if not is_unavailable(error):
            raise
        stop(f"the database does not answer: {error}")
