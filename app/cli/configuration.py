"""``config check``: every setting judged without a database and without a call."""

import asyncio

from app.channels.seeding import described_channel
from app.cli.failures import explained_failures, read_settings
from app.crypto import SecretBox
from app.db.embedded.binaries import find_binaries
from app.db.embedded.errors import EmbeddedPostgresError
from app.db.engine import check_url
from app.settings import SettingError, Settings
from app.wiring import destination_rules, first_models, open_http


def check() -> None:
    """Prints that the settings are usable; exits with 2 and the reason when one is not."""
    settings = read_settings()
    with explained_failures():
        asyncio.run(_judge(settings))
    missing = [f"SEEDGATE_{name.upper()}" for name in ("admin_token", "secret_key") if getattr(settings, name) is None]
    needed = f"; `serve` also needs {' and '.join(missing)}" if missing else ""
    print(f"The settings are usable{needed}.")  # noqa: T201 - the command's answer


async def _judge(settings: Settings) -> None:
    """Reads what the start of the gateway reads, in its order.

    Raises:
        SealError: ``SEEDGATE_SECRET_KEY`` is no sealing key.
        SettingError: another setting cannot be used.
    """
    if settings.secret_key is not None:
        SecretBox.from_text(settings.secret_key.get_secret_value())
    await _judge_database(settings)
    first_models(settings)
    described_channel(settings)
    async with open_http(settings, destination_rules(settings)):
        pass  # opening it reads the proxy and the certificate authorities


async def _judge_database(settings: Settings) -> None:
    """Reads the database's address, or finds the programs of the embedded server; nothing is started."""
    if settings.database_url is not None:
        try:
            await check_url(settings.database_url.get_secret_value())
        except ValueError as error:
            raise SettingError(f"SEEDGATE_DATABASE_URL: {error}") from None
    if settings.database_url is None or settings.pg_bin is not None:
        try:
            find_binaries(settings.pg_bin)
        except EmbeddedPostgresError as error:
            raise SettingError(str(error)) from None
