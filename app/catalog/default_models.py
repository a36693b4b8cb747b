"""The models of a new installation: one line for each model that the upstream has. Pure.

Limits that other modules check as well are in ``app.create_parameters``, by the family of the model.
"""

from dataclasses import replace
from typing import Any

from app.catalog.model_spec import DEFAULTS_OF_THE_SPEC, ModelSpec
from app.catalog.seedance_ids import SeedanceId
from app.create_parameters import AUTO_DURATION_FAMILIES, PARAMETERS, REFERENCE_LIMITS


def _default(parts: SeedanceId, regions: dict[str, str | None]) -> ModelSpec:
    """Returns a model of the upstream, with the limits that the table of parameters has for its family."""
    references = REFERENCE_LIMITS[parts.family]
    # Where the upstream documents no number, the default is used and the upstream decides.
    images: dict[str, Any] = {} if references.images is None else {"max_reference_images": references.images}
    resolutions = PARAMETERS["resolution"].words_of[parts.family]
    shortest, longest = PARAMETERS["duration"].ranges[parts.family]
    return ModelSpec(
        name=parts.in_china,
        upstream_id=parts.in_china,
        aliases=parts.aliases(),
        regions=regions,
        resolutions=(*resolutions, "4K") if "4k" in resolutions else resolutions,
        duration_min=shortest,
        duration_max=longest,
        is_auto_duration_allowed=parts.family in AUTO_DURATION_FAMILIES,
        max_reference_videos=references.videos,
        max_reference_audios=references.audios,
        takes_generate_audio=parts.family in PARAMETERS["generate_audio"].families,
        is_audio_alone_allowed=references.is_audio_alone_allowed,
        **images,
    )


# Sources: the spec's two names by its tables "Supported Models" and "Parameter Limits"; the dated ids by the upstream's
# create page. BytePlus has shut down 1.0 lite (2026-05-13) and 1.5 pro (2026-11-11).
_2_5 = SeedanceId("2-5", "", "260628")
_2_0 = SeedanceId("2-0", "", "260128")
_2_0_FAST = SeedanceId("2-0", "fast", "260128")
_2_0_MINI = SeedanceId("2-0", "mini", "260615")
_1_5_PRO = SeedanceId("1-5", "pro", "251215")
_1_0_PRO = SeedanceId("1-0", "pro", "250528")
_1_0_PRO_FAST = SeedanceId("1-0", "pro-fast", "251015")
_1_0_LITE_TEXT = SeedanceId("1-0", "lite-t2v", "250428")
_1_0_LITE_IMAGE = SeedanceId("1-0", "lite-i2v", "250428")

_UP_TO_720P = ("480p", "720p")
_UP_TO_1080P = ("480p", "720p", "1080p")
_OF_THE_SPEC = ModelSpec(
    name="doubao-seedance-2",
    upstream_id=_2_0.in_china,
    regions=_2_0.everywhere(),
    resolutions=_UP_TO_1080P,
    ratios=("16:9", "9:16", "1:1"),
    duration_min=5,
    duration_max=15,
    is_auto_duration_allowed=False,
    **DEFAULTS_OF_THE_SPEC,
)
DEFAULT_MODELS: tuple[ModelSpec, ...] = (
    _OF_THE_SPEC,
    replace(
        _OF_THE_SPEC,
        name="doubao-seedance-2-fast",
        upstream_id=_2_0_FAST.in_china,
        regions=_2_0_FAST.everywhere(),
        resolutions=_UP_TO_720P,
    ),
    _default(_2_5, _2_5.everywhere()),
    _default(_2_0, _2_0.everywhere()),
    _default(_2_0_FAST, _2_0_FAST.everywhere()),
    _default(_2_0_MINI, _2_0_MINI.everywhere()),
    _default(_1_5_PRO, _1_5_PRO.in_china_alone()),
    _default(_1_0_PRO, _1_0_PRO.everywhere()),
    _default(_1_0_PRO_FAST, _1_0_PRO_FAST.everywhere()),
    _default(_1_0_LITE_TEXT, _1_0_LITE_TEXT.in_china_alone()),
    _default(_1_0_LITE_IMAGE, _1_0_LITE_IMAGE.in_china_alone()),
)
"""The models of a fresh installation: the spec's two names, then the upstream's own ids, newest first."""
