"""Makes a video with OpenAI's client, whose raw requests reach any route: pip install openai requests."""

import os
import time
from pathlib import Path

import requests
from openai import OpenAI

POLL_SECONDS = 1  # 5 to 10 is right for real videos, which take minutes
TASKS = "/contents/generations/tasks"

client = OpenAI(base_url=os.environ["SEEDGATE_URL"] + "/api/v3", api_key=os.environ["SEEDGATE_API_KEY"])

created = client.post(
    TASKS,
    cast_to=dict,
    body={
        "model": "doubao-seedance-2",
        "content": [{"type": "text", "text": "A kitten stretches in the morning light"}],
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5,
    },
)
task_id = created["id"]
print("created", task_id)

while (task := client.get(f"{TASKS}/{task_id}", cast_to=dict))["status"] in {"queued", "running"}:
    print("status", task["status"])
    time.sleep(POLL_SECONDS)
if task["status"] != "succeeded":
    raise SystemExit(f"{task_id} ended {task['status']}: {task['error']}")

# The link ends after a day: keep the clip, not the link.
clip = requests.get(task["content"]["video_url"])
clip.raise_for_status()
file = Path(f"{task_id}.mp4")
file.write_bytes(clip.content)
print("saved", file, f"({len(clip.content)} bytes)")

page = client.get(f"{TASKS}?filter.status=succeeded&page_size=10", cast_to=dict)
print("listed", page["total"])

client.delete(f"{TASKS}/{task_id}", cast_to=dict)
print("deleted", task_id)
