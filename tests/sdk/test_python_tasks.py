"""The Python SDKs of the data plane."""

import pytest

from tests.sdk import releases
from tests.sdk.tasks_matrix import TasksMatrix

pytestmark = pytest.mark.sdk


class TestArk(TasksMatrix):
    client = releases.PYTHON_ARK


class TestOldArk(TasksMatrix):
    client = releases.PYTHON_OLD_ARK


class TestArkRuntime(TasksMatrix):
    client = releases.PYTHON_ARKRUNTIME


class TestOpenAI(TasksMatrix):
    client = releases.PYTHON_OPENAI
