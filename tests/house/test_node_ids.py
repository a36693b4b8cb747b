"""No test is hidden behind another's name."""

import pytest

from tests.support.node_ids import refuse_repeated


def test_a_run_ends_when_tests_share_a_node_id() -> None:
    refuse_repeated(["a.py::one", "a.py::two", "b.py::one"])
    with pytest.raises(pytest.exit.Exception, match=r"a\.py::one \(3 tests\)$"):
        refuse_repeated(["a.py::one", "a.py::one", "b.py::one", "a.py::one"])


def test_pytest_xdist_asks_for_it(request: pytest.FixtureRequest) -> None:
    hook = request.config.hook.pytest_xdist_node_collection_finished
    with pytest.raises(pytest.exit.Exception, match=r"a\.py::one \(2 tests\)$"):
        hook(node=None, ids=["a.py::one", "a.py::one"])
