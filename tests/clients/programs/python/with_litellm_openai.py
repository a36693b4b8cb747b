"""Makes a video with LiteLLM's provider ``openai``."""

import os

# Without this LiteLLM asks the internet for prices first.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from litellm.types.videos.utils import extract_original_video_id
from making import KEY, MODEL, PROMPT, URL, save, say

gateway = {"api_base": f"{URL}/v1", "api_key": KEY}
known = {**gateway, "custom_llm_provider": "openai"}

made = litellm.video_generation(model=f"openai/{MODEL}", prompt=PROMPT, seconds="5", size="1280x720", **gateway)
say("created", extract_original_video_id(made.id))
while (video := litellm.video_status(video_id=made.id, **known)).status in {"queued", "in_progress"}:
    say("status", video.status)
say("status", video.status)
save(litellm.video_content(video_id=made.id, **known))
page = litellm.video_list(limit=100, **known)
say("listed", *(extract_original_video_id(video["id"]) for video in page["data"]))
