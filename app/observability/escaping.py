"""Escaping of characters that control a terminal, are invisible, change the text direction or start a line. Pure."""

import json
import re

# The categories Cc, Cf, Cs, Zl and Zp of Unicode: control and format characters, surrogates, line separators.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def escape(text: str, *, keep: str = "") -> str:
    r"""Returns ``text`` with unsafe characters, but those in ``keep``, escaped as in Python: ``\x1b``, ``\u202e``."""
    if text.isprintable():
        return text
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _as_python(found[0]), text)


def escape_json(document: str) -> str:
    r"""Returns a JSON document of one line with unsafe characters escaped as in JSON: ``\u001b``."""
    if document.isprintable():
        return document
    return _UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1] if found[0] != "\x7f" else r"\u007f", document)


def _as_python(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
