"""``openai`` for Python at ``/v1/videos``."""

import pytest

from tests.sdk import releases
from tests.sdk.videos_matrix import VideosMatrix

pytestmark = pytest.mark.sdk


class TestOpenAI(VideosMatrix):
    client = releases.PYTHON_OPENAI_VIDEOS


class TestOpenAI2(VideosMatrix):
    client = releases.PYTHON_OPENAI_2_VIDEOS
