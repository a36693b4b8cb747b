"""Makes a video with urllib, which gives a body the content type of a form."""

import json
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from making import BEARER, make_video


def call(method: str, url: str, *, body: Any = None, ids: list[str] | None = None) -> Any:
    query = "?" + urlencode({"filter.task_ids": ids}, doseq=True) if ids else ""
    data = json.dumps(body).encode() if body else None
    request = Request(url + query, data, {"Authorization": BEARER}, method=method)
    with urlopen(request) as answer:
        return json.load(answer)


def download(link: str) -> bytes:
    with urlopen(link) as answer:
        clip: bytes = answer.read()
        return clip


make_video(call, download)
