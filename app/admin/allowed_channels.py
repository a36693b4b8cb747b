"""Lists of allowed channels: the operator writes names or ids, and ids are stored.

So a channel that one list names and the other gives by its id is in both, and a channel keeps its place when it is
renamed.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.repository import ChannelRepository
from app.errors import InvalidParameterError

_FIELD = "allowed_channels"


async def to_channel_ids(sessions: async_sessionmaker[AsyncSession], wanted: Sequence[str] | None) -> list[str] | None:
    """Returns the ids of the channels that a list names, in its order, each once; None stays None.

    The id of a deleted channel passes: a list that was written before can be sent back as it is shown.

    Raises:
        InvalidParameterError: 400, an entry is neither the name nor the id of a channel.
    """
    if wanted is None:
        return None
    async with sessions() as session:
        ids = await ChannelRepository(session).ids_by_word(wanted)
    for index, word in enumerate(wanted):
        if word not in ids:
            path = f"{_FIELD}[{index}]"
            raise InvalidParameterError(path, f"The parameter `{path}` is not valid: there is no such channel.")
    return list(dict.fromkeys(ids[word] for word in wanted))
