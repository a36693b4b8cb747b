r"""Removes secrets from logs: keys, tokens, face verification links, signed URLs, bodies.

There are three filters, because none is complete: by the name of a field, by the form of the text, and by the exact
secrets from the settings. The last two are applied again to the text with its escapes decoded, because a client may
send a key as ``sg%252d…`` and a library may print it as ``sg\u002d…``.
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
"""Names in lower case, without ``_`` and ``-``: one entry for ``BytedToken`` and ``byted_token``."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A secret recognised by its form.

    Attributes:
        signs: lower-case texts, one of which every match contains. Most texts contain none, and searching for a sign
            costs a hundredth of trying a pattern.
        pattern: the form of the secret.
        replacement: the text written instead, or a function that returns it.
    """

    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]

    def mask(self, text: str) -> str:
        """Returns a text with every secret of this form masked."""
        return self.pattern.sub(self.replacement, text)


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A secret recognised by the name before it.

    Attributes:
        signs: as in ``Rule``.
        name: matches everything up to the value; its first group is the name.
        is_secret: whether the value of a name is masked.
        value: matches the value, where ``name`` ends.
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
    """Masks the query of a URL: it is useless in a log, and any part of it may be a signature."""
    return found[0] if found[2] is None else f"{found[1]}?{MASK}"


_SECRET_WORDS = re.compile(r"(?i)token|secret|signature|credential|accesskey|password")
_MAX_NAME_LENGTH = 64
# Without "body", which is a common word in texts.
_SECRET_NAME_ENDINGS = tuple(SECRET_NAMES - {"body"})
_MIN_NAME_LENGTH = min(map(len, _SECRET_NAME_ENDINGS))
_SECRET_HEADER_ENDINGS = ("authorization", "cookie")


def _is_secret_field(name: str) -> bool:
    return _SECRET_WORDS.search(name) is not None


def _is_secret_in_text(name: str) -> bool:
    return len(name) >= _MIN_NAME_LENGTH and _normalize(name[-_MAX_NAME_LENGTH:]).endswith(_SECRET_NAME_ENDINGS)


def _is_secret_header(name: str) -> bool:
    return name.lower().endswith(_SECRET_HEADER_ENDINGS)


def _normalize(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


# Clients choose some of the logged text, such as paths, so the cost of a pattern must be linear: no two attempts of one
# pattern may read the same characters. Repetitions are therefore possessive (`++`), and a URL or a field is matched as
# a whole before its name is checked. A word may follow a Chinese character, hence ``(?a:\b)``.
SECRET_PATTERNS: Sequence[Rule | NamedValue] = (
    # The public part of an API key and of an admin token stays, so that operators can search for it.
    Rule(("sg-", "sga-"), re.compile(r"(sga?+-[0-9A-Za-z]++-)[0-9A-Za-z]{8,}"), rf"\1{MASK}"),
    Rule(("sgsk",), re.compile(r"(?a:\b)SGSK[0-9A-Za-z]{8,}"), MASK),
    Rule(("bearer", "basic"), re.compile(r"(?i)(?a:\b)((?:bearer|basic)[\s+]++)[^\s\"',;+]+"), rf"\1{MASK}"),
    Rule(("credential=",), re.compile(r"(?i)(?a:\b)(credential=)[^/\s,]+"), rf"\1{MASK}"),
    Rule(("signature=",), re.compile(r"(?i)(?a:\b)(signature=)[^\s&\"',]+"), rf"\1{MASK}"),
    Rule(("://",), re.compile(r"(?i)(?a:\b)(https?://[^\s?\"'<>]++)(?:\?([^\s\"'<>]++))?"), _without_query),
    NamedValue(("?", "&"), re.compile(r"[?&]([\w.-]++)="), _is_secret_field, re.compile(r"[^&\s\"']++")),
    # A pair in a text: a member of JSON, a Python repr, a header or a form; masked values are skipped.
    NamedValue(
        ("=", ":"),
        re.compile(r"(?<![\w-])([\w-]++)[\"']?\s{0,4}+[:=]\s{0,4}+[\"']?"),
        _is_secret_in_text,
        re.compile(r"(?!\[redacted\])[^\s\"',;&}\])]++"),
    ),
    # The whole value of these headers, whatever the scheme.
    NamedValue(
        ("authorization", "cookie"),
        re.compile(r"(?<![\w-])([\w-]++)[\"']?\s{0,4}+[:=]\s{0,4}+[\"']?"),
        _is_secret_header,
        re.compile(r"(?!\[redacted\]\s*+(?:[\"']|\Z))[^\r\n\"']++"),
    ),
    # The token in links to copies: the path of one of ours, or its whole URL.
    Rule(("media",), re.compile(r"(?i)((?a:\b)media[/\\;%.]{1,40})[0-9A-Za-z_%-]{40,}+"), rf"\1{MASK}"),
    # The token in callback URLs.
    Rule(("callbacks",), re.compile(r"(?i)((?a:\b)callbacks[/\\;%.]{1,40})[^\s\"'<>]+"), rf"\1{MASK}"),
    Rule(("whsec_",), re.compile(r"(?a:\b)(whsec_)[0-9A-Za-z+/=_-]+"), rf"\1{MASK}"),
    # After this word PostgreSQL repeats values, at worst the whole row, up to SQLAlchemy's statement or the next
    # traceback.
    Rule(
        ("detail:",),
        re.compile(r"(DETAIL:\s{0,4})[\s\S]*?(?=\[SQL|\n\nThe above exception|\n\nDuring handling|\Z)"),
        rf"\1{MASK} ",
    ),
    Rule(("aklt", "aktp"), re.compile(r"(?a:\b)(?:AKLT|AKTP)[0-9A-Za-z]{8,}"), MASK),
    Rule(("://",), re.compile(r"(://[^:@/\s]*+:)[^@/\s]++(?=@)"), rf"\1{MASK}"),
)

_ANY_SIGN = re.compile("|".join(re.escape(sign) for rule in SECRET_PATTERNS for sign in rule.signs))
# Each decoding reads the whole text; nested `%25` are decoded at once, whatever their depth.
_MAX_DECODINGS = 5
_NESTED_PERCENT = re.compile(r"%(?:25)+(?=[0-9A-Fa-fu]{2})")
_U_ESCAPE = re.compile(r"%u([0-9A-Fa-f]{4})")
_BACKSLASH_ESCAPE = re.compile(r"(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|/)")
# Long enough for an API key, whose characters base64 encodes as letters and digits only.
_MIN_BASE64_LENGTH = 32
_BASE64 = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]{{{_MIN_BASE64_LENGTH},}}+")
MAX_TEXT_CHARACTERS = 4 * 1024
"""Longer texts are truncated first: redaction costs up to 2 µs a character, in six passes."""

MAX_TRACEBACK_CHARACTERS = 16 * 1024
"""The same for tracebacks, which are longer and contain little text from clients."""

_MIN_HIDDEN_LENGTH = 8
_hidden: dict[str, None] = {}


def hide(texts: Iterable[str]) -> None:
    """Registers secrets of this process, which have no recognisable form, to be masked everywhere.

    Texts of less than eight characters are ignored, because they would mask unrelated text.
    """
    for text in texts:
        if len(text) >= _MIN_HIDDEN_LENGTH:
            # Form encoding turns blanks into plus signs, and its decoding plus signs into blanks.
            _hidden.update(dict.fromkeys((text, text.replace("+", " "), text.replace(" ", "+"))))


def redact(value: Any, *, max_characters: int = MAX_TEXT_CHARACTERS) -> Any:
    """Returns a value of any type with all secrets in its strings masked, at any depth, and long strings truncated."""
    if isinstance(value, str):
        return _redact_text(value, max_characters)
    if isinstance(value, Mapping):
        return {
            _redact_name(name): MASK if _is_secret_name(name) else redact(item, max_characters=max_characters)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple | set):
        return [redact(item, max_characters=max_characters) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    # The logger would write the same ``repr`` without masking.
    return _redact_text(repr(value), max_characters)


def _redact_name(name: Any) -> Any:
    """Returns a member's name, which may contain a secret itself."""
    if name is None or isinstance(name, bool | int | float):
        return name
    return _redact_text(name if isinstance(name, str) else repr(name), MAX_TEXT_CHARACTERS)


