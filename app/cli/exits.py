"""How a command ends when it cannot do its work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from app.crypto import SealError
from app.db.embedded.errors import EmbeddedPostgresError
from app.db.engine import denied_by, is_unavailable
from app.db.schema import SchemaError
from app.observability.escaping import escape
from app.settings import SettingError, Settings

MISCONFIGURED = 2
SCHEMA_OUTDATED = 3
FAILED = 1


def stop(message: str, code: int = FAILED) -> None:
    """Ends the program with a message on standard error, in which nothing controls a terminal."""
    sys.stderr.write("seedgate: " + escape(message, keep="\n") + "\n")
    raise SystemExit(code)


def read_settings() -> Settings:
    """Reads the settings; ends the program with the reason when they are wrong."""
    try:
        return Settings()
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}".removeprefix(": ")
            for item in error.errors()
        )
        stop(f"the settings are not usable: {reasons}", MISCONFIGURED)
        raise


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turns the failures that an operator can mend into one line instead of a traceback."""
    try:
        yield
    except (EmbeddedPostgresError, SchemaError) as error:
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
