"""The samples in Java."""

import pytest

from tests.sdk.samples import SAMPLES
from tests.sdk.samples_matrix import SamplesMatrix

pytestmark = pytest.mark.sdk


class TestSamples(SamplesMatrix):
    samples = SAMPLES["java"]
