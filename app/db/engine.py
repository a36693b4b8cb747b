"""Connections to PostgreSQL, and telling a database that is away from one that says no."""

from collections.abc import Mapping
from typing import Any

import asyncpg
from sqlalchemy import event, exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.db.versions import UnsupportedServerError, check_major

CONNECT_TIMEOUT_SECONDS = 5.0
COMMAND_TIMEOUT_SECONDS = 30.0
# How long a request waits for one of the pool's connections to become free.
_POOL_TIMEOUT_SECONDS = 5.0

_KEPT_STATEMENTS = 100  # the driver's own number

_APPLICATION_NAME = "seedgate"
_SCHEMES = ("postgresql+asyncpg://", "postgresql://", "postgres://")

# Classes and codes of PostgreSQL's errors that speak of the server's state, not of the statement: connection
# exceptions, operator intervention (shutdown, recovery), too many connections; and a transaction that was rolled back
# because of others that ran beside it (deadlock, serialization), which may be tried again as it was.
_AWAY_CLASSES = ("08", "57P")
_AWAY_CODES = {"53300", "40P01", "40001"}

# The driver's own sentence repeats what it took for a port: a part of the password.
_UNREADABLE_URL = "the database URL cannot be read; percent-encode what is special in its password, such as @ # / ? ["

DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises on a connection of its own when the server refuses or is away."""


class DatabaseUnavailableError(RuntimeError):
    """No connection could be made, or the server did not answer in time; the cause says why."""


def open_engine(
    url: str,
    *,
    pool_size: int = 10,
    command_timeout_seconds: float | None = COMMAND_TIMEOUT_SECONDS,
) -> AsyncEngine:
    """Makes the engine of a process; it connects at the first use, and ``dispose`` closes it.

    Args:
        url: ``postgresql://``, ``postgres://`` or ``postgresql+asyncpg://``. The driver itself reads it, so libpq's
            parameters work: ``?sslmode=verify-full&sslrootcert=…``, ``?host=/socket/folder``, several hosts.
        pool_size: connections at most; who finds none free for 5 seconds gets ``sqlalchemy.exc.TimeoutError``.
        command_timeout_seconds: limit of one statement; None for migrations, which may take long.

    Returns:
        An engine whose connections are in UTC and are named ``seedgate`` in ``pg_stat_activity``. Its ``url`` holds
        no address, so that no password can be logged.

    Raises:
        ValueError: the URL has another scheme.
    """
    dsn = to_dsn(url)

    async def connect_once() -> Any:
        connection = await connect(dsn, command_timeout_seconds=command_timeout_seconds)
        if command_timeout_seconds is not None:
            await _limit_idle_transactions(connection, command_timeout_seconds)
        return connection

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect_once,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_SECONDS,
        # Errors are logged, and values are bodies, addresses and hashes.
        hide_parameters=True,
        # It would cost each request one statement more; _check_open costs none.
        pool_pre_ping=False,
    )
    event.listen(engine.sync_engine, "handle_error", _name_driver_error)
    event.listen(engine.sync_engine, "checkout", _check_open)
    return engine


async def connect(
    dsn: str,
    *,
    command_timeout_seconds: float | None = COMMAND_TIMEOUT_SECONDS,
    server_settings: Mapping[str, str] | None = None,
    statement_cache_size: int = _KEPT_STATEMENTS,
) -> Any:
    """Opens one connection of the driver's own (``asyncpg.Connection``), in UTC and named ``seedgate``.

    Args:
        dsn: from ``to_dsn``.
        command_timeout_seconds: limit of one statement, or None.
        server_settings: more parameters of the session.
        statement_cache_size: how many statements stay prepared in the session under a name; 0 leaves none there.

    Raises:
        DatabaseUnavailableError: the server is unreachable or refuses the connection.
        UnsupportedServerError: it is older than Seedgate needs.
    """
    names = {"timezone": "UTC", "application_name": _APPLICATION_NAME}
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=command_timeout_seconds,
            server_settings={**names, **(server_settings or {})},
            statement_cache_size=statement_cache_size,
        )
    except (OSError, *DRIVER_ERRORS) as error:
        raise DatabaseUnavailableError(f"no connection: {type(error).__name__}: {error}") from error
    except ValueError:
        raise DatabaseUnavailableError(_UNREADABLE_URL) from None
    try:
        _check_version(connection)
    except UnsupportedServerError:
        connection.terminate()
        raise
    return connection


async def _limit_idle_transactions(connection: Any, seconds: float) -> None:
    """Lets the server end a transaction of a process that is frozen, whose locks others wait for.

    By a statement: poolers refuse it as a parameter of the connection.
    """
    try:
        await connection.execute(f"SET idle_in_transaction_session_timeout = {int(seconds * 1000)}")
    except BaseException as error:
        connection.terminate()
        if isinstance(error, (OSError, *DRIVER_ERRORS)):
            raise DatabaseUnavailableError(f"no session: {type(error).__name__}: {error}") from error
        raise


def _check_version(connection: Any) -> None:
    # Told by the server when the connection was made: no statement is sent.
    version = connection.get_settings().server_version
    check_major(connection.get_server_version().major, f"the database server is PostgreSQL {version}")


async def check_url(url: str) -> None:
    """Lets the driver read a database URL, and the certificates that it names, without connecting.

    Raises:
        ValueError: it cannot be used; the text shows nothing of a password.
    """
    try:
        # The driver asks for a password once it has read everything, before it opens the first connection.
        await asyncpg.connect(to_dsn(url), password=_stop_before_connecting)
    except _UrlWasReadError:
        return
    except (asyncpg.InterfaceError, OSError) as error:
        raise ValueError(str(error)) from None
    except ValueError:
        raise ValueError(_UNREADABLE_URL) from None


class _UrlWasReadError(Exception):
    """The driver has read a URL."""


def _stop_before_connecting() -> str:
    raise _UrlWasReadError


def to_dsn(url: str) -> str:
    """Returns a database URL as the driver takes it, whichever of the three schemes it has.

    Raises:
        ValueError: it has another scheme.
    """
    for scheme in _SCHEMES:
        if url.startswith(scheme):
            return "postgresql://" + url.removeprefix(scheme)
    raise ValueError("the database URL must begin with postgresql://")


def session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Returns what makes sessions: ``async with sessions.begin() as session`` is one transaction.

    Rows stay readable after the commit, because they are used while no connection is held.
    """
    return async_sessionmaker(engine, expire_on_commit=False)


