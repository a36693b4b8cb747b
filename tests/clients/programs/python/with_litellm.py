"""Makes a video with LiteLLM's provider ``volcengine``; its argument is what follows the gateway's address."""

import os
import sys
from typing import Any

# Without this LiteLLM asks the internet for prices first.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from litellm.types.videos.utils import extract_original_video_id
from making import EARLIER_TASK, KEY, MODEL, PROMPT, URL, save, say, wait

gateway = {"api_base": URL + sys.argv[1], "api_key": KEY}
known = {**gateway, "custom_llm_provider": "volcengine"}


def status(video_id: str) -> Any:
    """Returns the video's state in the words of the gateway; OpenAI's are others."""
    video = litellm.video_status(video_id=video_id, **known)
    words = {"in_progress": "running", "completed": "succeeded"}
    return {"status": words.get(video.status, video.status)}


made = litellm.video_generation(model=f"volcengine/{MODEL}", prompt=PROMPT, seconds="5", size="1280x720", **gateway)
task_id = extract_original_video_id(made.id)
say("created", task_id)
wait(lambda: status(made.id))
save(litellm.video_content(video_id=made.id, **known))
page = litellm.video_list(extra_query={"filter.task_ids": [task_id, EARLIER_TASK]}, **known)
say("listed", *(extract_original_video_id(video["id"]) for video in page["data"]))
