"""The Python SDK of the OpenAPI, with its universal call."""

import pytest

from tests.sdk import clients
from tests.sdk.assets_matrix import AssetsMatrix

pytestmark = pytest.mark.sdk


class TestUniversal(AssetsMatrix):
    client = clients.PYTHON_UNIVERSAL


class TestOldUniversal(AssetsMatrix):
    client = clients.PYTHON_OLD_UNIVERSAL
