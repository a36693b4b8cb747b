"""What the sixth migration makes of the models that the version before has seeded and its operator has changed."""

import json
from typing import Any

from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, async_sessionmaker

from app.catalog.model_list import check_distinct
from app.catalog.model_spec import DEFAULT_MODELS, ModelSpec
from app.catalog.service import ModelCatalog
from app.db.engine import open_engine
from app.db.roles import OWNER
from app.db.schema import alembic_config
from tests.support.database import own_database, url_of

INSERT = text("INSERT INTO models (name, spec, position, updated_at) VALUES (:name, :spec, :position, now())")
NEW_MEMBERS = ("aliases", "regions", "generate_audio_default")
OLD_MODELS = [
    {name: value for name, value in each.to_json().items() if name not in NEW_MEMBERS} for each in DEFAULT_MODELS
]
BYTEPLUS = {"name": "dreamina-seedance-2-0-260128", "upstream_id": "dreamina-seedance-2-0-260128"}


async def migrated(connection: AsyncConnection, models: list[dict[str, Any]]) -> list[ModelSpec]:
    """Returns what the new version reads of models that the version before wrote; the way back restores them."""
    await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0005"))
    await connection.execute(text("DELETE FROM models"))
    for position, spec in enumerate(models):
        await connection.execute(INSERT, {"name": spec["name"], "spec": json.dumps(spec), "position": position})
    await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0006"))
    read = list(await ModelCatalog(async_sessionmaker(connection)).stored())
    await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0005"))
    left = await connection.scalars(text("SELECT spec FROM models ORDER BY position"))
    assert list(left) == models
    return read


async def test_seeded_models_become_those_of_a_fresh_installation_and_what_the_operator_has_changed_stays(
    database_url: str,
) -> None:
    by_name = {spec["name"]: spec for spec in OLD_MODELS}
    endpoint = by_name["doubao-seedance-2-0-260128"] | {"upstream_id": "ep-1", "duration_max": 10}
    house = {"name": "doubao-seedance-2.5", "upstream_id": "ep-2"}
    models = [house, BYTEPLUS, endpoint, by_name["doubao-seedance-2-5-260628"]]

    async with own_database(database_url) as url:
        engine = open_engine(url_of(OWNER, url), pool_size=1)
        async with engine.connect() as connection:
            seeded = await migrated(connection, OLD_MODELS)
            read = await migrated(connection, models)
        await engine.dispose()

    assert seeded == list(DEFAULT_MODELS)
    check_distinct(read)
    found = {spec.name: spec for spec in read}
    assert [spec.name for spec in read] == [spec["name"] for spec in models]
    for own in (house, BYTEPLUS):
        assert found[own["name"]] == ModelSpec.from_json(own)
    kept = found["doubao-seedance-2-0-260128"]
    assert (kept.upstream_id, kept.duration_max, kept.regions) == ("ep-1", 10, {})
    assert "doubao-seedance-2.0" in kept.aliases
    assert BYTEPLUS["name"] not in kept.aliases
    assert house["name"] not in found["doubao-seedance-2-5-260628"].aliases
    assert found["doubao-seedance-2-5-260628"].regions["eu-west-1"] == "dreamina-seedance-2-5-260628"
