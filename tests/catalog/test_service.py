"""The models table and what a process remembers of it."""

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.audit.log import Actor
from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_spec import ModelSpec
from app.catalog.models import ModelRow
from app.catalog.service import ModelCatalog, seed_models
from app.db.engine import open_engine, session_factory
from app.errors import ServiceUnavailableError
from tests.support.admin_app import QueryCount
from tests.support.clock import ManualSeconds
from tests.support.starting_line import start_together

Sessions = async_sessionmaker[AsyncSession]
ACTOR = Actor("test", None)


def model(name: str) -> ModelSpec:
    return ModelSpec(name=name, upstream_id="ep-1")


@pytest_asyncio.fixture
async def sessions(engine: AsyncEngine, clean_database: None) -> Sessions:
    """Sessions on an empty database."""
    return session_factory(engine)


async def test_an_empty_table_is_filled_and_a_filled_one_left_alone(sessions: Sessions) -> None:
    catalog = ModelCatalog(sessions)
    await seed_models(sessions, DEFAULT_MODELS)
    assert (await catalog.index()).models == DEFAULT_MODELS

    await seed_models(sessions, [model("other")])

    assert await catalog.stored() == DEFAULT_MODELS


async def test_a_row_holds_a_default_of_generate_audio_only_where_reading_adds_another_one(sessions: Sessions) -> None:
    own = [
        ModelSpec(name="loud", upstream_id="ep-1", generate_audio_default=True),
        ModelSpec(name="quiet", upstream_id="ep-1", generate_audio_default=False),
        ModelSpec(name="doubao-seedance-2-fast", upstream_id="ep-1"),
    ]
    models = [each for each in DEFAULT_MODELS if each.name != "doubao-seedance-2-fast"] + own
    catalog = ModelCatalog(sessions)
    await catalog.replace(ACTOR, models)

    assert list(await catalog.stored()) == models
    async with sessions() as session:
        rows = (await session.execute(select(ModelRow.name, ModelRow.spec))).all()
    found = {row.name: row.spec["generate_audio_default"] for row in rows if "generate_audio_default" in row.spec}
    assert found == {"loud": True, "quiet": False, "doubao-seedance-2-fast": None}


async def test_processes_that_start_at_once_with_different_models_do_not_mix_them(sessions: Sessions) -> None:
    lists = [[model(f"{kind}-{number}") for number in range(5)] for kind in "abcdef"]
    results = await start_together(sessions, "models", [seed_models(sessions, models) for models in lists])
    assert results == [None] * len(lists)
    assert list(await ModelCatalog(sessions).stored()) in lists


async def test_a_replacement_is_seen_at_once_here_and_within_a_second_elsewhere(sessions: Sessions) -> None:
    seconds = ManualSeconds()
    here, elsewhere = ModelCatalog(sessions), ModelCatalog(sessions, monotonic=seconds)
    await seed_models(sessions, [model("old")])
    assert (await here.index()).models == (await elsewhere.index()).models == (model("old"),)

    await here.replace(ACTOR, [model("new")])

    assert (await here.index()).models == (model("new"),)
    assert (await elsewhere.index()).models == (model("old"),)
    seconds.now += 1
    assert (await elsewhere.index()).models == (model("new"),)


async def test_models_are_made_of_rows_only_when_a_row_has_changed(sessions: Sessions) -> None:
    seconds = ManualSeconds()
    catalog, other = ModelCatalog(sessions, monotonic=seconds), ModelCatalog(sessions)
    many = [model(f"model-{number}") for number in range(120)]
    changes = (many[::-1], [*many[1:], model("last")], [*many[1:], replace(model("last"), aliases=("end",))])
    await seed_models(sessions, many)
    for models in (many, *changes):
        if models is not many:
            await other.replace(ACTOR, models)
        seconds.now += 1
        index = await catalog.index()
        assert list(index.models) == models
        seconds.now += 1
        assert await catalog.index() is index


async def test_many_creates_at_once_cost_one_query(sessions: Sessions, engine: AsyncEngine) -> None:
    await seed_models(sessions, DEFAULT_MODELS)
    catalog = ModelCatalog(sessions)
    with QueryCount(engine, "FROM models") as queries:
        await asyncio.gather(*(catalog.index() for _ in range(50)))
    assert queries.count == 1


async def test_without_its_database_a_request_gets_503() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nowhere")
    with pytest.raises(ServiceUnavailableError):
        await ModelCatalog(session_factory(engine)).index()
    await engine.dispose()
