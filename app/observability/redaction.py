r"""What never reaches a log: keys, tokens, face verification links, signed addresses, bodies.

Three nets, because each has holes of its own: what is named like a secret, what looks like one, and the very texts
that the settings hold. The second and the third are cast again over what a text means once its escapes are decoded,
since a client may send a key as ``sg%252d…`` and a library may show it as ``sg\u002d…``.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

MASK = "[redacted]"

SECRET_NAMES = frozenset(
    {
        "accesskey",
        "accesskeyid",
        "admintoken",
        "apikey",
        "arkapikey",
        "authorization",
        "body",
        "bytedtoken",
        "callbacktoken",
        "callbackurl",
        "cookie",
        "h5link",
        "keytext",
        "password",
        "secret",
        "secretaccesskey",
        "secretkey",
        "sessiontoken",
        "token",
        "webhooksecret",
        "xapikey",
        "xsecuritytoken",
    }
)
"""In lower case and without ``_`` and ``-``: one entry for ``BytedToken`` and ``byted_token``."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that looks like a secret.

    Attributes:
        signs: texts in lower case, one of which is in every text that the pattern fits; a line is full of short texts
            that hold none, and looking for a sign costs a hundredth of trying a pattern.
        pattern: what it looks like.
        replacement: what is written instead, or what makes it from the match.
    """

    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]

    def mask(self, text: str) -> str:
        """Returns a text with every secret of this look masked."""
        return self.pattern.sub(self.replacement, text)


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A secret that is recognised by the name before it.

    Attributes:
        signs: as of ``Rule``.
        name: a name in its first group, and everything up to the value.
        is_secret: whether a value of this name is masked.
        value: what is masked, looked for where ``name`` ends.
    """

    signs: tuple[str, ...]
    name: re.Pattern[str]
    is_secret: Callable[[str], bool]
    value: re.Pattern[str]

    def mask(self, text: str) -> str:
        """Returns a text with the values of secret names masked."""
        pieces, end = [], 0
        for found in self.name.finditer(text):
            if found.start() < end or not self.is_secret(found[1]):
                continue
            value = self.value.match(text, found.end())
            if value is not None:
                pieces += [text[end : found.end()], MASK]
                end = value.end()
        return "".join([*pieces, text[end:]]) if pieces else text


def _without_query(found: re.Match[str]) -> str:
    """Masks the query of an address: it is of no use in a log, and any part of it may be what opens the address."""
    return found[0] if found[2] is None else f"{found[1]}?{MASK}"


_WORDS_OF_FIELDS = re.compile(r"(?i)token|secret|signature|credential|accesskey|password")
_LONGEST_NAME = 64
# A body is no single word, and the word is common.
_ENDS_OF_NAMES = tuple(SECRET_NAMES - {"body"})
_SHORTEST_NAME = min(map(len, _ENDS_OF_NAMES))
_NAMES_OF_LINES = ("authorization", "cookie")


def _is_secret_field(name: str) -> bool:
    return _WORDS_OF_FIELDS.search(name) is not None


def _is_secret_in_text(name: str) -> bool:
    return len(name) >= _SHORTEST_NAME and _squeezed(name[-_LONGEST_NAME:]).endswith(_ENDS_OF_NAMES)


def _is_secret_line(name: str) -> bool:
    return name.lower().endswith(_NAMES_OF_LINES)


