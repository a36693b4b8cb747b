"""Makes a video with the command ``sd2``."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from making import EARLIER_TASK, KEY, PROMPT, say, say_listed

COMMAND = [sys.executable, str(Path(__file__).with_name("sd2_elsewhere.py"))]


def sd2(*arguments: str) -> str:
    environment = {**os.environ, "ARK_API_KEY": KEY}
    return subprocess.run([*COMMAND, *arguments], env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def read(*arguments: str) -> Any:
    return json.loads(sd2(*arguments))


task_id = read("create-video", "--text", PROMPT, "--ratio", "16:9", "--duration", "5")["id"]
say("created", task_id)
say("status", read("query-task", "--task_ids", task_id, "--interval", "1")[0]["status"])
say_listed(read("list-tasks", "--task_ids", task_id, EARLIER_TASK))
sd2("delete-task", "--task_id", task_id)
say("deleted", task_id)
