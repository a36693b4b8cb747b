"""Fixtures of the suite that breaks the gateway."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.chaos.figures import Figures, as_property
from tests.chaos.launcher import Launcher, launching
from tests.chaos.site import Site, open_site
from tests.support.database import own_database


@pytest_asyncio.fixture(scope="session")
async def launcher(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Launcher]:
    """Starts processes for all tests of the session."""
    async with launching(tmp_path_factory.mktemp("chaos")) as started:
        yield started


@pytest_asyncio.fixture
async def site(database_url: str, launcher: Launcher) -> AsyncIterator[Site]:
    """A sandbox and an empty database."""
    async with own_database(database_url) as url, open_site(url, launcher) as opened:
        yield opened


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[Figures], None]:
    """Notes the figures of a test for the end of the session."""
    return lambda figures: request.node.user_properties.append(as_property(figures))
