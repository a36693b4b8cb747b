"""Makes a video with Volcano Engine's SDK: pip install volcengine-ark-runtime requests."""

import os
import time
from pathlib import Path

import requests
from volcenginesdkarkruntime import Ark

POLL_SECONDS = 1  # 5 to 10 is right for real videos, which take minutes

client = Ark(base_url=os.environ["SEEDGATE_URL"] + "/api/v3", api_key=os.environ["SEEDGATE_API_KEY"])
tasks = client.content_generation.tasks

created = tasks.create(
    model="doubao-seedance-2",
    content=[{"type": "text", "text": "A kitten stretches in the morning light"}],
    resolution="720p",
    ratio="16:9",
    duration=5,
)
print("created", created.id)

while (task := tasks.get(task_id=created.id)).status in {"queued", "running"}:
    print("status", task.status)
    time.sleep(POLL_SECONDS)
if task.status != "succeeded":
    raise SystemExit(f"{task.id} ended {task.status}: {task.error}")

# The link ends after a day: keep the clip, not the link.
clip = requests.get(task.content.video_url)
clip.raise_for_status()
file = Path(f"{task.id}.mp4")
file.write_bytes(clip.content)
print("saved", file, f"({len(clip.content)} bytes)")

page = tasks.list(status="succeeded", page_size=10)
print("listed", page.total)

tasks.delete(task_id=task.id)
print("deleted", task.id)
