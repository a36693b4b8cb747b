"""The Go SDK of the data plane."""

import pytest

from tests.sdk import releases
from tests.sdk.tasks_matrix import TasksMatrix

pytestmark = pytest.mark.sdk


class TestArk(TasksMatrix):
    client = releases.GO_ARK
