"""Makes a video with GNU wget, which gives a body the content type of a form."""

import json
import subprocess
from typing import Any

from making import BEARER, make_video


def wget(*arguments: str) -> bytes:
    command = ["wget", "--no-config", "--quiet", "--output-document=-", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def call(method: str, url: str, *, body: Any = None, ids: list[str] | None = None) -> Any:
    sending = [f"--post-data={json.dumps(body)}"] if body else [f"--method={method}"]
    query = "?" + "&".join(f"filter.task_ids={each}" for each in ids) if ids else ""
    return json.loads(wget(f"--header=Authorization: {BEARER}", *sending, url + query))


make_video(call, wget)
