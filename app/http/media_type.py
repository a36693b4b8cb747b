"""Which bodies are read as JSON, by their media type. Pure.

Many clients send JSON under another name: curl's ``-d``, urllib and wget call it a form, fetch and axios call a string
``text/plain``. These are read. A name that rules out JSON in UTF-8 is believed: text in another charset would be taken
for other characters, and a task with a garbled prompt costs as much as a good one.
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
"""The sentence that tells a client what is read."""

_READ_TYPES = {"", "application/json", "text/plain", "application/octet-stream"}
_FORM = "application/x-www-form-urlencoded"
_SUFFIXED = re.compile(r"[!#$&^_.+a-z0-9-]+/[!#$&^_.+a-z0-9-]+\+json")
_CHARSETS = {"", "utf8"}
_NOT_IN_CHARSET = str.maketrans("", "", "\"'-_ \t")
# A client may send 64 KiB of parameters; a real type has some fifty characters.
_MOST_CHARACTERS = 1024
_MOST_SHOWN_CHARACTERS = 100
# Of what follows a longer run of blanks the JSON parser speaks.
_MOST_BLANK_BYTES = 64 * 1024


class Reading(Enum):
    """How a body is read, as far as its head tells."""

    JSON = "as JSON"
    JSON_OBJECT = "as JSON, if it begins like an object"
    REFUSED = "not at all"


def reading_of(content_types: Sequence[str]) -> Reading:
    """Returns how a body is read.

    Args:
        content_types: the values of every ``Content-Type`` that came. With two of them it is refused, since the next
            reader may believe the other one.
    """
    if len(content_types) > 1 or len("".join(content_types)) > _MOST_CHARACTERS:
        return Reading.REFUSED
    name, *parameters = content_types[0].split(";") if content_types else [""]
    name = trim(name).lower()
    # A quoted value may hold a semicolon, so this may find a charset too many, but never one too few.
    if any(_is_other_charset(parameter) for parameter in parameters):
        return Reading.REFUSED
    if name == _FORM:
        return Reading.JSON_OBJECT
    return Reading.JSON if name in _READ_TYPES or _SUFFIXED.fullmatch(name) else Reading.REFUSED


def begins_like_an_object(body: bytes) -> bool:
    """Says whether the first byte of a body that is no blank is ``{``; a body of blanks alone passes."""
    begun = body[:_MOST_BLANK_BYTES].removeprefix(BOM).lstrip()
    return not begun or begun.startswith(b"{")


def unsupported_type(content_types: Sequence[str]) -> UnsupportedMediaTypeError:
    """Returns the 415 that tells which types came, and which are read."""
    return UnsupportedMediaTypeError(f"A request body of type `{_shown(content_types)}` is not supported. {READ}")


def unsupported_encoding(encodings: Sequence[str]) -> UnsupportedMediaTypeError:
    """Returns the 415 of a compressed body, which tells how it came."""
    came = _shown(encodings)
    return UnsupportedMediaTypeError(
        f"A request body with Content-Encoding `{came}` is not supported. Send it as it is."
    )


def _shown(values: Sequence[str]) -> str:
    """Returns the beginning of what came in a header, which may be 64 KiB of any bytes, as printable ASCII."""
    text = ", ".join(values[:2])[:_MOST_SHOWN_CHARACTERS]
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def _is_other_charset(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return trim(name).lower() == "charset" and value.lower().translate(_NOT_IN_CHARSET) not in _CHARSETS
