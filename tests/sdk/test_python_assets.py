"""The Python SDK of the OpenAPI, with its universal call."""

import pytest

from tests.sdk import releases
from tests.sdk.assets_matrix import AssetsMatrix

pytestmark = pytest.mark.sdk


class TestUniversal(AssetsMatrix):
    client = releases.PYTHON_UNIVERSAL


class TestOldUniversal(AssetsMatrix):
    client = releases.PYTHON_OLD_UNIVERSAL
