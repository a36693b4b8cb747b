"""Makes a video with requests."""

from typing import Any

import requests
from making import BEARER, make_video

session = requests.Session()


def call(method: str, url: str, *, body: Any = None, ids: list[str] | None = None) -> Any:
    answer = session.request(
        method,
        url,
        json=body,
        params={"filter.task_ids": ids} if ids else None,
        headers={"Authorization": BEARER},
    )
    answer.raise_for_status()
    return answer.json()


def download(link: str) -> bytes:
    answer = requests.get(link)
    answer.raise_for_status()
    return answer.content


make_video(call, download)