def _squeezed(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


# Clients choose some of what is logged, such as paths, so the cost of a pattern is proportional to the text's length:
# no two attempts of one pattern may read the same run of characters. Repetitions are possessive (`++`) for that, and
# an address or a field is matched whole before it is decided whether it holds a secret. A word begins behind a Chinese
# character too, hence ``(?a:\b)``.
SECRET_PATTERNS: Sequence[Rule | NamedValue] = (
    # A key of ours keeps its public part, which is what an operator looks for.
    Rule(("sg-",), re.compile(r"(sg-[0-9A-Za-z]++-)[0-9A-Za-z]{8,}"), rf"\1{MASK}"),
    Rule(("sgsk",), re.compile(r"(?a:\b)SGSK[0-9A-Za-z]{8,}"), MASK),
    Rule(("bearer", "basic"), re.compile(r"(?i)(?a:\b)((?:bearer|basic)[\s+]++)[^\s\"',;+]+"), rf"\1{MASK}"),
    Rule(("credential=",), re.compile(r"(?i)(?a:\b)(credential=)[^/\s,]+"), rf"\1{MASK}"),
    Rule(("signature=",), re.compile(r"(?i)(?a:\b)(signature=)[^\s&\"',]+"), rf"\1{MASK}"),
    Rule(("://",), re.compile(r"(?i)(?a:\b)(https?://[^\s?\"'<>]++)(?:\?([^\s\"'<>]++))?"), _without_query),
    NamedValue(("?", "&"), re.compile(r"[?&]([\w.-]++)="), _is_secret_field, re.compile(r"[^&\s\"']++")),
    # A pair in a text: a member of JSON, a Python repr, a header or a form. What is masked already stays.
    NamedValue(
        ("=", ":"),
        re.compile(r"(?<![\w-])([\w-]++)[\"']?\s{0,4}+[:=]\s{0,4}+[\"']?"),
        _is_secret_in_text,
        re.compile(r"(?!\[redacted\])[^\s\"',;&}\])]++"),
    ),
    # Of these headers the whole value, of whichever scheme.
    NamedValue(
        ("authorization", "cookie"),
        re.compile(r"(?<![\w-])([\w-]++)[\"']?\s{0,4}+[:=]\s{0,4}+[\"']?"),
        _is_secret_line,
        re.compile(r"(?!\[redacted\]\s*+(?:[\"']|\Z))[^\r\n\"']++"),
    ),
    # The token in the address that the upstream calls back.
    Rule(("callbacks",), re.compile(r"(?i)((?a:\b)callbacks[/\\;%.]{1,40})[^\s\"'<>]+"), rf"\1{MASK}"),
    Rule(("whsec_",), re.compile(r"(?a:\b)(whsec_)[0-9A-Za-z+/=_-]+"), rf"\1{MASK}"),
    # PostgreSQL repeats values, at worst the whole row, behind this word; what follows is SQLAlchemy's statement, or
    # another error's traceback.
    Rule(
        ("detail:",),
        re.compile(r"(DETAIL:\s{0,4})[\s\S]*?(?=\[SQL|\n\nThe above exception|\n\nDuring handling|\Z)"),
        rf"\1{MASK} ",
    ),
    Rule(("aklt", "aktp"), re.compile(r"(?a:\b)(?:AKLT|AKTP)[0-9A-Za-z]{8,}"), MASK),
    Rule(("://",), re.compile(r"(://[^:@/\s]*+:)[^@/\s]++(?=@)"), rf"\1{MASK}"),
)

_ANY_SIGN = re.compile("|".join(re.escape(sign) for rule in SECRET_PATTERNS for sign in rule.signs))
# Every decoding passes over the whole text; `%25` within `%25` is undone in one of them, however deep.
_MAX_DECODINGS = 5
_NESTED_PERCENT = re.compile(r"%(?:25)+(?=[0-9A-Fa-fu]{2})")
_U_ESCAPE = re.compile(r"%u([0-9A-Fa-f]{4})")
_BACKSLASH_ESCAPE = re.compile(r"(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|/)")
# Long enough to hold a key of ours. Of letters, digits and hyphens, base64 makes letters and digits alone.
_SHORTEST_BASE64 = 32
_BASE64 = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]{{{_SHORTEST_BASE64},}}+")
MAX_TEXT_CHARACTERS = 4 * 1024
"""What is longer is cut before it is written: masking costs up to 2 µs a character, in six passes."""

MAX_TRACEBACK_CHARACTERS = 16 * 1024
"""The same for tracebacks, which are longer and whose text clients hardly choose."""

