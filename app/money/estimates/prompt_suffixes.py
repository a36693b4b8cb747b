"""Parameters that are written into a prompt: ``a kitten --resolution 1080p --dur 10``. Pure.

The upstream still reads them, for parameters that the body does not have; values of resolution and duration are checked
there, wrong others are ignored. It reads all texts of a request as one prompt. Whether it reads ``--DUR 10`` is not
known.

Source: reference ``upstream.md`` §1.3.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

Suffixes = Mapping[str, tuple[str | None, ...]]
"""The values of parameters, in the order of the prompt, by the long names of the parameters.

A None says that the upstream may find no value of the parameter: its name is only written in another case.
"""

_SUFFIX = re.compile(r"--((?ai:resolution|rs|ratio|rt|duration|dur|frames))\s+(\S+)")
_LONG_NAMES = {"rs": "resolution", "rt": "ratio", "dur": "duration"}
_MARK = "--"
# A prompt has a few hundred characters, and suffixes are at its end. Searching more of them would take long.
_MAX_SEARCHED = 16_384

UNREADABLE: Suffixes = dict.fromkeys(("resolution", "ratio", "duration", "frames"), ("",))
"""The suffixes of a prompt that is too long to be searched: each may be there, with any value."""

_NONE: Suffixes = {}


def read_suffixes(content: Iterable[Mapping[str, Any]]) -> Suffixes:
    """Returns the parameters in the texts of a request.

    Args:
        content: checked items of the request, of which only those of type ``text`` have a ``text``.
    """
    prompt = "\n".join(item["text"] for item in content if item["type"] == "text")
    if _MARK not in prompt:
        return _NONE
    if len(prompt) > _MAX_SEARCHED:
        return UNREADABLE
    found: dict[str, tuple[str | None, ...]] = {}
    plain = set()
    for name, value in _SUFFIX.findall(prompt):
        lower = name.lower()
        long_name = _LONG_NAMES.get(lower, lower)
        found[long_name] = (*found.get(long_name, ()), value)
        if name == lower:
            plain.add(long_name)
    return {name: values if name in plain else (*values, None) for name, values in found.items()}
