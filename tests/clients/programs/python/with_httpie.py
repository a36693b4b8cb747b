"""Makes a video with HTTPie's command."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from making import BEARER, CLIP, make_video

HTTP = Path(sys.executable).with_name("http")


def http(*arguments: str) -> str:
    environment = {**os.environ, "HTTPIE_CONFIG_DIR": "."}
    command = [str(HTTP), "--ignore-stdin", "--check-status", *arguments]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def call(method: str, url: str, *, body: Any = None, ids: list[str] | None = None) -> Any:
    members = [f"{name}:={json.dumps(value)}" for name, value in (body or {}).items()]
    filters = [f"filter.task_ids=={each}" for each in ids or []]
    return json.loads(http("--body", method, url, f"Authorization:{BEARER}", *members, *filters))


def download(link: str) -> bytes:
    http("--download", "--output", CLIP, link)
    return Path(CLIP).read_bytes()


make_video(call, download)
