"""The body of a create, in the dialect of its route: how it is recognised when it is sent again, and checked."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from app.catalog.model_index import ModelIndex
from app.core.json_hash import hash_json
from app.core.strict_json import parse_json_object
from app.creates.idempotency import CREATE_TASK
from app.http.body_budget import HeldBody
from app.http.body_thread import BodyThread, sha256_of
from app.tasks.validation.create import CheckedCreate, check_create
from app.webhooks.callback_url_policy import CallbackUrlPolicy

ResultT = TypeVar("ResultT")


class CreateBody(ABC):
    """A body that is held in memory until it has been sent upstream.

    Attributes:
        route: of the fingerprint (``app.creates.attempts.RequestFingerprint``); each dialect has its own.
    """

    route: str

    @abstractmethod
    async def identity(self, thread: BodyThread, tenant_id: str) -> bytes:
        """Returns the hash by which a plain retry of the create is recognised."""

    @abstractmethod
    async def value_hash(self, thread: BodyThread, tenant_id: str) -> bytes:
        """Returns the hash by which the create is recognised that an ``Idempotency-Key`` identifies."""

    @abstractmethod
    async def check(
        self, thread: BodyThread, tenant_id: str, models: ModelIndex, targets: CallbackUrlPolicy
    ) -> CheckedCreate:
        """Returns the checked request.

        Raises:
            SeedgateError: 400 or 404, as ``check_create``.
        """

    @abstractmethod
    def drop(self) -> None:
        """Drops the body. Its size still counts, because the checked request is as large."""

    @abstractmethod
    def release(self) -> None:
        """Drops the body and returns its share of the budget; later calls have no effect."""


class NativeBody(CreateBody):
    """The body of ``POST …/tasks``, which is recognised by its bytes."""

    route = CREATE_TASK

    def __init__(self, held: HeldBody) -> None:
        self._held = held

    async def identity(self, thread: BodyThread, tenant_id: str) -> bytes:  # noqa: ARG002 - a hash of bytes is short work
        """See ``CreateBody``."""
        return await sha256_of(self._held.data)

    async def value_hash(self, thread: BodyThread, tenant_id: str) -> bytes:
        """See ``CreateBody``; it takes as much work as parsing the body."""
        return await self._run(thread, tenant_id, lambda data: hash_json(parse_json_object(data)))

    async def check(
        self, thread: BodyThread, tenant_id: str, models: ModelIndex, targets: CallbackUrlPolicy
    ) -> CheckedCreate:
        """See ``CreateBody``."""
        return await self._run(
            thread, tenant_id, lambda data: check_create(parse_json_object(data), models.find, targets=targets)
        )

    def drop(self) -> None:
        """See ``CreateBody``."""
        self._held.drop()

    def release(self) -> None:
        """See ``CreateBody``."""
        self._held.release()

    async def _run(self, thread: BodyThread, tenant_id: str, work: Callable[[bytes], ResultT]) -> ResultT:
        return await thread.run(tenant_id, self._held.data, work)
