"""What never reaches a log: keys, tokens, face verification links, signed addresses, bodies.

Three nets, because each has holes of its own: what is named like a secret, what looks like one, and the very texts
that the settings hold.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    Rule(("bearer",), re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), rf"\1{MASK}"),
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
    Rule(("/callbacks/",), re.compile(r"(?i)(/callbacks/)[^\s/?#\"'<>\\]+"), rf"\1{MASK}"),
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

_SHORTEST_HIDDEN = 8
_hidden: dict[str, None] = {}


def hide(texts: Iterable[str]) -> None:
    """Masks these very texts wherever they turn up from now on: secrets of this process that look like nothing.

    Of less than eight characters none is, because too much else would be masked with it.
    """
    _hidden.update(dict.fromkeys(text for text in texts if len(text) >= _SHORTEST_HIDDEN))


def redact(value: Any) -> Any:
    """Returns ``value`` with every secret in its strings masked, at any depth."""
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, Mapping):
        return {name: MASK if _is_secret_name(name) else redact(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [redact(item) for item in value]
    return value


def _redact_text(text: str) -> str:
    for hidden in _hidden:
        text = text.replace(hidden, MASK)
    lowered = text.lower()
    for rule in SECRET_PATTERNS:
        if any(sign in lowered for sign in rule.signs):
            text = rule.pattern.sub(rule.replacement, text)
    return text


def _is_secret_name(name: object) -> bool:
    return isinstance(name, str) and name.lower().replace("_", "").replace("-", "") in SECRET_NAMES