def _redact_text(text: str, max_characters: int) -> str:
    """Returns a text with its secrets masked; it is only returned decoded if that reveals a secret."""
    shown = current = _mask(_truncate(text, max_characters))
    for _ in range(_MAX_DECODINGS):
        decoded = _decode(current)
        if decoded == current:
            break
        current = _mask(decoded)
        if current != decoded:
            shown = current
    return shown


def _decode(text: str) -> str:
    """Returns a text with the escapes of URLs, JSON, JavaScript and Python decoded once."""
    if "%" in text:
        text = unquote(_U_ESCAPE.sub(_character, _NESTED_PERCENT.sub("%", text)))
    if "\\" in text:
        text = _BACKSLASH_ESCAPE.sub(_character, text)
    return text


def _character(found: re.Match[str]) -> str:
    digits = next((group for group in found.groups() if group is not None), None)
    return chr(int(digits, 16)) if digits is not None else "/"


def _mask_base64(found: re.Match[str]) -> str:
    """Masks a run of base64 that contains a secret, at whatever offset the encoding begins."""
    text = found[0]
    parts = []
    for start in range(4):
        end = len(text) - (1 if (len(text) - start) % 4 == 1 else 0)
        parts.append(base64.b64decode(text[start:end] + "=" * (-(end - start) % 4)))
    decoded = b"\n".join(parts).decode("ascii", "replace")
    return text if _mask_plain(decoded) == decoded else MASK


def _mask(text: str) -> str:
    masked = _mask_plain(text)
    return _BASE64.sub(_mask_base64, masked) if len(masked) >= _MIN_BASE64_LENGTH else masked


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


def _truncate(text: str, max_characters: int) -> str:
    """Truncates a text between words before it is redacted, so that no part of a secret remains."""
    if len(text) <= max_characters:
        return text
    head = text[:max_characters]
    kept = head[: max(head.rfind(" "), head.rfind("\n"), 0)]
    return f"{kept} … [{len(text) - len(kept)} more characters]"


def _is_secret_name(name: object) -> bool:
    return isinstance(name, str) and _normalize(name) in SECRET_NAMES
