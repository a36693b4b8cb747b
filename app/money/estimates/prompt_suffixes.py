"""Parameters that are written into a prompt: ``a kitten --resolution 1080p --dur 10``. Pure.

The upstream still reads them, for parameters that the body does not have; values of resolution and duration are checked
there, wrong others are ignored.

Source: reference ``upstream.md`` §1.3.
"""

import re
from collections.abc import Iterable, Mapping

_SUFFIX = re.compile(r"--(resolution|rs|ratio|rt|duration|dur|frames)\s+(\S+)")
_LONG_NAMES = {"rs": "resolution", "rt": "ratio", "dur": "duration"}
_MARK = "--"
# A prompt has a few hundred characters, and suffixes are at its end. Searching more of them would take long.
_MAX_SEARCHED = 16_384

UNREADABLE: Mapping[str, tuple[str, ...]] = dict.fromkeys(("resolution", "ratio", "duration", "frames"), ("",))
"""The suffixes of a prompt that is too long to be searched: each may be there, with any value."""

_NONE: Mapping[str, tuple[str, ...]] = {}


def read_suffixes(texts: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Returns the values of each parameter in the texts of a request, in their order, by the parameter's long name."""
    prompt = "\n".join(texts)
    if _MARK not in prompt:
        return _NONE
    if len(prompt) > _MAX_SEARCHED:
        return UNREADABLE
    found: dict[str, tuple[str, ...]] = {}
    for name, value in _SUFFIX.findall(prompt):
        long_name = _LONG_NAMES.get(name, name)
        found[long_name] = (*found.get(long_name, ()), value)
    return found
