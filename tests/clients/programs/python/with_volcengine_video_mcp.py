"""Makes an assistant create a video with volcengine-video-mcp."""

from typing import Any

from assistant import Tool, use, wait
from making import EARLIER_TASK, KEY, PROMPT, SHAPE, URL, say, say_listed


async def work(tool: Tool) -> None:
    async def get() -> Any:
        return (await tool("get_video_task", task_id=task_id))["data"]

    # It writes the parameters behind the prompt, as Seedance 1.0 reads them.
    made = await tool("create_video_task", model="doubao-seedance-1-0-pro", prompt=PROMPT, **SHAPE)
    task_id = made["data"]["id"]
    say("created", task_id)
    await wait(get)
    say_listed((await tool("list_video_tasks", task_ids=[task_id, EARLIER_TASK]))["data"])
    assert (await tool("cancel_video_task", task_id=task_id))["status"] == "success"
    say("deleted", task_id)


use("volcengine-video-mcp", {"ARK_BASE_URL": URL, "ARK_API_KEY": KEY}, work)
