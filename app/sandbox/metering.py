"""Frame sizes and token counts of videos.

Source: reference ``upstream.md`` §1.4 (sizes) and §6 (tokens, exact against live bills) and §11.1 (drafts).
"""

from app.sandbox.catalog import ADAPTIVE, RATIOS, VideoModel

FRAMES_PER_SECOND = 24
_TOKEN_PIXELS = 1024
_MIN_INPUT_SECONDS = 4.0
_DRAFT_FACTOR_WITH_AUDIO = 0.6
_DRAFT_FACTOR_SILENT = 0.7

Size = tuple[int, int]

# In the order of RATIOS.
_SIZES: dict[tuple[str, str], tuple[Size, ...]] = {
    ("480p", "2.0"): ((864, 496), (752, 560), (640, 640), (560, 752), (496, 864), (992, 432)),
    ("480p", "2.5"): ((854, 480), (752, 560), (640, 640), (560, 752), (480, 854), (992, 432)),
    ("480p", "1.0"): ((864, 480), (736, 544), (640, 640), (544, 736), (480, 864), (960, 416)),
    ("720p", "2.0"): ((1280, 720), (1112, 834), (960, 960), (834, 1112), (720, 1280), (1470, 630)),
    ("720p", "1.0"): ((1248, 704), (1120, 832), (960, 960), (832, 1120), (704, 1248), (1504, 640)),
    ("1080p", "2.0"): ((1920, 1080), (1664, 1248), (1440, 1440), (1248, 1664), (1080, 1920), (2206, 946)),
    ("1080p", "1.0"): ((1920, 1088), (1664, 1248), (1440, 1440), (1248, 1664), (1088, 1920), (2176, 928)),
    ("4k", "2.0"): ((3840, 2160), (3326, 2494), (2880, 2880), (2494, 3326), (2160, 3840), (4398, 1886)),
}


def frame_size(model: VideoModel, resolution: str, ratio: str) -> Size:
    """Returns width and height in pixels.

    Args:
        model: selects the table.
        resolution: one that the model allows.
        ratio: a resolved one, not ``adaptive``.
    """
    # 1.5 and 2.5 have the sizes of 2.0, except 480p of 2.5.
    generation = model.generation
    if (resolution, generation) not in _SIZES:
        generation = "2.0"
    return _SIZES[resolution, generation][RATIOS.index(ratio)]


def nearest_ratio(width: int, height: int) -> str:
    """Returns the ratio that ``adaptive`` resolves to for a size."""
    wanted = width / height
    return min(RATIOS, key=lambda ratio: abs(_value(ratio) - wanted))


def resolve_ratio(ratio: str, guide: Size | None) -> str:
    """Returns the ratio of the video.

    Args:
        ratio: the requested one.
        guide: size of the first frame or first reference; None for a request without media.
    """
    if ratio != ADAPTIVE:
        return ratio
    return nearest_ratio(*guide) if guide else "16:9"


def count_tokens(
    size: Size, *, frames: int, input_seconds: float, generation: str, is_draft: bool, has_audio: bool
) -> int:
    """Returns the tokens that a succeeded task is billed.

    Without reference videos the count is ``W×H×frames/1024``, with ``frames = 24·seconds+1``. With reference videos it
    is ``(in+out)·24·W×H/1024``; 2.5 adds one frame, and the input counts as at least four seconds, the only known
    point of the minimum.

    Args:
        size: width and height.
        frames: the number of output frames.
        input_seconds: the total length of the reference videos; 0 for none.
        generation: the generation of the model, such as ``2.5``.
        is_draft: multiplies the tokens of 1.5 by 0.6 with sound and by 0.7 without; 2.5 has no factor.
        has_audio: whether sound is generated.
    """
    width, height = size
    counted: float = frames
    if input_seconds:
        output_seconds = (frames - 1) / FRAMES_PER_SECOND
        counted = (max(input_seconds, _MIN_INPUT_SECONDS) + output_seconds) * FRAMES_PER_SECOND
        counted += 1 if generation == "2.5" else 0
    tokens = width * height * counted / _TOKEN_PIXELS
    if is_draft and generation == "1.5":
        tokens *= _DRAFT_FACTOR_WITH_AUDIO if has_audio else _DRAFT_FACTOR_SILENT
    return int(tokens)


def _value(ratio: str) -> float:
    width, height = ratio.split(":")
    return int(width) / int(height)
