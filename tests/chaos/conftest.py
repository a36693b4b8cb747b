"""Fixtures of the suite that breaks the gateway."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.chaos.figures import Figures, told
from tests.chaos.site import Site, open_site
from tests.support.world import own_database


@pytest_asyncio.fixture
async def site(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A sandbox and an empty database."""
    async with own_database(database_url) as url, open_site(url, tmp_path) as opened:
        yield opened


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[Figures], None]:
    """Notes the figures of a test for the end of the session."""
    return lambda figures: request.node.user_properties.append(told(figures))
