"""What never reaches a log: keys, tokens, face verification links, signed addresses."""

import re
from collections.abc import Mapping, Sequence
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
        "callbackurl",
        "h5link",
        "keytext",
        "password",
        "secret",
        "secretaccesskey",
        "secretkey",
        "sessiontoken",
        "token",
        "xapikey",
        "xsecuritytoken",
    }
)
"""In lower case and without ``_`` and ``-``: one entry for ``BytedToken`` and ``byted_token``."""

# Clients choose some of what is logged, such as paths, so no pattern may look at a long text again and again.
SECRET_PATTERNS: Sequence[tuple[re.Pattern[str], str]] = (
    # A key of ours keeps its public part, which is what an operator looks for.
    (re.compile(r"(sg-[0-9A-Za-z]+-)[0-9A-Za-z]{8,}"), rf"\1{MASK}"),
    # The upstream's way back: whoever has the token may speak for it.
    (re.compile(r"(?i)(/callbacks/)[^\s?\"'<>]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(credential=)[^/\s,]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(signature=)[^\s&\"',]+"), rf"\1{MASK}"),
    # Of an address nobody needs the query, and any part of it may be what opens it.
    (re.compile(r"(?i)\b(https?://[^\s?\"'<>]{1,2000}\?)[^\s\"'<>]+"), rf"\1{MASK}"),
    (
        re.compile(
            r"(?i)([?&][\w.-]{0,40}(?:token|secret|signature|credential|accesskey|password)[\w.-]{0,40}=)[^&\s\"']+"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"\b(?:AKLT|AKTP)[0-9A-Za-z]{8,}"), MASK),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,30}://[^:@/\s]{0,200}:)[^@/\s]{1,200}(?=@)"), rf"\1{MASK}"),
)


def redact(value: Any) -> Any:
    """Returns ``value`` with every secret in its strings masked, at any depth."""
    if isinstance(value, str):
        for pattern, replacement in SECRET_PATTERNS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {name: MASK if _is_secret_name(name) else redact(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [redact(item) for item in value]
    return value


def _is_secret_name(name: object) -> bool:
    return isinstance(name, str) and name.lower().replace("_", "").replace("-", "") in SECRET_NAMES