def is_unavailable(error: BaseException) -> bool:
    """Says whether an error means that the database is away, overloaded or busy, so that a client may try again (503).

    It says nothing about whether a transaction that was being committed took effect.
    """
    if isinstance(error, DatabaseUnavailableError | exc.TimeoutError):
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    return error.connection_invalidated or _is_of_server(error.orig)


def is_away(error: BaseException) -> bool:
    """Says the same of an error of the driver's own (``DRIVER_ERRORS``).

    Those without a code are about the connection, unless they are about a value.
    """
    if isinstance(error, asyncpg.PostgresError):
        return _is_of_server(error)
    return not isinstance(error, ValueError)


def _is_of_server(error: BaseException | None) -> bool:
    code = str(getattr(error, "sqlstate", None) or "")
    return code.startswith(_AWAY_CLASSES) or code in _AWAY_CODES


def denied_by(error: BaseException) -> str | None:
    """Returns PostgreSQL's own words when an error means that the role may not do what it tried, else None."""
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    if original is None or getattr(original, "sqlstate", None) != asyncpg.InsufficientPrivilegeError.sqlstate:
        return None
    return str(original.__cause__ or original)


def _check_open(connection: DBAPIConnection, _record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Lets the pool replace a connection that the server ended while it was idle, as a restart does.

    The driver knows that from the socket. A server that disappears without a word is found by the next statement only.
    """
    if connection.driver_connection.is_closed():
        raise exc.DisconnectionError


def _name_driver_error(context: ExceptionContext) -> None:
    """Says of errors of the driver where they came from, where they do not say so themselves."""
    error = context.original_exception
    if isinstance(error, TimeoutError):
        raise DatabaseUnavailableError("a statement took too long") from error
    # The server's last message has been read, and the end of the connection has not.
    if isinstance(error.__cause__, asyncpg.InternalClientError):
        context.is_disconnect = True
