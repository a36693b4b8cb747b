"""The SDKs of the OpenAPI for Node.js."""

import pytest

from tests.sdk import releases
from tests.sdk.assets_matrix import AssetsMatrix

pytestmark = pytest.mark.sdk


class TestCore(AssetsMatrix):
    client = releases.NODE_CORE


class TestOpenApi(AssetsMatrix):
    client = releases.NODE_OPENAPI


class TestOldOpenApi(AssetsMatrix):
    client = releases.NODE_OLD_OPENAPI
