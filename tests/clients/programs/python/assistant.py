"""Calls the tools of an MCP server over its standard input and output, as an assistant does."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

Tool = Callable[..., Awaitable[Any]]


def use(server: str, environment: dict[str, str], work: Callable[[Tool], Awaitable[None]]) -> None:
    """Starts a server that is installed beside this Python, has something done with its tools, and stops it.

    Args:
        server: its command.
        environment: its settings.
        work: is given a function that calls a tool by its name, and returns what the tool gave.
    """
    command = str(Path(sys.executable).with_name(server))
    needed = {"PATH": os.environ["PATH"], "HOME": str(Path.cwd())}
    parameters = StdioServerParameters(command=command, env={**needed, **environment})

    async def run() -> None:
        async with stdio_client(parameters) as streams, ClientSession(*streams) as session:
            await session.initialize()

            async def tool(name: str, **arguments: Any) -> Any:
                answer = await session.call_tool(name, arguments)
                return json.loads(answer.content[0].text)

            await work(tool)

    asyncio.run(run())


async def wait(get: Callable[[], Awaitable[Any]]) -> Any:
    """Asks for a task until it is done, and returns it."""
    while True:
        task = await get()
        print("status", task["status"])
        if task["status"] not in {"queued", "running"}:
            return task
        await asyncio.sleep(0.5)
