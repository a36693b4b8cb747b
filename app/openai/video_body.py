"""The body of a create at ``/v1/videos``: a multipart or urlencoded form, or JSON.

It is recognised by what it says, never by its bytes: an SDK sends a multipart form with a new boundary at each try. A
file counts by the hash of its bytes.
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from starlette.requests import Request

from app.catalog.model_index import ModelIndex
from app.core.json_hash import hash_json
from app.core.strict_json import parse_json_object
from app.creates.idempotency import CREATE_VIDEO
from app.errors import InvalidParameterError, RequestTooLargeError, SeedgateError
from app.http.body import BodyAdmission
from app.http.body_budget import HeldBody, KeySender, out_of_budget
from app.http.body_thread import MAX_LIGHT_BYTES, BodyThread
from app.http.media_type import begins_like_an_object
from app.http.query import decoded_pairs
from app.openai.create_request import Translated, translate
from app.openai.files import UploadedFile
from app.openai.form_fields import MAX_FIELDS, to_fields
from app.openai.multipart import MultipartReader
from app.tasks.creation.create_body import CreateBody
from app.tasks.validation.create import CheckedCreate, check_create
from app.webhooks.callback_url_policy import CallbackUrlPolicy

MAX_FORM_BYTES = 1024 * 1024
"""Of an urlencoded form, whose escapes are decoded at once; files come as multipart."""

_MULTIPART = re.compile(r"[ \t]*multipart/form-data[ \t]*(?:;|\Z)", re.IGNORECASE)
_FORM = re.compile(r"[ \t]*application/x-www-form-urlencoded[ \t]*(?:;|\Z)", re.IGNORECASE)

ResultT = TypeVar("ResultT")


class VideoBody(CreateBody):
    """The fields of a create, held in memory until they have been sent upstream.

    Attributes:
        translated: the native create, once it was checked.
    """

    route = CREATE_VIDEO

    def __init__(self, fields: dict[str, Any], held: HeldBody, *, is_light: bool) -> None:
        """``held`` accounts for the fields; ``is_light`` says that work on them takes no thread."""
        self._fields = fields
        self._held = held
        self._is_light = is_light
        self._hash: bytes | None = None
        self.translated: Translated | None = None

    async def identity(self, thread: BodyThread, tenant_id: str) -> bytes:
        """See ``CreateBody``."""
        return await self.value_hash(thread, tenant_id)

    async def value_hash(self, thread: BodyThread, tenant_id: str) -> bytes:
        """See ``CreateBody``: equal forms, and equal JSON, are equal."""
        if self._hash is None:
            self._hash = await self._run(thread, tenant_id, lambda: hash_json(_hashable(self._fields)))
        return self._hash

    async def check(
        self, thread: BodyThread, tenant_id: str, models: ModelIndex, targets: CallbackUrlPolicy
    ) -> CheckedCreate:
        """See ``CreateBody``; errors name the fields as the client wrote them.

        Raises:
            SeedgateError: 400 or 404, as ``translate`` and ``check_create``.
        """

        def check() -> CheckedCreate:
            translated = self.translated = translate(self._fields, models.find)
            return check_create(translated.body, lambda _: translated.model, targets=targets)

        return await self._run(thread, tenant_id, check)

    async def translate(self, thread: BodyThread, tenant_id: str, models: ModelIndex) -> Translated:
        """Returns the native create, which was not made yet where an earlier attempt answered this one.

        Raises:
            SeedgateError: 400 or 404, as ``translate``: the model may have been removed since then.
        """
        if self.translated is None:
            self.translated = await self._run(thread, tenant_id, lambda: translate(self._fields, models.find))
        return self.translated

    @property
    def model_as_written(self) -> str:
        """The model that the request names, unchecked; an empty text where it names none."""
        model = self._fields.get("model")
        return model if isinstance(model, str) else ""

    def renamed(self, error: SeedgateError) -> SeedgateError:
        """Returns an error of the create with the client's names."""
        return error if self.translated is None else self.translated.renamed(error)

    def drop(self) -> None:
        """See ``CreateBody``."""
        self._fields = {}
        if self.translated is not None:
            self.translated.body.pop("content", None)
        self._held.drop()

    def release(self) -> None:
        """See ``CreateBody``."""
        self.drop()
        self._held.release()

    async def _run(self, thread: BodyThread, tenant_id: str, work: Callable[[], ResultT]) -> ResultT:
        return work() if self._is_light else await thread.run_heavy(tenant_id, work)


@asynccontextmanager
async def read_body(
    request: Request, bodies: BodyAdmission, sender: KeySender, thread: BodyThread
) -> AsyncIterator[VideoBody]:
    """Yields the body of a create; it counts against the sender's share until it is released or the block ends.

    Raises:
        SeedgateError: as ``BodyAdmission.read``; 400, a form or JSON is malformed; 413, a picture is too large; 431,
            the head of a part is.
    """
    content_types = request.headers.getlist("content-type")
    if len(content_types) == 1 and _MULTIPART.match(content_types[0]):
        async with _read_multipart(request, bodies, sender, content_types[0]) as body:
            yield body
        return
    is_form = len(content_types) == 1 and _FORM.match(content_types[0]) is not None
    limit_bytes = MAX_FORM_BYTES if is_form else None
    async with bodies.read(request, sender, limit_bytes=limit_bytes, is_form_read=is_form) as held:
        read = _form_of if is_form and not begins_like_an_object(held.data) else parse_json_object
        fields = await thread.run(sender.tenant_id, held.data, read)
        is_light = len(held.data) <= MAX_LIGHT_BYTES
        # The parsed fields are as large.
        held.drop()
        yield VideoBody(fields, held, is_light=is_light)


@asynccontextmanager
async def _read_multipart(
    request: Request, bodies: BodyAdmission, sender: KeySender, content_type: str
) -> AsyncIterator[VideoBody]:
    reader, max_bytes = MultipartReader(content_type), bodies.max_bytes(sender)
    holding = bodies.open(sender, announced_bytes=0)
    try:
        async for piece in bodies.pieces(request, sender):
            grown_bytes = reader.feed(piece)
            if holding.size_bytes + grown_bytes > max_bytes:
                raise RequestTooLargeError(max_bytes)
            if not holding.grow(grown_bytes):
                raise out_of_budget()
        reader.finish()
        is_light = holding.size_bytes <= MAX_LIGHT_BYTES
        yield VideoBody(to_fields(reader.pairs), HeldBody(b"", holding), is_light=is_light)
    finally:
        holding.release()


def _form_of(data: bytes) -> dict[str, Any]:
    if data.count(b"&") >= MAX_FIELDS:
        raise InvalidParameterError(None, f"The form has more than {MAX_FIELDS} fields.")
    try:
        return to_fields(decoded_pairs(data))
    except UnicodeDecodeError:
        raise InvalidParameterError(None, "The request body is no form in UTF-8.") from None


def _hashable(value: Any) -> Any:
    """Returns a value in which files are their hashes, and cannot be mistaken for texts."""
    if isinstance(value, UploadedFile):
        return {"": value.sha256}
    if isinstance(value, dict):
        return {name: _hashable(member) for name, member in value.items()}
    return [_hashable(item) for item in value] if isinstance(value, list) else value
