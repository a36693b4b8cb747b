"""The Go SDK of the OpenAPI, with both of its universal calls."""

import pytest

from tests.sdk import releases
from tests.sdk.assets_matrix import AssetsMatrix

pytestmark = pytest.mark.sdk


class TestUniversal(AssetsMatrix):
    client = releases.GO_UNIVERSAL


class TestTyped(AssetsMatrix):
    client = releases.GO_TYPED


class TestOldUniversal(AssetsMatrix):
    client = releases.GO_OLD_UNIVERSAL
