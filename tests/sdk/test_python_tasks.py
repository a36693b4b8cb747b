"""The Python SDKs of the data plane."""

import pytest

from tests.sdk import clients
from tests.sdk.tasks_matrix import TasksMatrix

pytestmark = pytest.mark.sdk


class TestArk(TasksMatrix):
    client = clients.PYTHON_ARK


class TestOldArk(TasksMatrix):
    client = clients.PYTHON_OLD_ARK


class TestArkRuntime(TasksMatrix):
    client = clients.PYTHON_ARKRUNTIME


class TestOpenAI(TasksMatrix):
    client = clients.PYTHON_OPENAI
