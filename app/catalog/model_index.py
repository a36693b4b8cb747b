"""Finds models by the names that clients send, and what an upstream account calls them. Pure."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice

from app.catalog.model_spec import ModelSpec
from app.channels.channel import Channel

_MAX_SUGGESTIONS = 3
# Clients may often ask for unknown models, so the cost is bounded: a comparison takes some microseconds, and whether a
# model is served may depend on each of its names in each channel.
_MAX_COMPARED = 500
_MAX_CHECKED = 20
# No name is longer; a client may send as much as a body holds.
_MAX_NAME_LENGTH = 128


class ModelIndex:
    """All models at one moment.

    Attributes:
        models: in the operator's order.
        names: the name of each model, by all of its spellings: name and aliases.
    """

    def __init__(self, models: Iterable[ModelSpec]) -> None:
        self.models = tuple(models)
        # A name takes precedence over an equal alias of another model.
        aliases = {alias: model for model in self.models for alias in model.aliases}
        self._by_spelling: Mapping[str, ModelSpec] = aliases | {model.name: model for model in self.models}
        self.names: Mapping[str, str] = {spelling: model.name for spelling, model in self._by_spelling.items()}

    def find(self, spelling: str) -> ModelSpec | None:
        """Returns the model with this name or alias, or None."""
        return self._by_spelling.get(spelling)

    def spellings_of_all(self, spellings: Iterable[str]) -> tuple[str, ...]:
        """Returns all spellings of the models with these spellings; an unknown spelling is returned itself."""
        models = [(spelling, self.find(spelling)) for spelling in spellings]
        return tuple(each for spelling, model in models for each in (model.spellings if model else (spelling,)))


def nearest(text: str, models: Iterable[ModelSpec], is_served: Callable[[ModelSpec], bool]) -> list[str]:
    """Returns up to three spellings that are similar to ``text``, the most similar first.

    Args:
        text: the name that a client sent.
        models: at most one spelling of each is returned. Only 500 spellings are compared, names before aliases.
        is_served: whether a model may be returned; called for the twenty most similar only.
    """
    wanted = _pairs(text[:_MAX_NAME_LENGTH])
    listed = tuple(models)
    aliases = ((model, alias) for model in listed for alias in model.aliases)
    spellings = chain(((model, model.name) for model in listed), aliases)
    best: dict[str, tuple[float, str, ModelSpec]] = {}
    for model, spelling in islice(spellings, _MAX_COMPARED):
        similarity = _similarity(wanted, _pairs(spelling))
        if model.name not in best or similarity > best[model.name][0]:
            best[model.name] = (similarity, spelling, model)
    ranked = sorted(best.values(), key=lambda found: found[0], reverse=True)
    served = (spelling for _, spelling, model in ranked[:_MAX_CHECKED] if is_served(model))
    return list(islice(served, _MAX_SUGGESTIONS))


def upstream_id_on(channel: Channel, model: ModelSpec) -> str | None:
    """Returns the ``model`` that a channel's upstream is sent; None when it does not serve the model.

    The channel's own setting for the model, under any of its spellings, takes precedence over the region's.
    """
    for spelling in model.spellings:
        if spelling in channel.models:
            return channel.models[spelling]
    return model.regions.get(channel.region, model.upstream_id)


def serves(channel: Channel, model: ModelSpec) -> bool:
    """Whether a channel's upstream has the model."""
    return upstream_id_on(channel, model) is not None


def _pairs(text: str) -> frozenset[str]:
    """Returns the pairs of adjacent characters (bigrams), of which a typo changes few."""
    lowered = f" {text.lower()} "
    return frozenset(lowered[index : index + 2] for index in range(len(lowered) - 1))


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Returns the Sørensen-Dice coefficient of two sets, from 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other))
