"""A sealing key is changed as an operator does it: the new one first, reseal, drop the old one."""

from pathlib import Path

import pytest

from app.audit.log import Actor
from app.channels.canary import check_canary
from app.channels.directory import ChannelDirectory
from app.channels.schemas import ChannelCreate
from app.channels.service import ChannelService
from app.core.sealing import SecretBox, generate_key
from app.db.base import utc_now
from app.db.engine import open_engine, session_factory
from app.http.schemas import parse_model
from app.tenants.key_service import KeyService
from app.tenants.service import TenantService
from app.upstream.destinations import DestinationRules
from tests.flows.programs import run
from tests.support.database import own_database

pytestmark = pytest.mark.slow

UPSTREAM_KEY = "an-upstream-key"


async def test_an_old_sealing_key_can_be_dropped_once_everything_is_resealed(tmp_path: Path, database_url: str) -> None:
    old, new = generate_key(), generate_key()
    async with own_database(database_url) as url:
        await seal_something(url, old)
        for secret_key, expected in ((new, 2), (f"{new},{old}", 0), (old, 2), (new, 0)):
            settings = {"DATABASE_URL": url, "SECRET_KEY": secret_key}
            code, output = await run("secrets", "reseal", folder=tmp_path, settings=settings)
            assert code == expected, output
            assert "Traceback" not in output
            assert not any(secret in output for secret in (old, new, UPSTREAM_KEY))
        assert SecretBox.from_text(new).sealing_key_id in output
        assert "1 channels, 0 tenants and 1 keys" in output


async def test_what_it_cannot_do_without_is_named(tmp_path: Path, database_url: str) -> None:
    code, output = await run("secrets", "reseal", folder=tmp_path, settings={"DATABASE_URL": database_url})
    assert code == 2
    assert "SEEDGATE_SECRET_KEY" in output


async def seal_something(url: str, key: str) -> None:
    engine = open_engine(url)
    try:
        sessions, box = session_factory(engine), SecretBox.from_text(key)
        await check_canary(sessions, box)
        service = ChannelService(
            sessions, box, ChannelDirectory(sessions, box), utc_now, destinations=DestinationRules()
        )
        actor = Actor("test", None)
        await service.create(actor, parse_model(ChannelCreate, {"name": "a", "ark_api_key": UPSTREAM_KEY}))
        tenants, keys = TenantService(sessions, utc_now), KeyService(sessions, utc_now, box)
        issued = await keys.create(actor, (await tenants.create_tenant(actor, name="t")).id, name="k")
        await keys.issue_signing_key(actor, issued.row.id)
    finally:
        await engine.dispose()
