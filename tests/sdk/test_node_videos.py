"""``openai`` for Node.js at ``/v1/videos``."""

import pytest

from tests.sdk import releases
from tests.sdk.videos_matrix import VideosMatrix

pytestmark = pytest.mark.sdk


class TestOpenAI(VideosMatrix):
    client = releases.NODE_OPENAI_VIDEOS


class TestOpenAI6(VideosMatrix):
    client = releases.NODE_OPENAI_6_VIDEOS
