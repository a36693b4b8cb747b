"""Lists of allowed models: each entry is the name or an alias of a model, so that a misspelt one is not kept."""

from collections.abc import Sequence

from app.catalog.model_index import ModelIndex, nearest
from app.catalog.service import ModelCatalog
from app.errors import InvalidParameterError

_FIELD = "allowed_models"


async def check_models(
    catalog: ModelCatalog, wanted: Sequence[str] | None, *, before: Sequence[str] | None = None
) -> None:
    """Checks that each entry of a list is the name or an alias of a model.

    Args:
        catalog: of the models.
        wanted: the list; None allows every model.
        before: the list that the object has now. Its entries pass: a list can be sent back as it is shown, also when
            a model of it has been removed.

    Raises:
        InvalidParameterError: 400, there is no such model; the message names the nearest.
    """
    if wanted is None:
        return
    index = ModelIndex(await catalog.stored())
    kept = frozenset(before or ())
    for number, word in enumerate(wanted):
        if word not in kept and index.find(word) is None:
            path = f"{_FIELD}[{number}]"
            names = nearest(word, index.models, lambda _model: True)
            hint = f" The nearest are: {', '.join(names)}." if names else ""
            raise InvalidParameterError(path, f"The parameter `{path}` is not valid: there is no such model.{hint}")
