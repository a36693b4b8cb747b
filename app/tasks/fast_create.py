"""The create of a task, answered without the framework: the same use case, from the bytes of the request.

Of the 890 µs that a create took beside its statements, 400 were uvicorn's cycle, FastAPI's and Starlette's layers, two
authentications, the watch for a disconnected client and the log line through structlog and redaction.

The response is byte for byte that of the route ``create_task``, errors included, and so are its log line, its metrics
and what holds for it: the key, the tenant's turn, the budget of bodies, and that its client may leave. Whatever is not
plain is left to the route (``app.tenants.fast_requests``), and so is a query, and a body that is large, compressed,
chunked or not JSON by its type. A request takes no turn of its network (``app.core.turns``): it is authenticated before
it begins.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from app.core.strict_json import to_json_bytes
from app.core.turns import Turns
from app.core.watched_event import WatchedEvent
from app.creates.sdk_retry_headers import is_marked_as_retry, read_idempotency_key
from app.errors import ServiceUnavailableError
from app.http.body import BodyAdmission
from app.http.body_budget import SMALL_BYTES, HeldBody, KeySender, out_of_budget
from app.http.head_parser import RequestHead
from app.http.media_type import Reading, reading_of
from app.ids import new_request_id
from app.observability.access_log import access_log, to_json_text
from app.observability.log_context import collecting_log_fields
from app.tasks.creation.create import ClientRequest, TaskCreation
from app.tasks.creation.create_body import NativeBody
from app.tasks.ready_answers import COLLECTION
from app.tenants.authentication import Authenticator
from app.tenants.fast_request import FastRequest, FastRoute
from app.tenants.fast_requests import FastRequests
from app.tenants.fast_responses import FastResponses
from app.tenants.permissions import Permission
from app.tenants.principal import Principal

_PATH = COLLECTION.encode("ascii")
_LOG_PATH = to_json_text(COLLECTION)
# Headers that say something about a create beside what ``FastRequests`` reads.
_MARKS = frozenset({b"idempotency-key", b"x-idempotency-key", b"x-stainless-retry-count", b"x-sdk-request"})
# Headers of proxies, which may hold a connection for longer than their client does.
_OF_PROXIES = frozenset({b"via", b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-real-ip"})
_MAX_TYPE_BYTES = 64
# Ids in which there is nothing to redact or to escape.
_PLAIN_ID = re.compile(r"cgt-[0-9]{14}-[a-z0-9]{5,16}")


class AdmittedCreate(NamedTuple):
    """A create that will be answered here.

    Attributes:
        request: who asks.
        authorization: with which key.
        marks: the headers of ``_MARKS``.
        is_direct: no proxy is known to be between us and the client.
    """

    request: FastRequest
    authorization: bytes
    marks: tuple[tuple[bytes, bytes], ...]
    is_direct: bool


class FastCreate:
    """Answers creates of tasks. One per process; see ``app.http.fast_path.FastExchange``.

    Args:
        requests: reads the requests.
        responses: writes the responses.
        authenticator: knows the keys.
        creation: the use case.
        bodies: the budget of bodies.
        turns: of the tenants.
    """

    def __init__(
        self,
        requests: FastRequests,
        responses: FastResponses,
        authenticator: Authenticator,
        creation: TaskCreation,
        *,
        bodies: BodyAdmission,
        turns: Turns,
    ) -> None:
        self._requests = requests
        self._responses = responses
        self._authenticator = authenticator
        self._creation = creation
        self._bodies = bodies
        self._turns = turns
        self._route = FastRoute("POST", COLLECTION)
        # The limits of all keys are equal.
        self._max_body_bytes = min(SMALL_BYTES - 1, bodies.max_bytes(KeySender("", "")))

    def admit(
        self,
        head: RequestHead,
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
    ) -> AdmittedCreate | None:
        """As ``FastExchange.admit``."""
        if head.raw_path != _PATH or head.method != "POST" or head.query or head.is_body_held_back:
            return None
        if not 0 < head.body_bytes <= self._max_body_bytes:
            return None
        marks: tuple[tuple[bytes, bytes], ...] = ()
        content_type = authorization = b""
        is_direct = self._requests.is_direct(peer)
        for name, value in head.headers:
            if name in _MARKS:
                marks += ((name, value),)
            elif name == b"content-encoding" or (name == b"content-type" and content_type):
                return None
            elif name == b"content-type":
                content_type = value or b" "
            elif name == b"authorization":
                authorization = value
            elif name in _OF_PROXIES:
                is_direct = False
        if not _is_json(content_type):
            return None
        request = self._requests.read(
            head, peer=peer, port=port, default_headers=default_headers, respond=respond, needed=Permission.TASKS
        )
        return None if request is None else AdmittedCreate(request, authorization, marks, is_direct)

    def answer(self, admitted: AdmittedCreate, body: bytes, gone: WatchedEvent) -> Coroutine[Any, Any, None]:
        """As ``FastExchange.answer``."""
        gone.is_prompt = admitted.is_direct
        principal = admitted.request.principal
        holding = self._bodies.open(KeySender(principal.tenant_id, principal.key_id), announced_bytes=len(body))
        # Only the held body refers to the bytes, so that they are gone once they have been sent.
        held = HeldBody(body, holding) if holding.grow(len(body)) else None
        return self._answer(admitted, held, gone)

    async def _answer(self, admitted: AdmittedCreate, held: HeldBody | None, gone: WatchedEvent) -> None:
        request = admitted.request
        request_id = new_request_id(self._requests.now())
        fields = {"tenant": request.principal.tenant_id, "key": request.principal.key_public_part}
        try:
            with collecting_log_fields(fields):
                task_id = await self._create(admitted, held, request_id, gone)
        except Exception as error:  # noqa: BLE001 - every exception has to become a response
            response = self._failure(request, error, request_id, fields)
        except asyncio.CancelledError:
            # The server does not wait any longer, and nothing was sent: otherwise the use case returns an id.
            response = self._failure(request, ServiceUnavailableError(internal="stopped"), request_id, fields)
        else:
            response = self._success(request, task_id, request_id, fields)
        finally:
            if held is not None:
                held.release()
        request.respond(response)

    async def _create(
        self, admitted: AdmittedCreate, held: HeldBody | None, request_id: str, gone: WatchedEvent
    ) -> str:
        """Returns the id of the task, as the route does."""
        # Again: the key may have been revoked or restricted while the body was arriving.
        principal = await self._identify(admitted)
        # Before anything else can be refused, so that refused requests count, too.
        await self._requests.count_create(principal)
        if held is None:
            raise out_of_budget()
        client = _to_client(admitted.marks, request_id, gone)
        turn = await self._turns.acquire(f"tenant {principal.tenant_id}")
        try:
            return await self._creation.create(principal, NativeBody(held), client)
        finally:
            turn.end()

    async def _identify(self, admitted: AdmittedCreate) -> Principal:
        authorization, address = admitted.authorization, admitted.request.address
        known = self._authenticator.recall(authorization, address, self._requests.now())
        principal = known or await self._authenticator.principal([(b"authorization", authorization)], address)
        principal.check_permission(Permission.TASKS)
        return principal

    def _success(self, request: FastRequest, task_id: str, request_id: str, fields: dict[str, str]) -> bytes:
        log_fields = ""
        if access_log.is_wanted:
            fields["task"] = task_id
            # The first two are the caller's.
            log_fields = "".join(f', "{name}": {_json_of(name, fields[name])}' for name in list(fields)[2:])
        return self._responses.success(
            request,
            self._route,
            to_json_bytes({"id": task_id}),
            log_path=_LOG_PATH,
            log_fields=log_fields,
            request_id=request_id,
        )

    def _failure(self, request: FastRequest, error: Exception, request_id: str, fields: dict[str, str]) -> bytes:
        return self._responses.failure(request, self._route, error, request_id=request_id, log_fields=fields)


def _to_client(marks: tuple[tuple[bytes, bytes], ...], request_id: str, gone: WatchedEvent) -> ClientRequest:
    """Returns the request as the use case takes it.

    Raises:
        InvalidParameterError: 400, the ``Idempotency-Key`` is not valid.
    """
    if not marks:
        return ClientRequest(id=request_id, gone=gone)
    first = {name.decode("ascii"): value.decode("latin-1") for name, value in reversed(marks)}
    return ClientRequest(
        id=request_id,
        idempotency_key=read_idempotency_key(marks),
        is_marked_retry=is_marked_as_retry(first),
        gone=gone,
    )


def _is_json(content_type: bytes) -> bool:
    return len(content_type) <= _MAX_TYPE_BYTES and _reads_as_json(content_type)


@lru_cache(maxsize=256)
def _reads_as_json(content_type: bytes) -> bool:
    values = [content_type.decode("latin-1")] if content_type else []
    return reading_of(values) is Reading.JSON


_kept_json_text = lru_cache(maxsize=1024)(to_json_text)


def _json_of(name: str, value: str) -> str:
    """Returns the value of a field of the log line; the channels recur."""
    if name == "channel":
        return _kept_json_text(value)
    return f'"{value}"' if _PLAIN_ID.fullmatch(value) else to_json_text(value)
