"""The data plane from Node.js, whose registry has no SDK for it."""

import pytest

from tests.sdk import releases
from tests.sdk.tasks_matrix import TasksMatrix

pytestmark = pytest.mark.sdk


class TestFetch(TasksMatrix):
    client = releases.NODE_FETCH
