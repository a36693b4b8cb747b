"""Drives ``client.videos`` of ``openai``."""

import io
from typing import Any

from openai import OpenAI, OpenAIError
from probing import answer, show_attributes


def call(request: dict[str, Any]) -> Any:
    client = OpenAI(
        base_url=f"{request['base_url']}/v1", api_key=request["api_key"], timeout=request["timeout_seconds"]
    )
    videos, arguments = client.videos, dict(request["arguments"])
    operation = request["operation"]
    if operation in {"create", "create_and_poll"}:
        picture = arguments.pop("picture", None)
        if picture is not None:
            arguments["input_reference"] = ("kitten", bytes.fromhex(picture), "application/octet-stream")
        return shown(getattr(videos, operation)(**arguments))
    if operation == "retrieve":
        return shown(videos.retrieve(arguments["id"]))
    if operation == "list":
        # The page asks for the next ones by itself.
        return {"ids": [each.id for each in videos.list(**arguments)]}
    if operation == "download_content":
        return {"head": io.BytesIO(videos.download_content(arguments["id"]).read()).read(12).hex()}
    if operation == "remix":
        return shown(videos.remix(arguments["id"], prompt="another"))
    deleted = videos.delete(arguments["id"])
    return {"id": deleted.id, "deleted": deleted.deleted, "object": deleted.object}


def shown(video: Any) -> dict[str, Any]:
    """Returns of a video what the matrix looks at."""
    names = ("id", "status", "progress", "seconds", "size", "model")
    return {name: getattr(video, name) for name in names}


answer(call, OpenAIError, show_attributes)
