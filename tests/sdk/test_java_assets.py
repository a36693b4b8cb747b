"""The Java SDK of the OpenAPI, with its universal call."""

import pytest

from tests.sdk import releases
from tests.sdk.assets_matrix import AssetsMatrix

pytestmark = pytest.mark.sdk


class TestUniversal(AssetsMatrix):
    client = releases.JAVA_UNIVERSAL


class TestOldUniversal(AssetsMatrix):
    client = releases.JAVA_OLD_UNIVERSAL
