"""``GET /api/v3/models`` of the emulated upstream.

Source: reference ``upstream.md`` §11.5; the word for making a video from references is ours.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from app.sandbox.catalogue import VideoModel

_TASK_TYPES = {"t2v": "TextToVideo", "i2v": "ImageToVideo", "r2v": "ReferenceToVideo"}


def to_model_list(models: Iterable[VideoModel]) -> dict[str, Any]:
    """Returns the answer: every model of the region."""
    return {"object": "list", "data": [_to_wire(model) for model in models]}


def _to_wire(model: VideoModel) -> dict[str, Any]:
    version = model.id.rsplit("-", 1)[1]
    created = datetime.strptime(version, "%y%m%d").replace(tzinfo=UTC)
    references = ((model.references.videos, "video"), (model.references.audios, "audio"))
    wire: dict[str, Any] = {
        "id": model.id,
        "object": "model",
        "created": int(created.timestamp()),
        "name": model.name,
        "version": version,
        "domain": "VideoGeneration",
        "task_type": [_TASK_TYPES[mode] for mode in model.modes],
        "modalities": {
            "input_modalities": ["text", "image", *(word for most, word in references if most)],
            "output_modalities": ["video"],
        },
        "features": {},
        "token_limits": {},
    }
    if model.is_retiring:
        wire["status"] = "Retiring"
    return wire
