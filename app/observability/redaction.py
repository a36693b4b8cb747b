"""What never reaches a log: keys, tokens, face verification links, signed addresses."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

MASK = "[redacted]"

SECRET_NAMES = frozenset(
    {
        "access_key_id",
        "admin_token",
        "api_key",
        "ark_api_key",
        "authorization",
        "body",
        "bytedtoken",
        "callback_url",
        "callbackurl",
        "h5link",
        "key_text",
        "secret",
        "secret_access_key",
        "secret_key",
        "session_token",
        "token",
        "x-api-key",
        "x-security-token",
    }
)

SECRET_PATTERNS: Sequence[tuple[re.Pattern[str], str]] = (
    # A key of ours keeps its public part, which is what an operator looks for.
    (re.compile(r"(sg-[0-9A-Za-z]+-)[0-9A-Za-z]{8,}"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(credential=)[^/\s,]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(signature=)[^\s&\"',]+"), rf"\1{MASK}"),
    (
        re.compile(r"(?i)([?&](?:[\w.-]*(?:token|secret|signature|credential|accesskey)[\w.-]*)=)[^&\s\"']+"),
        rf"\1{MASK}",
    ),
    (re.compile(r"\b(?:AKLT|AKTP)[0-9A-Za-z]{8,}"), MASK),
    (re.compile(r"(?i)(postgres(?:ql)?(?:\+\w+)?://[^:@/\s]*:)[^@/\s]+(?=@)"), rf"\1{MASK}"),
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
    return isinstance(name, str) and name.lower() in SECRET_NAMES
