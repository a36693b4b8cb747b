"""Makes a video with the command of zjandrew-seedance-cli."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from making import CLIP, KEY, PROMPT, SHAPE, URL, say

COMMAND = Path(sys.executable).with_name("seedance-cli")


def seedance(*arguments: str) -> Any:
    environment = {**os.environ, "HOME": ".", "SEEDANCE_ENDPOINT": f"{URL}/api/v3", "ARK_API_KEY": KEY}
    ended = subprocess.run([str(COMMAND), *arguments], env=environment, check=True, stdout=subprocess.PIPE)
    return json.loads(ended.stdout)["data"]


shape = [f"--{name}={value}" for name, value in SHAPE.items()]
done = seedance("generate", "--prompt", PROMPT, "--model=2.0", *shape, "--poll-interval=0.5", f"--out={CLIP}")
task_id = done["task_id"]
say("created", task_id)
say("status", done["status"])
say("saved", CLIP)
say("listed", *(task["task_id"] for task in seedance("task", "list")["tasks"]))
assert seedance("task", "delete", task_id)["deleted"]
say("deleted", task_id)
