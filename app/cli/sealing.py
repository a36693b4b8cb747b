"""``secrets``: what is sealed in the database, by hand."""

import asyncio

from app.admin.resealing import Resealed, reseal
from app.channels.canary import check_canary
from app.cli.database import opened_database
from app.cli.exits import MISCONFIGURED, SCHEMA_OUTDATED, stop
from app.cli.failures import explained_failures
from app.cli.process_settings import read_settings
from app.core.sealing import SecretBox
from app.db.engine import open_engine, session_factory
from app.db.schema import schema_state


def reseal_all() -> None:
    """Seals every stored secret with the first key of SEEDGATE_SECRET_KEY; the others can go afterwards."""
    settings = read_settings()
    if settings.secret_key is None:
        stop("SEEDGATE_SECRET_KEY is required: the new key, a comma, the old one", MISCONFIGURED)
    with explained_failures(), opened_database(settings) as database:
        box = SecretBox.from_text(settings.secret_key.get_secret_value())
        done = asyncio.run(_reseal(database.url, box))
    told = f"The secrets of {done.channels} channels, {done.tenants} tenants and {done.keys} keys"
    print(f"{told} are sealed with key {box.sealing_key_id}.")  # noqa: T201 - the answer


async def _reseal(url: str, box: SecretBox) -> Resealed:
    engine = open_engine(url)
    try:
        if not (await schema_state(engine)).is_current:
            stop("the database schema is outdated: run `seedgate migrate`", SCHEMA_OUTDATED)
        sessions = session_factory(engine)
        await check_canary(sessions, box)
        return await reseal(sessions, box)
    finally:
        await engine.dispose()
