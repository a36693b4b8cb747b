"""Makes an assistant create a video with volcengine-ark-mcp."""

from assistant import Tool, use
from making import KEY, PROMPT, SHAPE, URL, say


async def work(tool: Tool) -> None:
    task_id = (await tool("generate_video", prompt=PROMPT, **SHAPE))["task_id"]
    say("created", task_id)
    job = await tool("get_job", task_id=task_id, wait=60)
    say("status", job["status"])
    say("saved", job["files"][0])


use("volcengine-ark-mcp", {"ARK_BASE_URL": f"{URL}/api/v3", "ARK_API_KEY": KEY, "ARK_OUT_DIR": "clips"}, work)
