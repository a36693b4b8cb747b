"""Every row of the table of sizes: what it means, and what is refused."""

import pytest

from app.catalog.default_models import DEFAULT_MODELS
from app.create_parameters import FAMILIES
from app.money.estimates.families import family_of
from app.money.estimates.frame_sizes import FRAMES
from app.openai.sizes import Size, SizeError, frame_of, parse_size

FULL, FAST, MINI, NEWEST = (
    "doubao-seedance-2-0-260128",
    "doubao-seedance-2-0-fast-260128",
    "doubao-seedance-2-0-mini-260615",
    "doubao-seedance-2-5-260628",
)
MODELS = {model.name: model for model in DEFAULT_MODELS}
ROWS = [
    ("1280x720", FULL, "720p", "16:9"),
    ("720x1280", FULL, "720p", "9:16"),
    ("1920x1080", FULL, "1080p", "16:9"),
    ("1080x1920", FULL, "1080p", "9:16"),
    ("3840x2160", FULL, "4k", "16:9"),
    ("1024x1792", FULL, "1080p", "9:16"),
    ("1792x1024", FULL, "1080p", "16:9"),
    ("1024x1792", FAST, "720p", "9:16"),
    ("1792x1024", MINI, "720p", "16:9"),
    ("720x1080", FULL, "720p", "3:4"),
    ("1080x720", FULL, "720p", "4:3"),
    ("640x480", FULL, "480p", "4:3"),
    ("480x640", FULL, "480p", "3:4"),
    ("854x480", FULL, "480p", "16:9"),
    ("864x496", NEWEST, "480p", "16:9"),
    ("848x480", FULL, "480p", "16:9"),
    ("720x720", FULL, "720p", "1:1"),
    ("1024x1024", FULL, "720p", "1:1"),
    ("1080x1080", FULL, "1080p", "1:1"),
    ("1680x720", FULL, "720p", "21:9"),
    ("2560x1080", FULL, "1080p", "21:9"),
    ("1536x1024", FULL, "1080p", "4:3"),
    ("1080x1350", FULL, "1080p", "3:4"),
    ("320x240", FULL, "480p", "4:3"),
    ("256x256", FULL, "480p", "1:1"),
    ("7680x4320", FULL, "4k", "16:9"),
    # No entry of the table: the nearest number of pixels, although it is fewer.
    ("2560x1440", FULL, "1080p", "16:9"),
    ("2048x2048", FULL, "1080p", "1:1"),
    ("3200x1800", FULL, "4k", "16:9"),
    ("2560x1440", FAST, "720p", "16:9"),
    ("3200x1800", FAST, "720p", "16:9"),
    ("2048x1152", FAST, "720p", "16:9"),
    ("1920x1079", FAST, "720p", "16:9"),
    ("1280X720", FULL, "720p", "16:9"),
    ("1280 × 720", FULL, "720p", "16:9"),
    ("1280*720", FULL, "720p", "16:9"),
    ("720p", FULL, "720p", None),
    ("4K", FULL, "4k", None),
    ("16:9", FULL, None, "16:9"),
    ("16:9_720p", FULL, "720p", "16:9"),
    ("1080p_9:16", FULL, "1080p", "9:16"),
]
# Which the model does not have: refused by the native check, never made smaller.
BEYOND = [("1920x1080", FAST, "1080p"), ("1080x1080", FAST, "1080p"), ("3840x2160", NEWEST, "4k")]
REFUSED = [
    "", "720", "large", "1280x", "x720", "0x720", "1280x720x3", "1000x100", "100x1000", "1920x1440x", "16:9_16:9",
    "720p_480p", "5:4", "720p_", "adaptive", "1280\n720", "999999x999999", "99999x99999", "16x9", "10x10", "100x100",
]  # fmt: skip


def parse(text: str, model: str) -> Size:
    spec = MODELS[model]
    return parse_size(text, family=family_of(spec.upstream_id, spec), resolutions=spec.resolutions)


@pytest.mark.parametrize(("text", "model", "resolution", "ratio"), ROWS)
def test_a_size_means_a_resolution_and_a_ratio(
    text: str, model: str, resolution: str | None, ratio: str | None
) -> None:
    assert parse(text, model) == (resolution, ratio)


@pytest.mark.parametrize(("text", "model", "resolution"), BEYOND)
def test_a_size_that_the_model_does_not_have_is_not_made_less(text: str, model: str, resolution: str) -> None:
    assert parse(text, model).resolution == resolution
    assert resolution not in MODELS[model].resolutions


@pytest.mark.parametrize("text", REFUSED)
def test_a_size_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(SizeError):
        parse(text, FULL)


def test_a_size_that_is_far_beyond_the_model_is_not_made_less() -> None:
    for model in (FAST, MINI):
        with pytest.raises(SizeError, match="too far from every resolution"):
            parse("7680x4320", model)


def test_every_entry_of_the_upstreams_table_means_itself_for_every_model() -> None:
    for family in FAMILIES:
        for resolution, by_ratio in FRAMES[family].items():
            for ratio, (width, height) in by_ratio.items():
                text = f"{width}x{height}"
                assert parse(text, FULL) == (resolution, ratio), text
                assert frame_of(family, resolution, ratio) == text
