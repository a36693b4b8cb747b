"""What a ``size`` means: a resolution and a ratio. Pure.

Clients of this dialect write pixels, which the upstream does not take. A size is an entry of the upstream's own table,
or the words of one, or pixels of about such a shape; what is too far from every shape is refused, since a video of
another shape costs as much.

Source: reference ``openai-videos.md`` §4.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from math import exp, log
from typing import NamedTuple

from app.create_parameters import PARAMETERS
from app.money.estimates.frame_sizes import FRAMES, Frame

MAX_DEVIATION = 1.13
"""How far a shape may be from the ratio that stands for it, as a factor."""

MAX_PIXELS_FACTOR = 16
"""How far the number of pixels may be from that of the resolution that stands for it."""

_PIXELS = re.compile(r"([1-9][0-9]{1,4}) ?[x×*] ?([1-9][0-9]{1,4})", re.IGNORECASE)
_TIERS = PARAMETERS["resolution"].words
_SHORT_EDGES = {480: "480p", 720: "720p", 1080: "1080p", 2160: "4k"}
_FALLBACK_FAMILY = "2-0"


class Size(NamedTuple):
    """What a size says; None where it says nothing."""

    resolution: str | None
    ratio: str | None


class SizeError(ValueError):
    """A size means nothing; the text says why, as the end of a sentence."""


def _entries() -> Iterator[tuple[Frame, Size]]:
    for table in FRAMES.values():
        for resolution, by_ratio in table.items():
            for ratio, frame in by_ratio.items():
                yield frame, Size(resolution, ratio)


# No size has two meanings, whatever the model.
_EXACT: Mapping[Frame, Size] = dict(_entries())
_RATIOS: Mapping[str, float] = {
    ratio: int(ratio.partition(":")[0]) / int(ratio.partition(":")[2]) for ratio in FRAMES[_FALLBACK_FAMILY][_TIERS[0]]
}


def parse_size(text: str, *, family: str | None, resolutions: Collection[str]) -> Size:
    """Returns what a size means for a model.

    Args:
        text: ``1280x720``, ``720p``, ``16:9`` or ``16:9_720p``.
        family: the model's (``app.create_parameters.FAMILIES``); None when it is not known.
        resolutions: those of the model.

    Raises:
        SizeError: it has no such form, or no ratio or resolution is near it.
    """
    pixels = _PIXELS.fullmatch(text)
    if pixels is not None:
        return _of_pixels((int(pixels[1]), int(pixels[2])), family, resolutions)
    found = Size(None, None)
    for word in text.split("_", 1):
        is_tier, is_ratio = word.lower() in _TIERS, word in _RATIOS
        if (is_tier and found.resolution) or (is_ratio and found.ratio) or not (is_tier or is_ratio):
            raise SizeError("expected pixels such as 1280x720, or 720p, 16:9 or 16:9_720p")
        found = Size(word.lower(), found.ratio) if is_tier else Size(found.resolution, word)
    return found


def frame_of(family: str | None, resolution: object, ratio: object) -> str | None:
    """Returns the size of a video, such as ``1280x720``; None when it is not known."""
    known = FRAMES[family or _FALLBACK_FAMILY].get(str(resolution).lower(), {}).get(str(ratio))
    return None if known is None else f"{known[0]}x{known[1]}"


def is_near(frame: Frame, ratio: str) -> bool:
    """Says whether a picture has about the shape of a ratio."""
    return _distance(frame, ratio) <= log(MAX_DEVIATION)


def _of_pixels(frame: Frame, family: str | None, resolutions: Collection[str]) -> Size:
    exact = _EXACT.get(frame)
    if exact is not None:
        return exact
    nearest = min(_RATIOS, key=lambda ratio: _distance(frame, ratio))
    if not is_near(frame, nearest):
        percent = round((exp(_distance(frame, nearest)) - 1) * 100)
        raise SizeError(f"its shape is {percent} % off the nearest ratio, {nearest}")
    tier = _SHORT_EDGES.get(min(frame)) or _nearest_tier(frame, nearest, family, resolutions)
    return Size(tier, nearest)


def _nearest_tier(frame: Frame, ratio: str, family: str | None, resolutions: Collection[str]) -> str:
    table = FRAMES[family or _FALLBACK_FAMILY]
    wanted = frame[0] * frame[1]
    sizes = {tier: table[tier][ratio] for tier in _TIERS if tier in resolutions and tier in table}
    if not sizes:
        raise SizeError("the model has none of the resolutions that are known here; give `resolution` instead")
    pixels = {tier: width * height for tier, (width, height) in sizes.items()}
    tier = min(pixels, key=lambda each: abs(pixels[each] - wanted))
    if not pixels[tier] / MAX_PIXELS_FACTOR <= wanted <= pixels[tier] * MAX_PIXELS_FACTOR:
        width, height = sizes[tier]
        raise SizeError(f"it is too far from every resolution of the model; the nearest is {width}x{height}")
    return tier


def _distance(frame: Frame, ratio: str) -> float:
    return abs(log(frame[0] / frame[1] / _RATIOS[ratio]))
