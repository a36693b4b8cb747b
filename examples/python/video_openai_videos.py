"""Makes a video by OpenAI's own calls, `client.videos`: pip install openai."""

import os

from openai import OpenAI

client = OpenAI(base_url=os.environ["SEEDGATE_URL"] + "/v1", api_key=os.environ["SEEDGATE_API_KEY"])

# A picture would be `input_reference=open("kitten.png", "rb")`; further parameters go in `extra_body`.
created = client.videos.create(
    model="doubao-seedance-2",
    prompt="A kitten stretches in the morning light",
    seconds="5",
    size="1280x720",
)
print("created", created.id)

video = client.videos.poll(created.id)  # at the pace that the gateway names
if video.status != "completed":
    raise SystemExit(f"{video.id} ended {video.status}: {video.error}")

# The clip is kept for a day.
clip = client.videos.download_content(video.id)
file = f"{video.id}.mp4"
clip.write_to_file(file)
print("saved", file)

print("listed", len(list(client.videos.list(limit=10))))

client.videos.delete(video.id)
print("deleted", video.id)
