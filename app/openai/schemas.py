"""The answers of ``/v1/videos``, as ``/openapi.json`` describes them; ``app.openai.videos`` builds them."""

from typing import Literal

from pydantic import BaseModel, Field

from app.openai.videos import STATUSES
from app.tasks.schemas import TASK_ID_EXAMPLE, Usage


class VideoFailure(BaseModel):
    """Why a video failed; the code is the upstream's where it gave one."""

    code: str
    message: str


class VideoMetadata(BaseModel):
    """What OpenAI's object has no member for."""

    url: str | None = Field(description="where the video can be fetched without a key, until `expires_at`")
    last_frame_url: str | None
    resolution: str | None
    ratio: str | None


class Video(BaseModel):
    """A video; what is not known, or not yet, is null."""

    id: str = Field(examples=[TASK_ID_EXAMPLE])
    object: Literal["video"]
    model: str = Field(description="the name of the model in the catalogue")
    status: str = Field(json_schema_extra={"enum": [*STATUSES]})
    progress: int = Field(description="percent, by time; it never falls, and is 0 until the video was seen running")
    created_at: int = Field(description="Unix seconds")
    completed_at: int | None
    expires_at: int | None = Field(description="until when the video can be fetched, Unix seconds")
    error: VideoFailure | None
    prompt: None = Field(description="prompts are not kept")
    remixed_from_video_id: None
    seconds: str | None = Field(description="of the video, before it is made: as asked for")
    size: str | None = Field(description="width and height, as for `seconds`; null while the model chooses")
    usage: Usage | None
    metadata: VideoMetadata


class VideoPage(BaseModel):
    """A page of the tenant's videos."""

    object: Literal["list"]
    data: list[Video]
    first_id: str | None
    last_id: str | None = Field(description="`after` of the next page")
    has_more: bool


class DeletedVideo(BaseModel):
    """A deletion."""

    id: str
    object: Literal["video.deleted"]
    deleted: Literal[True]
