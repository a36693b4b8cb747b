"""Fixtures of the tests on other versions of PostgreSQL."""

import asyncio
import platform
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.postgres.builds import BUILD, programs
from tests.support.database import temporary_folder
from tests.support.toolchains import build, require

Programs = Callable[[int], Path]


@pytest_asyncio.fixture(scope="session")
async def programs_of() -> AsyncIterator[Programs]:
    """Returns the ``bin`` folder of a major version, which the account of a server can run also under root."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("the programs are for Linux on x86-64")
    require(BUILD.programs)
    await asyncio.to_thread(build, BUILD)
    with temporary_folder() as folder:

        def copied(major: int) -> Path:
            target = folder / str(major)
            if not target.exists():
                shutil.copytree(programs(major), target, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
            return target / "bin"

        yield copied
