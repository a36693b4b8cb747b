"""The Java SDK of the data plane."""

import pytest

from tests.sdk import releases
from tests.sdk.tasks_matrix import TasksMatrix

pytestmark = pytest.mark.sdk


class TestArk(TasksMatrix):
    client = releases.JAVA_ARK
