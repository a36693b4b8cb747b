"""Frame sizes of videos, by the family of a model, the resolution and the ratio. Pure.

Source: reference ``upstream.md`` §1.4: the upstream's create page (82379/1520757).
"""

from collections.abc import Mapping
from itertools import starmap
from operator import mul

from app.create_parameters import FAMILIES

_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")

# For each resolution, the frames of each generation of models in the order of the ratios.
_OF_TWO = {
    "480p": "864×496 752×560 640×640 560×752 496×864 992×432",
    "720p": "1280×720 1112×834 960×960 834×1112 720×1280 1470×630",
    "1080p": "1920×1080 1664×1248 1440×1440 1248×1664 1080×1920 2206×946",
    "4k": "3840×2160 3326×2494 2880×2880 2494×3326 2160×3840 4398×1886",
}
_OF_TWO_FIVE = _OF_TWO | {"480p": "854×480 752×560 640×640 560×752 480×854 992×432"}
_OF_ONE = {
    "480p": "864×480 736×544 640×640 544×736 480×864 960×416",
    "720p": "1248×704 1120×832 960×960 832×1120 704×1248 1504×640",
    "1080p": "1920×1088 1664×1248 1440×1440 1248×1664 1088×1920 2176×928",
}
Frame = tuple[int, int]
"""Width and height in pixels."""

_GENERATIONS = {"2-5": _OF_TWO_FIVE, "2-0": _OF_TWO, "1-5": _OF_TWO, "1-0": _OF_ONE}


def _to_frame(text: str) -> Frame:
    width, _, height = text.partition("×")
    return int(width), int(height)


def _of(family: str) -> dict[str, dict[str, Frame]]:
    """Returns the frames of a family by resolution and ratio."""
    table = _GENERATIONS[family[: len("2-5")]]
    return {
        resolution: dict(zip(_RATIOS, map(_to_frame, texts.split(" ")), strict=True))
        for resolution, texts in table.items()
    }


FRAMES: Mapping[str, Mapping[str, Mapping[str, Frame]]] = {family: _of(family) for family in FAMILIES}
"""Width and height in pixels, by family, resolution and ratio."""

_MAX_PIXELS: Mapping[str, Mapping[str, int]] = {
    family: {resolution: max(starmap(mul, by_ratio.values())) for resolution, by_ratio in table.items()}
    for family, table in FRAMES.items()
}
_MAX_PIXELS_OF_ALL: Mapping[str, int] = {
    resolution: max(table.get(resolution, 0) for table in _MAX_PIXELS.values()) for resolution in _OF_TWO
}
_MOST_PIXELS = max(_MAX_PIXELS_OF_ALL.values())


def pixels_of(family: str, resolution: str, ratio: str) -> int | None:
    """Returns how many pixels a frame has; None when that is not known, or the ratio is none of the fixed ones."""
    frame = FRAMES[family].get(resolution, {}).get(ratio)
    return None if frame is None else mul(*frame)


def max_pixels_of(family: str | None, resolution: str) -> int:
    """Returns how many pixels a frame has at most, whatever its ratio.

    For an unknown family that is the most of all, and for an unknown resolution the most of any resolution.
    """
    known = _MAX_PIXELS_OF_ALL if family is None else _MAX_PIXELS[family]
    return known.get(resolution) or _MAX_PIXELS_OF_ALL.get(resolution, _MOST_PIXELS)
