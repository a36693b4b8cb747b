"""Gives a tenant upstream objects that have no owner."""

from collections.abc import Awaitable, Callable

from app.admin.reconcile.schemas import Adopt, AdoptedView
from app.assets.adoption import GroupAdoption
from app.assets.context import AssetsContext
from app.audit.log import Actor
from app.catalog.model_index import upstream_id_on
from app.catalog.service import ModelCatalog
from app.channels.channel import Channel, Plane
from app.channels.probe import explain
from app.creates.adoption import Adoption, AdoptionRefusedError
from app.errors import ConflictError, InvalidParameterError
from app.tasks.context import TasksContext
from app.tasks.recovery.adoption import TaskAdoption
from app.tenants.changes import check_tenant_found
from app.tenants.repository import AllTenants, KeyRepository
from app.upstream.ark import is_usable_id
from app.upstream.errors import UpstreamError


class AdoptionService:
    """Adopts upstream objects: only the operator can know their owner."""

    def __init__(self, tasks: TasksContext, assets: AssetsContext, catalog: ModelCatalog) -> None:
        self._sessions = tasks.sessions
        self._directory = tasks.directory
        self._catalog = catalog
        self._tasks = TaskAdoption(tasks)
        self._groups = GroupAdoption(assets)

    async def adopt(self, actor: Actor, tenant_id: str, wanted: Adopt) -> list[AdoptedView]:
        """Gives each object to the tenant unless it has an owner; returns the outcome of each, groups first.

        A task is attributed to the newest of the tenant's API keys, because the key that created it is not known.

        Raises:
            NotFoundError: 404, no such tenant.
            InvalidParameterError: 400, no such channel, or it is not active or lacks the credentials.
            ConflictError: 409, the tenant has no API key to attribute a task to.
        """
        key_id = await self._key_of(tenant_id, is_needed=bool(wanted.task_ids))
        channel = await self._channel(wanted)
        sharing = await self._directory.sharing(channel)
        index = await self._catalog.index()

        def name_of(upstream_model: str) -> str:
            names = (model.name for model in index.models if upstream_id_on(channel, model) == upstream_model)
            return next(names, upstream_model)

        async def task(upstream_id: str) -> tuple[Adoption, list[str]]:
            outcome = await self._tasks.adopt(
                actor,
                upstream_id,
                tenant_id=tenant_id,
                key_id=str(key_id),
                channel=channel,
                sharing=sharing,
                name_of=name_of,
            )
            return outcome, []

        async def group(upstream_id: str) -> tuple[Adoption, list[str]]:
            return await self._groups.adopt(actor, upstream_id, tenant_id=tenant_id, channel=channel)

        views = [await _outcome("group", group_id, group) for group_id in dict.fromkeys(wanted.group_ids)]
        return [*views, *[await _outcome("task", task_id, task) for task_id in dict.fromkeys(wanted.task_ids)]]

    async def _key_of(self, tenant_id: str, *, is_needed: bool) -> str | None:
        async with self._sessions() as session:
            check_tenant_found(await AllTenants(session).find(tenant_id))
            key = await KeyRepository(session, tenant_id).newest()
        if key is None and is_needed:
            raise ConflictError("InvalidAction", "The tenant has no API key to which its tasks could count: make one.")
        return None if key is None else key.id

    async def _channel(self, wanted: Adopt) -> Channel:
        channels = await self._directory.all(None)
        channel = next((each for each in channels if wanted.channel in {each.id, each.name}), None)
        if channel is None:
            raise InvalidParameterError("channel", "There is no channel with this id or name.")
        needs: dict[Plane, list[str]] = {"ark": wanted.task_ids, "openapi": wanted.group_ids}
        if not all(channel.is_ready_for(plane) for plane, ids in needs.items() if ids):
            text = "The channel is suspended, or has no credentials for these objects, so the upstream cannot be asked."
            raise InvalidParameterError("channel", text)
        return channel


async def _outcome(
    kind: str, upstream_id: str, adopt: Callable[[str], Awaitable[tuple[Adoption, list[str]]]]
) -> AdoptedView:
    """Returns the outcome for one object. A failed upstream call does not stop the adoption of the others."""
    if not is_usable_id(upstream_id):
        return AdoptedView(kind=kind, upstream_id=upstream_id, outcome=Adoption.NOT_FOUND.value)
    try:
        outcome, asset_ids = await adopt(upstream_id)
    except UpstreamError as error:
        return AdoptedView(kind=kind, upstream_id=upstream_id, outcome="failed", detail=explain(error))
    except (TimeoutError, AdoptionRefusedError) as error:
        detail = str(error) or "the upstream did not answer in time"
        return AdoptedView(kind=kind, upstream_id=upstream_id, outcome="failed", detail=detail)
    return AdoptedView(kind=kind, upstream_id=upstream_id, outcome=outcome.value, asset_ids=asset_ids)
