"""Checks the lists of allowed channels and allowed models of tenants and keys.

Channels are given by name or id and stored by id: a channel may be named in one list and given by id in another, and
a rename changes no list. Models are given by name or alias, and stored as given.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request

from app.admin.schemas import KeyCreate, TenantCreate
from app.catalog.model_index import ModelIndex, nearest
from app.catalog.service import ModelCatalog
from app.channels.repository import ChannelRepository
from app.errors import InvalidParameterError, shown_name
from app.limits.caps import UNFINISHED_TASKS_BY_MODEL
from app.tenants.models import ApiKeyRow, TenantRow


async def to_stored(
    request: Request,
    body: TenantCreate | KeyCreate,
    *,
    load: Callable[[], Awaitable[TenantRow | ApiKeyRow]] | None = None,
) -> dict[str, Any]:
    """Returns the sent members of a body as they are stored: lists are checked.

    Args:
        request: the request.
        body: the request body for a tenant or a key.
        load: loads the row that is to be changed, if there is one.

    Raises:
        InvalidParameterError: 400, there is no such channel or model.
        SeedgateError: as ``load``.
    """
    members = body.sent()
    if body.limits is not None and "limits" in members:
        members["limits"] = body.limits.stored()
        before = ((await load()).limits or {}).get(UNFINISHED_TASKS_BY_MODEL) if load is not None else None
        models = list(body.limits.unfinished_tasks_by_model or ())
        path = f"limits.{UNFINISHED_TASKS_BY_MODEL}.{{word}}"
        await _check_models(request.state.catalog, models, path, before=before)
    if "archive" in members:
        members["archive"] = members["archive"] == "on"
    if "allowed_models" in members:
        before = (await load()).allowed_models if load is not None else None
        wanted = members["allowed_models"]
        await _check_models(request.state.catalog, wanted, "allowed_models[{number}]", before=before)
    if "allowed_channels" in members:
        members["allowed_channels"] = await _to_channel_ids(request.state.sessions, members["allowed_channels"])
    return members


async def _to_channel_ids(sessions: async_sessionmaker[AsyncSession], wanted: Sequence[str] | None) -> list[str] | None:
    """Returns the ids of the channels in a list, in its order and without duplicates; None stays None.

    The id of a deleted channel is accepted, so that a stored list can be sent back unchanged.
    """
    if wanted is None:
        return None
    async with sessions() as session:
        ids = await ChannelRepository(session).ids_by_word(wanted)
    for index, word in enumerate(wanted):
        if word not in ids:
            raise _not_found(f"allowed_channels[{index}]", "channel")
    return list(dict.fromkeys(ids[word] for word in wanted))


async def _check_models(
    catalog: ModelCatalog, wanted: Sequence[str] | None, path: str, *, before: Iterable[str] | None = None
) -> None:
    """Checks that each entry is the name or an alias of a model; ``path`` is that of one, by its number or its word.

    The entries of the stored list, ``before``, are accepted even if the model has been removed, so that a stored list
    can be sent back unchanged.
    """
    if wanted is None:
        return
    index = ModelIndex(await catalog.stored())
    kept = frozenset(before or ())
    for number, word in enumerate(wanted):
        if word not in kept and index.find(word) is None:
            names = nearest(word, index.models, lambda _model: True)
            raise _not_found(path.format(number=number, word=shown_name(word)), "model", names)


def _not_found(path: str, kind: str, nearest_names: Sequence[str] = ()) -> InvalidParameterError:
    hint = f" The nearest are: {', '.join(nearest_names)}." if nearest_names else ""
    return InvalidParameterError(path, f"The parameter `{path}` is not valid: there is no such {kind}.{hint}")
