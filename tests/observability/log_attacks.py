"""Texts with the highest cost of redaction for their length."""

from base64 import b64encode

_SHORT_IN_BASE64 = b64encode(b"http://a?b=c://d:e@sg-aa").decode()

UNITS = (
    "a",
    "a.",
    "a-",
    "a:",
    "a=",
    "http://",
    "https://",
    "http://a",
    "https://https:/",
    "https://x@",
    "https://a?",
    "://:",
    "a://b:c@",
    "x://" + "a:" * 100,
    "a" * 30 + "://" + "b" * 199,
    "?token",
    "&tokentoken",
    "&token=a ",
    "&" + "a" * 40,
    "api_key    ",
    "api_key=a ",
    "api_key:'",
    "accesskey",
    "signature=a ",
    "credential=a/",
    "DETAIL:",
    "callbacks%",
    "callbacks/",
    "bearer ",
    "bearer a ",
    "basic+",
    "sg-1-",
    "sg-",
    "SGSK",
    "AKLT",
    "whsec_",
    "\\\\u002f",
    "\\",
    "%",
    "%u",
    "a@",
    "%25",
    "%41",
    "%e4%b8",
    "Zm9v",
    _SHORT_IN_BASE64 + "-",
)
"""What is repeated."""


# Each decoding undoes one layer: `%%32d` is `%2d`, which is `-`. And a sign of every kind, so that no rule is skipped.
_HEAD = "%%%%%%333332d" + "callbacks://?&=:"


def long_text(unit: str, characters: int) -> str:
    """Returns a text of that length whose masking takes as many passes as there are."""
    return (_HEAD + unit * (characters // len(unit) + 1))[:characters]
