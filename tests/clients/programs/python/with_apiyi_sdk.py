"""Makes a video with apiyi-sdk; with an argument, that takes the place of the path which it has built in."""

import sys

from apiyi_sdk import ApiyiClient
from apiyi_sdk.errors import ApiyiAPIError
from apiyi_sdk.http import HttpTransport
from apiyi_sdk.resources import seedance2
from making import KEY, PROMPT, SHAPE, URL, save, say

seedance2.SEEDANCE2_TASKS_PATH = sys.argv[1] if sys.argv[1:] else seedance2.SEEDANCE2_TASKS_PATH
client = ApiyiClient(api_key=KEY, base_url=URL).seedance2

try:
    task_id = client.create_task(content=[{"type": "text", "text": PROMPT}], **SHAPE)
except ApiyiAPIError as error:
    sys.exit(f"{error.status_code} {error.response_body}")
say("created", task_id)
task = client.wait_for_completion(task_id, poll_interval_sec=0.5)
say("status", task.status)
save(HttpTransport.download_public_url(task.video_url))
