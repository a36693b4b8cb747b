"""Drives the ``openai`` client's own requests, which carry its key and its retries to any route."""

from typing import Any

from openai import OpenAI, OpenAIError
from probing import answer, body_of, show_attributes

TASKS = "/contents/generations/tasks"


def call(request: dict[str, Any]) -> Any:
    base_url = f"{request['base_url']}/api/v3"
    client = OpenAI(base_url=base_url, api_key=request["api_key"], timeout=request["timeout_seconds"])
    operation, arguments = request["operation"], request["arguments"]
    if operation == "create":
        return client.post(TASKS, body=body_of(arguments), cast_to=object)
    if operation == "get":
        found: Any = client.get(f"{TASKS}/{arguments['id']}", cast_to=object)
        video = (found.get("content") or {}).get("video_url")
        return {"id": found["id"], "status": found["status"], "video_url": video, "duration": found.get("duration")}
    if operation == "list":
        query = {name if name.startswith("page") else f"filter.{name}": value for name, value in arguments.items()}
        ids = query.pop("filter.task_ids", [])
        repeated = "&".join(f"filter.task_ids={each}" for each in ids)
        page: Any = client.get(f"{TASKS}?{repeated}", cast_to=object, options={"params": query})
        return {"total": page["total"], "ids": [each["id"] for each in page["items"]]}
    return client.delete(f"{TASKS}/{arguments['id']}", cast_to=object)


answer(call, OpenAIError, show_attributes)
