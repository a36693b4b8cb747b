"""Makes two videos with VeADK's tools for agents: with one prompt, and with one request id for all of its requests."""

import asyncio
import os
from typing import Any

from making import KEY, PROMPT, SHAPE, URL, say

os.environ |= {"MODEL_VIDEO_API_BASE": f"{URL}/api/v3", "MODEL_VIDEO_API_KEY": KEY}

from google.adk.agents import Agent
from google.adk.agents.invocation_context import InvocationContext
from google.adk.sessions import InMemorySessionService
from google.adk.tools import ToolContext
from veadk.tools.builtin_tools.video_generate import video_generate, video_task_query


async def main() -> None:
    sessions = InMemorySessionService()
    session = await sessions.create_session(app_name="clips", user_id="someone")
    invocation = InvocationContext(
        invocation_id="one", agent=Agent(name="director"), session=session, session_service=sessions
    )
    context = ToolContext(invocation)
    wanted = [{"video_name": name, "prompt": PROMPT, **SHAPE} for name in ("first", "second")]
    made = await video_generate(wanted, context, max_wait_seconds=0)
    for task in made["pending_list"]:
        say("created", task["task_id"])
    for task in made["pending_list"]:
        await wait(task["task_id"], context)


async def wait(task_id: str, context: Any) -> None:
    while True:
        task = await video_task_query(task_id, context)
        say("status", task["status"])
        if task["status"] not in {"queued", "running"}:
            return
        await asyncio.sleep(0.5)


asyncio.run(main())
