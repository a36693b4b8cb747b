"""Makes an assistant create a video with seedance-mcp-server."""

from assistant import Tool, use, wait
from making import EARLIER_TASK, KEY, PROMPT, SHAPE, URL, say, say_listed


async def work(tool: Tool) -> None:
    task_id = (await tool("create_video_task", prompt=PROMPT, **SHAPE))["task_id"]
    say("created", task_id)
    await wait(lambda: tool("get_video_task", task_id=task_id))
    say_listed((await tool("list_video_tasks", task_ids=[task_id, EARLIER_TASK]))["raw"])
    # It posts to the task's path and "/cancel" first, which the platform has not, and then deletes.
    assert (await tool("cancel_video_task", task_id=task_id))["method"] == "delete"
    say("deleted", task_id)


use("seedance-mcp-server", {"ARK_BASE_URL": f"{URL}/api/v3", "ARK_API_KEY": KEY}, work)
