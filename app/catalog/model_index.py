"""The models by all that clients may call them, and what each is called in an upstream account. Pure."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice

from app.catalog.model_spec import ModelSpec
from app.channels.channel import Channel

_MAX_SUGGESTIONS = 3
# A client may ask often for what is not there. A comparison takes some microseconds, and to find out whether a model is
# served may take a look at each of its spellings in each channel.
_MAX_COMPARED = 500
_MAX_CHECKED = 20
# No name is longer; what a client sends may be as long as a body.
_MAX_NAME_LENGTH = 128


class ModelIndex:
    """All models at one moment.

    Attributes:
        models: in the operator's order.
        names: the name of each model by all that clients may call it.
    """

    def __init__(self, models: Iterable[ModelSpec]) -> None:
        self.models = tuple(models)
        # A name beats an alias, should the table hold both.
        aliases = {alias: model for model in self.models for alias in model.aliases}
        self._by_spelling: Mapping[str, ModelSpec] = aliases | {model.name: model for model in self.models}
        self.names: Mapping[str, str] = {spelling: model.name for spelling, model in self._by_spelling.items()}

    def find(self, spelling: str) -> ModelSpec | None:
        """Returns the model that a client calls so, or None."""
        return self._by_spelling.get(spelling)

    def spellings_of_all(self, spellings: Iterable[str]) -> tuple[str, ...]:
        """Returns all that the models may be called which a client calls so; an unknown one stands for itself."""
        models = [(spelling, self.find(spelling)) for spelling in spellings]
        return tuple(each for spelling, model in models for each in (model.spellings if model else (spelling,)))


def nearest(text: str, models: Iterable[ModelSpec], is_served: Callable[[ModelSpec], bool]) -> list[str]:
    """Returns up to three spellings that look like ``text``, the likest first.

    Args:
        text: what a client called a model.
        models: of each at most one spelling is returned. The names of them all are compared before any alias, since
            only so many spellings are compared.
        is_served: whether a model may be returned; asked of the likest twenty alone.
    """
    wanted = _pairs(text[:_MAX_NAME_LENGTH])
    listed = tuple(models)
    aliases = ((model, alias) for model in listed for alias in model.aliases)
    spellings = chain(((model, model.name) for model in listed), aliases)
    best: dict[str, tuple[float, str, ModelSpec]] = {}
    for model, spelling in islice(spellings, _MAX_COMPARED):
        likeness = _likeness(wanted, _pairs(spelling))
        if model.name not in best or likeness > best[model.name][0]:
            best[model.name] = (likeness, spelling, model)
    ranked = sorted(best.values(), key=lambda found: found[0], reverse=True)
    served = (spelling for _, spelling, model in ranked[:_MAX_CHECKED] if is_served(model))
    return list(islice(served, _MAX_SUGGESTIONS))


def upstream_id_on(channel: Channel, model: ModelSpec) -> str | None:
    """Returns what a channel's upstream is sent for a model; None when it does not serve it.

    What the channel says of the model, under whichever of its spellings, comes before what the model says of the
    channel's region.
    """
    for spelling in model.spellings:
        if spelling in channel.models:
            return channel.models[spelling]
    return model.regions.get(channel.region, model.upstream_id)


def serves(channel: Channel, model: ModelSpec) -> bool:
    """Whether a channel's upstream has the model."""
    return upstream_id_on(channel, model) is not None


def _pairs(text: str) -> frozenset[str]:
    """Returns the pairs of neighbouring characters, so that a slip of the pen changes few of them."""
    lowered = f" {text.lower()} "
    return frozenset(lowered[index : index + 2] for index in range(len(lowered) - 1))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Returns how much of two sets is in both, from 0 to 1 (the coefficient of Dice)."""
    return 2 * len(one & other) / (len(one) + len(other))
