"""Makes a video with httpx."""

from typing import Any

import httpx
from making import BEARER, make_video

client = httpx.Client(headers={"Authorization": BEARER})


def call(method: str, url: str, *, body: Any = None, ids: list[str] | None = None) -> Any:
    answer = client.request(method, url, json=body, params={"filter.task_ids": ids} if ids else None)
    answer.raise_for_status()
    return answer.json()


make_video(call, lambda link: httpx.get(link).raise_for_status().content)
