"""The models that a caller may use, as JSON."""

from app.catalog.model_index import ModelIndex
from app.catalog.model_spec import ModelSpec
from app.catalog.service import ModelCatalog
from app.catalog.upstream_limits import with_upstream_limits
from app.channels.directory import ChannelDirectory
from app.tasks.creation.routing import is_served_by_any
from app.tasks.shown_models import to_shown_model
from app.tenants.permissions import Permission
from app.tenants.principal import Principal


class RenderedModels:
    """The models as JSON, rendered once for each state of the catalog; a request executes no statement when warm."""

    def __init__(self, catalog: ModelCatalog, directory: ChannelDirectory) -> None:
        self._catalog = catalog
        self._directory = directory
        self._index = ModelIndex([])
        # By name, dialect, and whether the caller may use 4k.
        self._rendered: dict[tuple[str, bool, bool], bytes] = {}

    async def page(self, principal: Principal, *, is_openai: bool) -> bytes:
        """Returns the models of a caller, none if it may create no tasks.

        ``is_openai`` says that the limits are those of ``/v1/videos``; otherwise they are those of the native route.

        Raises:
            ServiceUnavailableError: 503, the database is not available.
        """
        index = await self._catalog.index()
        channels = await self._directory.all(principal.allowed_channels)
        allowed = principal.models(index.names) if _may_create(principal) else frozenset()
        found = [
            self._render(index, model, principal, is_openai=is_openai)
            for model in index.models
            if (allowed is None or model.name in allowed) and is_served_by_any(channels, model)
        ]
        return b'{"object":"list","data":[%b]}' % b",".join(found)

    async def one(self, principal: Principal, spelling: str, *, is_openai: bool) -> bytes | None:
        """Returns a model of a caller by its name or an alias; None when there is none that it may use.

        Raises:
            ServiceUnavailableError: 503, the database is not available.
        """
        index = await self._catalog.index()
        model = index.find(spelling)
        if model is None or not _may_create(principal) or not principal.may_use(model.spellings):
            return None
        channels = await self._directory.all(principal.allowed_channels)
        if not is_served_by_any(channels, model):
            return None
        return self._render(index, model, principal, is_openai=is_openai)

    def _render(self, index: ModelIndex, model: ModelSpec, principal: Principal, *, is_openai: bool) -> bytes:
        if index is not self._index:
            self._index, self._rendered = index, {}
        is_4k_allowed = Permission.RESOLUTION_4K in principal.permissions
        place = (model.name, is_openai, is_4k_allowed)
        found = self._rendered.get(place)
        if found is None:
            limited = with_upstream_limits(model) if is_openai else model
            shown = to_shown_model(limited, is_4k_allowed=is_4k_allowed)
            found = self._rendered[place] = shown.model_dump_json().encode()
        return found


def _may_create(principal: Principal) -> bool:
    return Permission.TASKS in principal.permissions
