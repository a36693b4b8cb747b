"""Parses and checks a list of models of the operator: the setting ``SEEDGATE_MODELS`` or the admin API. Pure."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_spec import ModelSpec
from app.settings import Settings, naming


class SpellingTakenError(ValueError):
    """Two models share a name or an alias.

    Attributes:
        index: the place of the later model in the list.
        field: the field of that model, such as ``name`` or ``aliases.0``.
        reason: the message for the operator.
    """

    def __init__(self, index: int, field: str, reason: str) -> None:
        super().__init__(f"models[{index}].{field}: {reason}")
        self.index = index
        self.field = field
        self.reason = reason


def check_distinct(models: Sequence[ModelSpec]) -> None:
    """Checks that no name or alias is repeated among all models.

    Raises:
        SpellingTakenError: one is.
    """
    taken: dict[str, str] = {}
    for index, model in enumerate(models):
        fields = ["name", *(f"aliases.{position}" for position in range(len(model.aliases)))]
        for field, spelling in zip(fields, model.spellings, strict=True):
            if spelling in taken:
                raise SpellingTakenError(index, field, f"{spelling} appears twice; {taken[spelling]} has it already")
            taken[spelling] = model.name


def first_models(settings: Settings) -> Sequence[ModelSpec]:
    """Returns the models for an empty catalog.

    Raises:
        SettingError: ``SEEDGATE_MODELS`` contains none, or cannot be read.
    """
    with naming("MODELS"):
        return load_models(settings.models) if settings.models else DEFAULT_MODELS


def load_models(text_or_path: str) -> list[ModelSpec]:
    """Returns the models of the setting ``SEEDGATE_MODELS``, in their order.

    Args:
        text_or_path: JSON, or the path of a file that holds it: a list of specs, or an object that maps each
            public name to its spec without ``name``.

    Raises:
        ValueError: the file cannot be read, is not JSON, has no models, one is wrong or two share a name or an alias.
    """
    entries = _to_entries(_read_json(text_or_path))
    models = []
    for index, entry in enumerate(entries):
        try:
            models.append(ModelSpec.from_json(entry))
        except ValueError as error:
            raise ValueError(f"models[{index}]: {error}") from None
    if not models:
        raise ValueError("models: at least one is needed")
    check_distinct(models)
    return models


def _read_json(text_or_path: str) -> Any:
    text = text_or_path.strip()
    if not text.startswith(("[", "{")):
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"models: cannot read {text_or_path}: {error}") from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"models: not valid JSON: {error}") from None


def _to_entries(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [{"name": name, **spec} if isinstance(spec, dict) else spec for name, spec in value.items()]
    raise ValueError("models: expected a list of models, or an object of models by name")
