"""The query parameters of ``/v1/videos``."""

from dataclasses import dataclass

from app.errors import InvalidParameterError
from app.http.query import DeclaredQuery, query_parameter

_DEFAULT_LIMIT = 20
_MAX_LIMIT = 100
_MAX_ID_LENGTH = 128
_ORDERS = ("asc", "desc")

VIDEO, THUMBNAIL, SPRITESHEET = "video", "thumbnail", "spritesheet"
_VARIANTS = (VIDEO, THUMBNAIL, SPRITESHEET)

LIST_QUERY = [
    query_parameter("limit", {"type": "integer", "minimum": 1, "maximum": _MAX_LIMIT, "default": _DEFAULT_LIMIT}),
    query_parameter("after", {"type": "string"}, "`last_id` of the previous page"),
    query_parameter("order", {"type": "string", "enum": [*_ORDERS], "default": _ORDERS[1]}, "of the creation"),
]
CONTENT_QUERY = [
    query_parameter(
        "variant",
        {"type": "string", "enum": [*_VARIANTS], "default": VIDEO},
        "`thumbnail` is the last frame, if the video was made with `return_last_frame`",
    )
]


@dataclass(frozen=True)
class ListQuery:
    """A page of a list: its size, the id after which it begins, and the order."""

    limit: int
    after: str | None
    is_descending: bool


def parse_list(query: DeclaredQuery) -> ListQuery:
    """Reads ``limit`` (1 to 100, default 20), ``after`` and ``order`` (``desc`` by default).

    Raises:
        InvalidParameterError: 400, one of them is malformed.
    """
    text = query.one("limit") or str(_DEFAULT_LIMIT)
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_LIMIT))
    if not is_number or not 1 <= int(text) <= _MAX_LIMIT:
        raise InvalidParameterError("limit", f"`limit` must be an integer from 1 to {_MAX_LIMIT}.")
    order = query.one("order") or _ORDERS[1]
    if order not in _ORDERS:
        raise InvalidParameterError("order", f"`order` must be {' or '.join(_ORDERS)}.")
    after = query.one("after") or None
    if after is not None and (len(after) > _MAX_ID_LENGTH or not after.isprintable()):
        raise unknown_after()
    return ListQuery(int(text), after, order == _ORDERS[1])


def unknown_after() -> InvalidParameterError:
    """Returns the error for an ``after`` that is no video of the tenant."""
    return InvalidParameterError("after", "`after` is the id of no video of yours.")


def parse_variant(query: DeclaredQuery) -> str:
    """Reads which file of a video is asked for.

    Raises:
        InvalidParameterError: 400, it is not known, or there is none of it.
    """
    variant = query.one("variant") or VIDEO
    if variant not in _VARIANTS:
        raise InvalidParameterError("variant", f"`variant` must be one of {', '.join(_VARIANTS)}.")
    if variant == SPRITESHEET:
        raise InvalidParameterError("variant", "There are no sprite sheets of videos here.")
    return variant
