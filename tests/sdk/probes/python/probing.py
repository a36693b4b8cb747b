"""How a probe is asked and answers: one JSON object in, one out."""

import json
import sys
from collections.abc import Callable
from typing import Any


def answer(
    call: Callable[[dict[str, Any]], Any], failures: type[Exception], explain: Callable[[Any], dict[str, Any]]
) -> None:
    """Makes the call that standard input asks for, and prints what its SDK returned or raised.

    Args:
        call: makes it, and returns the result as JSON.
        failures: the base class of what the SDK raises.
        explain: returns status, code, message and request id of such an exception; absent ones are null.
    """
    request = json.load(sys.stdin)
    try:
        result = {"ok": True, "result": call(request)}
    except failures as error:
        shown = {"class": type(error).__name__, "status": None, "code": None, "message": str(error), "request_id": None}
        result = {"ok": False, "error": {**shown, **explain(error)}}
    print(json.dumps(result))


def show_attributes(error: Any) -> dict[str, Any]:
    """Returns what an exception of the Ark SDKs, or of openai, has in its attributes."""
    return {
        "status": getattr(error, "status_code", None),
        "code": getattr(error, "code", None),
        "message": str(error),
        "request_id": getattr(error, "request_id", None),
    }


def task(found: Any) -> dict[str, Any]:
    """Returns of a task what the matrix looks at."""
    video = found.content.video_url if found.content else None
    return {"id": found.id, "status": found.status, "video_url": video, "duration": getattr(found, "duration", None)}


def body_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Returns the parameters of a create: the text becomes its content."""
    given = {name: value for name, value in arguments.items() if name != "text"}
    return {**given, "content": [{"type": "text", "text": arguments["text"]}]}


def create(tasks: Any, body: dict[str, Any], timeout: float) -> Any:
    """Creates a task; what an older release does not know as a parameter goes the way that it has for that."""
    try:
        return tasks.create(**body, timeout=timeout)
    except TypeError:
        model, content = body.pop("model"), body.pop("content")
        return tasks.create(model=model, content=content, extra_body=body, timeout=timeout)


def run_task_operation(tasks: Any, operation: str, arguments: dict[str, Any], timeout: float) -> Any:
    """Calls ``client.content_generation.tasks``, which both Ark SDKs have alike."""
    if operation == "create":
        return {"id": create(tasks, body_of(arguments), timeout).id}
    if operation == "get":
        return task(tasks.get(task_id=arguments["id"], timeout=timeout))
    if operation == "list":
        page = tasks.list(**arguments, timeout=timeout)
        return {"total": page.total, "ids": [each.id for each in page.items]}
    tasks.delete(task_id=arguments["id"], timeout=timeout)
    return {}
