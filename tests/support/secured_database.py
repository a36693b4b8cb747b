"""A PostgreSQL that asks the two roles for their passwords, as that of a production machine does."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.db.roles import GATEWAY, OWNER
from app.devdb.binaries import find_binaries
from app.devdb.cluster import SUPERUSER
from app.devdb.postmaster import PORT
from tests.support.database import as_superuser, embedded_server, temporary_folder
from tests.support.toolchains import ROOT

_DATABASE = "seedgate"


@asynccontextmanager
async def secured_database() -> AsyncIterator[Path]:
    """Runs a server with an empty database ``seedgate``; yields the folder of its socket, which any account may use."""
    with temporary_folder() as folder, embedded_server(folder / "data") as server:
        rules = folder / "data" / "pg_hba.conf"
        asked = "".join(f"local all {role} scram-sha-256\n" for role in (OWNER, GATEWAY))
        rules.write_text(asked + rules.read_text())
        await as_superuser(server.url, "SELECT pg_reload_conf()", f"CREATE DATABASE {_DATABASE}")
        sockets = server.cluster
        for path in (sockets, sockets / f".s.PGSQL.{PORT}"):
            path.chmod(0o777)
        yield sockets


async def make_roles(sockets: Path, secrets: Path) -> None:
    """Makes the roles as compose does, with the passwords of a folder that ``deploy/make-secrets.sh`` has made."""
    environment = {
        "PATH": f"{find_binaries(None).folder}:{os.defpath}",
        "PGHOST": str(sockets),
        "POSTGRES_USER": SUPERUSER,
        "POSTGRES_DB": _DATABASE,
        "POSTGRES_OWNER_PASSWORD_FILE": str(secrets / "migrate" / "SEEDGATE_DATABASE_PASSWORD"),
        "POSTGRES_GATEWAY_PASSWORD_FILE": str(secrets / "gateway" / "SEEDGATE_DATABASE_PASSWORD"),
        "SEEDGATE_SQL": str(ROOT / "app" / "db"),
    }
    script = ROOT / "deploy" / "postgres" / "make-roles.sh"
    made = await asyncio.create_subprocess_exec("/bin/sh", script, env=environment)
    assert await made.wait() == 0
