"""Frame sizes, and the tokens that a video costs.

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
        model: picks the table; 1.5 and 2.5 share 2.0's but for 2.5's 480p.
        resolution: one the model allows.
        ratio: a resolved one, not ``adaptive``.
    """
    generation = model.generation
    if (resolution, generation) not in _SIZES:
        generation = "2.0"
    return _SIZES[resolution, generation][RATIOS.index(ratio)]


def nearest_ratio(width: int, height: int) -> str:
    """Returns the ratio that ``adaptive`` resolves to for a picture of this size."""
    wanted = width / height
    return min(RATIOS, key=lambda ratio: abs(_value(ratio) - wanted))


def resolve_ratio(ratio: str, guide: Size | None) -> str:
    """Returns the ratio of the video.

    Args:
        ratio: as asked for.
        guide: size of the first frame or first reference; None for text alone.
    """
    if ratio != ADAPTIVE:
        return ratio
    return nearest_ratio(*guide) if guide else "16:9"


def count_tokens(
    size: Size, *, frames: int, input_seconds: float, generation: str, is_draft: bool, has_audio: bool
) -> int:
    """Returns the tokens that a succeeded task is billed.

    Without video input ``W×H×frames/1024``, frames being 24·seconds+1. With it ``(in+out)·24·W×H/1024``, where 2.5
    counts one frame more and a short input counts as four seconds (the only point of the floor that is known).

    Args:
        size: width and height.
        frames: of the output.
        input_seconds: of all reference videos; 0 for none.
        generation: of the model.
        is_draft: a draft of 1.5 costs 0.6 of the tokens with sound, 0.7 without; one of 2.5 costs what its pixels cost.
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
