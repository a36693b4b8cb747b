"""``config check``: checks all settings without a database and without a call."""

import asyncio
import os

from app.channels.default_channel import channel_from_environment
from app.cli.friendly_errors import friendly_errors
from app.cli.process_settings import read_settings
from app.composition import destination_rules, first_models, open_http
from app.core.sealing import SecretBox
from app.database_url import without_password
from app.db.engine import check_url
from app.devdb.binaries import find_binaries
from app.devdb.errors import EmbeddedPostgresError
from app.env_file import read_env_file
from app.secret_files import SecretFile, read_secret_files
from app.settings import SettingError, Settings


def check() -> None:
    """Prints the database and the files of secrets; exits with 2 if a setting is not valid."""
    settings = read_settings()
    with friendly_errors():
        asyncio.run(check_settings(settings))
    missing = [f"SEEDGATE_{name.upper()}" for name in ("admin_token", "secret_key") if getattr(settings, name) is None]
    needed = f"; `serve` also needs {' and '.join(missing)}" if missing else ""
    for line in (f"The settings are usable{needed}.", _database_line(settings), *_file_lines(settings)):
        print(line)  # noqa: T201 - the command's answer


def _database_line(settings: Settings) -> str:
    if settings.database_url is None:
        return f"Database: embedded, in {settings.data_dir}"
    return f"Database: {without_password(settings.database_url.get_secret_value())} ({settings.database_variable})"


def _file_lines(settings: Settings) -> list[str]:
    """Returns a line for each file of secrets, which says whether it is used."""
    elsewhere = {name.upper() for name, value in [*read_env_file().items(), *os.environ.items()] if value}
    return [f"File: {file.path}{_unused(file, elsewhere)}" for file in read_secret_files(settings.secrets_dir)]


def _unused(file: SecretFile, elsewhere: set[str]) -> str:
    if not file.value:
        return ", empty: counts as unset"
    return ", not used: the environment or .env sets it too" if file.name in elsewhere else ""


async def check_settings(settings: Settings) -> None:
    """Reads all settings as the start of the gateway does, in the same order.

    Raises:
        SealError: ``SEEDGATE_SECRET_KEY`` is not a sealing key.
        SettingError: another setting is not valid.
    """
    if settings.secret_key is not None:
        SecretBox.from_text(settings.secret_key.get_secret_value())
    await _check_database(settings)
    first_models(settings)
    channel_from_environment(settings)
    async with open_http(settings, destination_rules(settings)):
        pass  # opening it reads the proxy and the certificate authorities


async def _check_database(settings: Settings) -> None:
    """Checks the database URL, or finds the programs of the embedded server; starts nothing."""
    if settings.database_url is not None:
        try:
            await check_url(settings.database_url.get_secret_value())
        except ValueError as error:
            raise SettingError(f"{settings.database_variable}: {error}") from None
    if settings.database_url is None or settings.pg_bin is not None:
        try:
            find_binaries(settings.pg_bin)
        except EmbeddedPostgresError as error:
            raise SettingError(str(error)) from None
