"""The media types of bodies that are parsed as JSON. Pure.

Many clients label JSON differently: curl's ``-d``, urllib and wget as a form, fetch and axios label a string as
``text/plain``. These are accepted. A type that rules out JSON in UTF-8 is refused: text in another charset would be
decoded wrongly, and a task with a garbled prompt costs as much as a good one.
Source: RFC 9110 section 8.3, RFC 8259 section 8.1.
"""

import re
from collections.abc import Sequence
from enum import Enum

from app.core.strict_json import BOM
from app.errors import UnsupportedMediaTypeError
from app.header_text import trim

READ = (
    "Read as JSON in UTF-8: no Content-Type, application/json, application/*+json, text/plain, "
    "application/octet-stream, and application/x-www-form-urlencoded when the body begins with `{`."
)
"""The sentence of error messages that lists the accepted types."""

_READ_TYPES = {"", "application/json", "text/plain", "application/octet-stream"}
_FORM = "application/x-www-form-urlencoded"
_SUFFIXED = re.compile(r"[!#$&^_.+a-z0-9-]+/[!#$&^_.+a-z0-9-]+\+json")
_CHARSETS = {"", "utf8"}
_NOT_IN_CHARSET = str.maketrans("", "", "\"'-_ \t")
# A client may send 64 KiB of parameters; a real type has some fifty characters.
_MAX_CHARACTERS = 1024
_MAX_SHOWN_CHARACTERS = 100
# After more blanks than this the JSON parser decides.
_MAX_BLANK_BYTES = 64 * 1024


class Reading(Enum):
    """How a body is read, judged by its headers."""

    JSON = "as JSON"
    JSON_OBJECT = "as JSON, if it begins like an object"
    REFUSED = "not at all"


def reading_of(content_types: Sequence[str]) -> Reading:
    """Returns how a body is read.

    Args:
        content_types: the values of every ``Content-Type``. Two of them are refused, because another reader may use the
            second one.
    """
    if len(content_types) > 1 or len("".join(content_types)) > _MAX_CHARACTERS:
        return Reading.REFUSED
    name, *parameters = content_types[0].split(";") if content_types else [""]
    name = trim(name).lower()
    # A quoted value may contain a semicolon, so this may find a charset that is none, but never misses one.
    if any(_is_other_charset(parameter) for parameter in parameters):
        return Reading.REFUSED
    if name == _FORM:
        return Reading.JSON_OBJECT
    return Reading.JSON if name in _READ_TYPES or _SUFFIXED.fullmatch(name) else Reading.REFUSED


def begins_like_an_object(body: bytes) -> bool:
    """Whether the first byte of a body that is not a blank is ``{``; a body of only blanks passes."""
    beginning = body[:_MAX_BLANK_BYTES].removeprefix(BOM).lstrip()
    return not beginning or beginning.startswith(b"{")


def unsupported_type(content_types: Sequence[str]) -> UnsupportedMediaTypeError:
    """Returns the 415 that names the received types and the accepted ones."""
    return UnsupportedMediaTypeError(f"A request body of type `{_shown(content_types)}` is not supported. {READ}")


def unsupported_encoding(encodings: Sequence[str]) -> UnsupportedMediaTypeError:
    """Returns the 415 for a compressed body."""
    received = _shown(encodings)
    return UnsupportedMediaTypeError(
        f"A request body with Content-Encoding `{received}` is not supported. Send it as it is."
    )


def _shown(values: Sequence[str]) -> str:
    """Returns the beginning of a header's values, which may be 64 KiB of any bytes, as printable ASCII."""
    text = ", ".join(values[:2])[:_MAX_SHOWN_CHARACTERS]
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def _is_other_charset(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return trim(name).lower() == "charset" and value.lower().translate(_NOT_IN_CHARSET) not in _CHARSETS
