"""The parameters beside ``model`` and ``content``: a passing and a failing case for every row of the spec's table."""

from typing import Any

import pytest

from tests.tasks.bodies import ALIAS, DATED, FAST, NEWEST, OLDEST, body, check, code_and_param, draft, image, refusal

NO_BOOLEANS = ["true", 1, 0, 1.0, [], {}]
NO_STRINGS = [5, True, 1.5, [], {}, ["720p"]]
NO_INTEGERS = ["5", True, False, 5.5, [5], {}, ""]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("duration", [5, 10, 15, 5.0, 15.0]),
        ("frames", [1, 121, 289.0]),
        ("resolution", ["480p", "720p", "1080p"]),
        ("ratio", ["16:9", "9:16", "1:1"]),
        ("seed", [-1, 0, 2**32 - 1, -1.0]),
        ("generate_audio", [True, False]),
        ("watermark", [True, False]),
        ("return_last_frame", [True, False]),
        ("service_tier", ["default", "flex", "priority"]),
        ("execution_expires_after", [1, 3600, 172800, 259200.0]),
        ("tools", [[], [{"type": "web_search"}]]),
    ],
)
def test_each_parameter_of_the_spec_takes_its_values(name: str, values: list[Any]) -> None:
    for value in values:
        assert check(body(**{name: value})).fields[name] == value


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("duration", [*NO_INTEGERS, 4, 16, 0, -1, 2**62, 1e300]),
        ("frames", [*NO_INTEGERS, 0, -5]),
        ("resolution", [*NO_STRINGS, "", "4k", "360p", "720P", "1280x720"]),
        ("ratio", [*NO_STRINGS, "", "4:3", "adaptive", "16/9"]),
        ("seed", [*NO_INTEGERS, -2, 2**32]),
        ("generate_audio", NO_BOOLEANS),
        ("watermark", NO_BOOLEANS),
        ("return_last_frame", NO_BOOLEANS),
        ("service_tier", NO_STRINGS),
        ("execution_expires_after", [*NO_INTEGERS, 0, -3600, 1e300]),
        ("tools", ["web_search", {"type": "web_search"}, True]),
    ],
)
def test_each_parameter_of_the_spec_refuses_the_rest_by_its_name(name: str, values: list[Any]) -> None:
    for value in values:
        assert code_and_param(body(**{name: value})) == (f"InvalidParameter.{name}", name), value


@pytest.mark.parametrize(
    ("tools", "code", "param"),
    [
        ([{"type": "code"}], "InvalidParameter.tools", "tools[0].type"),
        ([{"type": "web_search"}, {"type": ""}], "MissingParameter.tools", "tools[1].type"),
        ([{"type": ["web_search"]}], "InvalidParameter.tools", "tools[0].type"),
        ([{}], "MissingParameter.tools", "tools[0].type"),
        ([{"type": None}], "MissingParameter.tools", "tools[0].type"),
        (["web_search"], "InvalidParameter.tools", "tools[0]"),
        ([None], "InvalidParameter.tools", "tools[0]"),
    ],
)
def test_a_tool_is_web_search_or_nothing(tools: list[Any], code: str, param: str) -> None:
    assert code_and_param(body(tools=tools)) == (code, param)


@pytest.mark.parametrize(
    ("model", "name", "good", "bad"),
    [
        (ALIAS, "resolution", "1080p", "4k"),
        (FAST, "resolution", "720p", "1080p"),
        (DATED, "resolution", "4K", "2k"),
        (NEWEST, "resolution", "1080p", "4k"),
        (ALIAS, "ratio", "1:1", "21:9"),
        (DATED, "ratio", "adaptive", "2:1"),
        (ALIAS, "duration", 5, 4),
        (ALIAS, "duration", 15, -1),
        (DATED, "duration", 4, 3),
        (DATED, "duration", -1, 16),
        (DATED, "duration", -1.0, -2),
        (NEWEST, "duration", 30, 31),
        (OLDEST, "duration", 2, -1),
        (OLDEST, "duration", 12, 13),
    ],
)
def test_resolution_ratio_and_duration_are_checked_against_the_model(
    model: str, name: str, good: Any, bad: Any
) -> None:
    assert check(body(model=model, **{name: good})).fields[name] == good
    error = refusal(body(model=model, **{name: bad}))
    assert (error.code, error.param) == (f"InvalidParameter.{name}", name)
    assert f"the parameter {name} specified in the request" in error.message
    assert f"for model {model} in t2v" in error.message


def test_a_limit_is_worded_like_the_upstream_s_with_the_mode() -> None:
    too_long = refusal(body(image(), model=OLDEST, duration=13)).message
    assert too_long == (
        f"the parameter duration specified in the request must be less than or equal to 12 for model {OLDEST} in i2v."
    )
    assert "in r2v" in refusal(body(image("reference_image"), resolution="4k")).message
    assert "must be greater than or equal to 5" in refusal(body(duration=1)).message


def test_frames_beside_duration_are_both_forwarded() -> None:
    fields = check(body(duration=5, frames=121)).fields
    assert (fields["duration"], fields["frames"]) == (5, 121)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("priority", [0, 9, 99]),
        ("draft", [True]),
        ("camera_fixed", [False]),
        ("safety_identifier", ["end-user-hash", "x" * 100]),
        ("output_format", ["mov"]),
        ("omni_reference_task_type", ["edit"]),
        ("subdivision_level", ["high", 3]),
        ("file_format", ["glb", {"any": 1}]),
        ("optimize_prompt", [True, "yes"]),
        ("reasoning_effort", ["max", 1]),
        ("human_face_mode", ["any", True]),
        ("framespersecond", [60, "many"]),
        ("unheard_of", [{"deep": [None]}, 0, "", False]),
    ],
)
def test_what_only_the_upstream_knows_is_forwarded_as_it_is(name: str, values: list[Any]) -> None:
    for value in values:
        assert check(body(**{name: value})).fields[name] == value


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("priority", NO_INTEGERS),
        ("draft", NO_BOOLEANS),
        ("camera_fixed", NO_BOOLEANS),
        ("safety_identifier", NO_STRINGS),
        ("output_format", NO_STRINGS),
        ("omni_reference_task_type", NO_STRINGS),
    ],
)
def test_what_the_upstream_documents_must_have_its_json_type(name: str, values: list[Any]) -> None:
    for value in values:
        assert code_and_param(body(**{name: value})) == (f"InvalidParameter.{name}", name), value


def test_parameters_beside_a_draft_are_checked_too() -> None:
    assert check(body(draft(), watermark=True, service_tier="default")).fields["watermark"] is True
    assert code_and_param(body(draft(), resolution="9k")) == ("InvalidParameter.resolution", "resolution")