_SHORTEST_HIDDEN = 8
_hidden: dict[str, None] = {}


def hide(texts: Iterable[str]) -> None:
    """Masks these very texts wherever they turn up from now on: secrets of this process that look like nothing.

    Of less than eight characters none is, because too much else would be masked with it.
    """
    for text in texts:
        if len(text) >= _SHORTEST_HIDDEN:
            # A form writes a plus sign for a blank, and its decoder a blank for a plus sign.
            _hidden.update(dict.fromkeys((text, text.replace("+", " "), text.replace(" ", "+"))))


def redact(value: Any, *, most_characters: int = MAX_TEXT_CHARACTERS) -> Any:
    """Returns ``value`` with every secret in its strings masked, at any depth, and long strings cut.

    Args:
        value: of any type.
        most_characters: what is kept of each string; it bounds what masking one costs.
    """
    if isinstance(value, str):
        return _redact_text(value, most_characters)
    if isinstance(value, Mapping):
        return {
            _redact_name(name): MASK if _is_secret_name(name) else redact(item, most_characters=most_characters)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple | set):
        return [redact(item, most_characters=most_characters) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    # A logger would write the same of it, unmasked.
    return _redact_text(repr(value), most_characters)


def _redact_name(name: Any) -> Any:
    """Returns the name of a member, which may be a secret itself."""
    if name is None or isinstance(name, bool | int | float):
        return name
    return _redact_text(name if isinstance(name, str) else repr(name), MAX_TEXT_CHARACTERS)


def _redact_text(text: str, most_characters: int) -> str:
    """Returns a text with its secrets masked; decoded as far as it must be to find them, else as it was."""
    shown = current = _mask(_shortened(text, most_characters))
    for _ in range(_MAX_DECODINGS):
        decoded = _decode(current)
        if decoded == current:
            break
        current = _mask(decoded)
        if current != decoded:
            shown = current
    return shown


def _decode(text: str) -> str:
    """Returns a text with the escapes of addresses, JSON, JavaScript and Python decoded once."""
    if "%" in text:
        text = unquote(_U_ESCAPE.sub(_character, _NESTED_PERCENT.sub("%", text)))
    if "\\" in text:
        text = _BACKSLASH_ESCAPE.sub(_character, text)
    return text


def _character(found: re.Match[str]) -> str:
    digits = next((group for group in found.groups() if group is not None), None)
    return chr(int(digits, 16)) if digits is not None else "/"


def _mask_base64(found: re.Match[str]) -> str:
    """Masks a run of base64 that means a secret, wherever in the run the base64 begins."""
    text = found[0]
    parts = []
    for start in range(4):
        end = len(text) - (1 if (len(text) - start) % 4 == 1 else 0)
        parts.append(base64.b64decode(text[start:end] + "=" * (-(end - start) % 4)))
    decoded = b"\n".join(parts).decode("ascii", "replace")
    return text if _mask_plain(decoded) == decoded else MASK


def _mask(text: str) -> str:
    masked = _mask_plain(text)
    return _BASE64.sub(_mask_base64, masked) if len(masked) >= _SHORTEST_BASE64 else masked


def _mask_plain(text: str) -> str:
    for hidden in _hidden:
        text = text.replace(hidden, MASK)
    lowered = text.lower()
    if not _ANY_SIGN.search(lowered):
        return text
    for rule in SECRET_PATTERNS:
        if any(sign in lowered for sign in rule.signs):
            text = rule.mask(text)
    return text


def _shortened(text: str, most_characters: int) -> str:
    """Cuts a text before the patterns are tried, between words, so that no half of a secret is left."""
    if len(text) <= most_characters:
        return text
    head = text[:most_characters]
    kept = head[: max(head.rfind(" "), head.rfind("\n"), 0)]
    return f"{kept} … [{len(text) - len(kept)} more characters]"


def _is_secret_name(name: object) -> bool:
    return isinstance(name, str) and _squeezed(name) in SECRET_NAMES
