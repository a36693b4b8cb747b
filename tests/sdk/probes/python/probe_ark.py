"""Drives ``volcenginesdkarkruntime.Ark``."""

from typing import Any

from probing import answer, run_task_operation, show_attributes
from volcenginesdkarkruntime import Ark
from volcenginesdkarkruntime._exceptions import ArkError


def call(request: dict[str, Any]) -> Any:
    client = Ark(base_url=f"{request['base_url']}/api/v3", api_key=request["api_key"])
    tasks = client.content_generation.tasks
    return run_task_operation(tasks, request["operation"], request["arguments"], request["timeout_seconds"])


answer(call, ArkError, show_attributes)
