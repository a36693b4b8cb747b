"""What a model takes in OpenAI's dialect. Pure.

The spec's two names have narrower limits than the upstream's model behind them. Those are the native API's; programs of
OpenAI's dialect send four seconds and other ratios as a matter of course.

Source: reference ``openai-videos.md`` §3, ``seconds``.
"""

from dataclasses import replace
from typing import Any

from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_spec import ModelSpec

_SHIPPED = {model.name: model for model in DEFAULT_MODELS}


def with_upstream_limits(model: ModelSpec) -> ModelSpec:
    """Returns a model with the lengths and the ratios of the upstream's model that it names.

    What the operator has changed in its row stays as it is.
    """
    shipped, upstream = _SHIPPED.get(model.name), _SHIPPED.get(model.upstream_id)
    if shipped is None or upstream is None or shipped is upstream:
        return model
    changes: dict[str, Any] = {}
    if _lengths(model) == _lengths(shipped):
        changes = _lengths(upstream)
    if model.ratios == shipped.ratios:
        changes["ratios"] = upstream.ratios
    return replace(model, **changes)


def _lengths(model: ModelSpec) -> dict[str, Any]:
    return {
        "duration_min": model.duration_min,
        "duration_max": model.duration_max,
        "is_auto_duration_allowed": model.is_auto_duration_allowed,
    }
