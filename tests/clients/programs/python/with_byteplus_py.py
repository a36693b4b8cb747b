"""Makes a video with byteplus-py, which is built on BytePlus' own SDK."""

from byteplus_py import BytePlus
from byteplus_py.seedance import text
from making import EARLIER_TASK, KEY, PROMPT, SHAPE, URL, say

client = BytePlus(api_key=KEY, base_url=f"{URL}/api/v3").seedance

task = client.submit(model="dreamina-seedance-2-0-260128", content=[text(PROMPT)], **SHAPE)
say("created", task.id)
task = client.wait(task.id, interval=0.5)
say("status", task.status)
say("saved", str(client.download_video(task, output_dir=".")))
say("listed", *(each.id for each in client.list(task_ids=[task.id, EARLIER_TASK]).items))
client.delete(task.id)
say("deleted", task.id)
