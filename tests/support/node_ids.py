"""A guard over what pytest-xdist is given to run: no two tests bear one node id."""

from collections import Counter
from collections.abc import Iterable

import pytest


def refuse_repeated(node_ids: Iterable[str]) -> None:
    """Ends the session when a node id stands for several tests, and names each such id.

    pytest-xdist keeps its work by node id: of the tests that share one it runs a single test, and reports no failure.
    """
    repeated = [f"{node_id} ({count} tests)" for node_id, count in Counter(node_ids).items() if count > 1]
    if repeated:
        text = "pytest-xdist would run only one test of each of these node ids: " + ", ".join(repeated)
        pytest.exit(text, returncode=pytest.ExitCode.USAGE_ERROR)
