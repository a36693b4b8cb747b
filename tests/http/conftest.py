"""Fixtures of the HTTP tests, and which files are collected."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.threaded import Entrance, gateway_in_a_thread


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out a file that takes seconds to be collected when all of it would be deselected."""
    is_of_no_use = collection_path.name == "test_openapi_thoroughly.py" and "not slow" in config.option.markexpr
    return True if is_of_no_use else None


@pytest.fixture(scope="session")
def entrance(database_url: str) -> Iterator[Entrance]:
    """A gateway that can be called by what blocks."""
    with gateway_in_a_thread(database_url) as found:
        yield found
