"""Create bodies for the tests of the rules, and what the rules say about them."""

import json
from typing import Any

import pytest

from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_spec import ModelSpec
from app.core.strict_json import parse_json_object
from app.errors import SeedgateError
from app.tasks.validation.create import CheckedCreate, check_create

MODELS: dict[str, ModelSpec] = {model.name: model for model in DEFAULT_MODELS}
ALIAS = "doubao-seedance-2"
FAST = "doubao-seedance-2-fast"
DATED = "doubao-seedance-2-0-260128"
NEWEST = "doubao-seedance-2-5-260628"
OLDEST = "doubao-seedance-1-0-pro-250528"

PROMPT = {"type": "text", "text": "一只小猫在清晨阳光里伸懒腰"}


def image(role: str | None = None, url: str = "https://example.com/a.png") -> dict[str, Any]:
    return media("image", role, url)


def video(role: str | None = "reference_video", url: str = "https://example.com/a.mp4") -> dict[str, Any]:
    return media("video", role, url)


def audio(role: str | None = "reference_audio", url: str = "https://example.com/a.mp3") -> dict[str, Any]:
    return media("audio", role, url)


def media(kind: str, role: str | None, url: str) -> dict[str, Any]:
    item: dict[str, Any] = {"type": f"{kind}_url", f"{kind}_url": {"url": url}}
    return item if role is None else {**item, "role": role}


def draft(task_id: str = "cgt-20260518175249-8x55h") -> dict[str, Any]:
    return {"type": "draft_task", "draft_task": {"id": task_id}}


def body(*content: dict[str, Any], model: str = ALIAS, **fields: Any) -> dict[str, Any]:
    return {"model": model, "content": list(content) or [PROMPT], **fields}


def check(request: dict[str, Any]) -> CheckedCreate:
    """Checks a body the way a route does: as bytes first."""
    return check_create(parse_json_object(json.dumps(request).encode()), MODELS.get)


def refusal(request: dict[str, Any]) -> SeedgateError:
    with pytest.raises(SeedgateError) as caught:
        check(request)
    assert caught.value.status in {400, 404}
    return caught.value


def code_and_param(request: dict[str, Any]) -> tuple[str, str | None]:
    error = refusal(request)
    return error.code, error.param
