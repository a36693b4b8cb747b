"""Checks the lists of allowed channels and allowed models of tenants and keys.

Channels are given by name or id and stored by id: a channel may be named in one list and given by id in another, and
a rename changes no list. Models are given by name or alias, and stored as given.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.catalog.model_index import ModelIndex, nearest
from app.catalog.service import ModelCatalog
from app.channels.repository import ChannelRepository
from app.errors import InvalidParameterError


async def to_channel_ids(sessions: async_sessionmaker[AsyncSession], wanted: Sequence[str] | None) -> list[str] | None:
    """Returns the ids of the channels in a list, in its order and without duplicates; None stays None.

    The id of a deleted channel is accepted, so that a stored list can be sent back unchanged.

    Raises:
        InvalidParameterError: 400, an entry is neither the name nor the id of a channel.
    """
    if wanted is None:
        return None
    async with sessions() as session:
        ids = await ChannelRepository(session).ids_by_word(wanted)
    for index, word in enumerate(wanted):
        if word not in ids:
            raise _not_found(f"allowed_channels[{index}]", "channel")
    return list(dict.fromkeys(ids[word] for word in wanted))


async def check_models(
    catalog: ModelCatalog, wanted: Sequence[str] | None, *, before: Sequence[str] | None = None
) -> None:
    """Checks that each entry of a list is the name or an alias of a model.

    Args:
        catalog: the models.
        wanted: the list; None allows every model.
        before: the stored list. Its entries are accepted even if the model has been removed, so that a stored list
            can be sent back unchanged.

    Raises:
        InvalidParameterError: 400, there is no such model; the message suggests the nearest names.
    """
    if wanted is None:
        return
    index = ModelIndex(await catalog.stored())
    kept = frozenset(before or ())
    for number, word in enumerate(wanted):
        if word not in kept and index.find(word) is None:
            names = nearest(word, index.models, lambda _model: True)
            raise _not_found(f"allowed_models[{number}]", "model", names)


def _not_found(path: str, kind: str, nearest_names: Sequence[str] = ()) -> InvalidParameterError:
    hint = f" The nearest are: {', '.join(nearest_names)}." if nearest_names else ""
    return InvalidParameterError(path, f"The parameter `{path}` is not valid: there is no such {kind}.{hint}")
