"""``config check``: checks all settings without a database and without a call."""

import asyncio
import os

from pydantic import ValidationError

from app.archive.configured import store_settings
from app.catalog.model_list import first_models
from app.channels.configured import channel_from_environment
from app.cli.exit_codes import MISCONFIGURED, say, stop
from app.cli.process_settings import tell_of_closed_folder
from app.core.sealing import SealError, SecretBox
from app.database_url import without_password
from app.db.engine import check_url
from app.devdb.binaries import find_binaries
from app.devdb.errors import EmbeddedPostgresError
from app.env_file import read_env_file
from app.secret_files import SecretFile, read_secret_files
from app.settings import SettingError, Settings, misspelt, problems
from app.upstream.configured import destination_rules, open_http
from app.upstream.destinations import DestinationRules


def check() -> None:
    """Prints the database and the files of secrets; exits with 2 and all errors if settings are not valid."""
    settings, errors = _read()
    if errors or settings is None:
        stop("\n".join(errors), MISCONFIGURED)
    missing = [f"SEEDGATE_{name.upper()}" for name in ("admin_token", "secret_key") if getattr(settings, name) is None]
    needed = f"; `serve` also needs {' and '.join(missing)}" if missing else ""
    for line in (f"The settings are usable{needed}.", _database_line(settings), *_file_lines(settings)):
        say(line)


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


def _read() -> tuple[Settings | None, list[str]]:
    """Returns the settings, and a line for each error in them; None for settings that cannot be read."""
    errors: list[str] = []
    try:
        errors = misspelt()
        settings, invalid = _parse(errors)
    except SettingError as error:
        return None, [*errors, str(error)]
    if settings is not None:
        tell_of_closed_folder(settings)
        errors += asyncio.run(_errors_in(settings, invalid))
    return settings, errors


def _parse(errors: list[str]) -> tuple[Settings | None, set[str]]:
    """Parses the settings; adds a line to ``errors`` for each that is invalid, and puts its default in its place.

    Returns:
        The settings, None when they do not go together, and the names of the invalid ones.
    """
    try:
        return Settings(), set()
    except ValidationError as error:
        errors += problems(error)
        invalid = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
    if not invalid:
        return None, invalid
    defaults = {name: Settings.model_fields[name].get_default(call_default_factory=True) for name in invalid}
    try:
        return Settings(**defaults), invalid
    except ValidationError:
        # A default in place of a part of a database URL, for example: no error of the operator's.
        return None, invalid


async def check_settings(settings: Settings) -> None:
    """Reads all settings as the start of the gateway does.

    Raises:
        SettingError: one is not valid; the text has a line for each error.
    """
    if errors := await _errors_in(settings, set()):
        raise SettingError("\n".join(errors))


async def _errors_in(settings: Settings, invalid: set[str]) -> list[str]:
    """Returns a line for each error in settings that could be parsed; ``invalid`` names those that could not."""
    errors: dict[str, str] = {}
    for check in (
        _check_sealing_key,
        _check_database,
        _check_models,
        _check_channel,
        _check_destinations,
        _check_archive,
        _check_http,
    ):
        try:
            await check(settings, invalid)
        except (SealError, SettingError) as error:
            # Two checks may judge one setting.
            errors.setdefault(str(error).partition(":")[0], str(error))
    return list(errors.values())


async def _check_sealing_key(settings: Settings, _invalid: set[str]) -> None:
    if settings.secret_key is not None:
        SecretBox.from_text(settings.secret_key.get_secret_value())


async def _check_models(settings: Settings, _invalid: set[str]) -> None:
    first_models(settings)


async def _check_channel(settings: Settings, _invalid: set[str]) -> None:
    channel_from_environment(settings)


async def _check_destinations(settings: Settings, _invalid: set[str]) -> None:
    destination_rules(settings)


async def _check_archive(settings: Settings, _invalid: set[str]) -> None:
    store_settings(settings)


async def _check_http(settings: Settings, _invalid: set[str]) -> None:
    async with open_http(settings, DestinationRules()):
        pass  # opening it reads the proxy and the certificate authorities


async def _check_database(settings: Settings, invalid: set[str]) -> None:
    """Checks the database URL, or finds the programs of the embedded server; starts nothing."""
    if any(name.startswith(("database_", "pg_")) for name in invalid):
        return  # a default in its place would mean another database
    if settings.database_url is not None:
        try:
            await check_url(settings.database_url.get_secret_value())
        except ValueError as error:
            raise SettingError(f"{settings.database_variable}: {error}") from None
    if settings.database_url is None or settings.pg_bin is not None:
        try:
            find_binaries(settings.pg_bin)
        except EmbeddedPostgresError as error:
            named = "" if settings.pg_bin is None else "SEEDGATE_PG_BIN: "
            raise SettingError(f"{named}{error}") from None
