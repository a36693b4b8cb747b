r"""What never reaches a log: keys, tokens, face verification links, signed addresses, bodies.

Three nets, because each has holes of its own: what is named like a secret, what looks like one, and the very texts
that the settings hold. The second and the third are cast again over what a text means once its escapes are decoded,
since a client may send a key as ``sg%252d…`` and a library may show it as ``sg\u002d…``.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

MASK = "[redacted]"

SECRET_NAMES = frozenset(
    {
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
        replacement: what is written instead.
    """

    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str


_NAMES_IN_TEXT = (
    r"byted_?token|h5_?link|callback_?token|(?:secret_?)?access_?key(?:_?id)?|secret_?key|session_?token"
    r"|(?:x-|ark_?)?api[_-]?key|admin_?token|password|x-security-token"
)

# Clients choose some of what is logged, such as paths, so no pattern may look at a long text again and again.
SECRET_PATTERNS: Sequence[Rule] = (
    # A key of ours keeps its public part, which is what an operator looks for.
    Rule(("sg-",), re.compile(r"(sg-[0-9A-Za-z]+-)[0-9A-Za-z]{8,}"), rf"\1{MASK}"),
    Rule(("sgsk",), re.compile(r"\bSGSK[0-9A-Za-z]{8,}"), MASK),
    Rule(("bearer", "basic"), re.compile(r"(?i)\b((?:bearer|basic)[\s+]+)[^\s\"',;+]+"), rf"\1{MASK}"),
    Rule(("credential=",), re.compile(r"(?i)\b(credential=)[^/\s,]+"), rf"\1{MASK}"),
    Rule(("signature=",), re.compile(r"(?i)\b(signature=)[^\s&\"',]+"), rf"\1{MASK}"),
    # Of an address nobody needs the query, and any part of it may be what opens it.
    Rule(("://",), re.compile(r"(?i)\b(https?://[^\s?\"'<>]{1,2000}\?)[^\s\"'<>]+"), rf"\1{MASK}"),
    Rule(
        ("?", "&"),
        re.compile(
            r"(?i)([?&][\w.-]{0,40}(?:token|secret|signature|credential|accesskey|password)[\w.-]{0,40}=)[^&\s\"']+"
        ),
        rf"\1{MASK}",
    ),
    # A pair in a text: a member of JSON, a Python repr, a header or a form. What is masked already stays.
    Rule(
        ("=", ":"),
        re.compile(rf"(?i)(\b(?:{_NAMES_IN_TEXT})[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']?)(?!\[redacted\])[^\s\"',;&}}\])]+"),
        rf"\1{MASK}",
    ),
    # The token in the address that the upstream calls back.
    Rule(("callbacks",), re.compile(r"(?i)(\bcallbacks[/\\;%.]{1,40})[^\s\"'<>]+"), rf"\1{MASK}"),
    Rule(("whsec_",), re.compile(r"\b(whsec_)[0-9A-Za-z+/=_-]+"), rf"\1{MASK}"),
    # PostgreSQL repeats values, at worst the whole row, behind this word; what follows is SQLAlchemy's statement, or
    # another error's traceback.
    Rule(
        ("detail:",),
        re.compile(r"(DETAIL:\s{0,4})[\s\S]*?(?=\[SQL|\n\nThe above exception|\n\nDuring handling|\Z)"),
        rf"\1{MASK} ",
    ),
    Rule(("aklt", "aktp"), re.compile(r"\b(?:AKLT|AKTP)[0-9A-Za-z]{8,}"), MASK),
    Rule(("://",), re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,30}://[^:@/\s]{0,200}:)[^@/\s]{1,200}(?=@)"), rf"\1{MASK}"),
)

_ANY_SIGN = re.compile("|".join(re.escape(sign) for rule in SECRET_PATTERNS for sign in rule.signs))
# Every decoding passes over the whole text; `%25` within `%25` is undone in one of them, however deep.
_MAX_DECODINGS = 5
_NESTED_PERCENT = re.compile(r"%(?:25)+(?=[0-9A-Fa-fu]{2})")
_U_ESCAPE = re.compile(r"%u([0-9A-Fa-f]{4})")
_BACKSLASH_ESCAPE = re.compile(r"(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|/)")
# Long enough to hold a key of ours, and short enough to be no media. Of letters, digits and hyphens, base64 makes
# letters and digits alone.
_SHORTEST_BASE64 = 32
_BASE64 = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]{{{_SHORTEST_BASE64},4096}}+(?![A-Za-z0-9])")
MAX_TEXT_CHARACTERS = 16 * 1024
"""What is longer is cut before it is written. The worst text of this length costs some 40 ms."""

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


def redact(value: Any) -> Any:
    """Returns ``value`` with every secret in its strings masked, at any depth."""
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, Mapping):
        return {name: MASK if _is_secret_name(name) else redact(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [redact(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    # A logger would write the same of it, unmasked.
    return _redact_text(repr(value))


def _redact_text(text: str) -> str:
    """Returns a text with its secrets masked; decoded as far as it must be to find them, else as it was."""
    shown = current = _mask(_shortened(text))
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
    text = found[0]
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return text
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
            text = rule.pattern.sub(rule.replacement, text)
    return text


def _shortened(text: str) -> str:
    """Cuts a text before the patterns are tried, between words, so that no half of a secret is left."""
    if len(text) <= MAX_TEXT_CHARACTERS:
        return text
    head = text[:MAX_TEXT_CHARACTERS]
    kept = head[: max(head.rfind(" "), head.rfind("\n"), 0)]
    return f"{kept} … [{len(text) - len(kept)} more characters]"


def _is_secret_name(name: object) -> bool:
    return isinstance(name, str) and name.lower().replace("_", "").replace("-", "") in SECRET_NAMES
