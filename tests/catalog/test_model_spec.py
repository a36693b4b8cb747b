"""The model catalog: the spec's aliases exactly, and a setting that names its own mistakes."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_list import load_models
from app.catalog.model_spec import ALL_RATIOS, ModelSpec

BY_NAME = {model.name: model for model in DEFAULT_MODELS}
MINIMAL = {"name": "house-model", "upstream_id": "ep-20260101-abcde"}


@pytest.mark.parametrize(
    ("name", "id_after_prefix", "resolutions"),
    [
        ("doubao-seedance-2", "seedance-2-0-260128", ("480p", "720p", "1080p")),
        ("doubao-seedance-2-fast", "seedance-2-0-fast-260128", ("480p", "720p")),
    ],
)
def test_the_names_of_the_spec_have_exactly_its_values(
    name: str, id_after_prefix: str, resolutions: tuple[str, ...]
) -> None:
    upstream_id, abroad = f"doubao-{id_after_prefix}", f"dreamina-{id_after_prefix}"
    assert BY_NAME[name] == ModelSpec(
        name=name,
        upstream_id=upstream_id,
        regions={"cn-beijing": upstream_id, "ap-southeast-1": abroad, "eu-west-1": abroad},
        resolutions=resolutions,
        ratios=("16:9", "9:16", "1:1"),
        duration_min=5,
        duration_max=15,
        is_auto_duration_allowed=False,
        max_reference_images=9,
        max_reference_videos=3,
        max_reference_audios=3,
        takes_generate_audio=True,
        generate_audio_default=False,
        is_audio_alone_allowed=False,
    )


@pytest.mark.parametrize(
    ("name", "resolutions", "durations", "counts"),
    [
        ("doubao-seedance-2-5-260628", "480p 720p 1080p", (4, 30, True), (30, 10, 10)),
        ("doubao-seedance-2-0-260128", "480p 720p 1080p 4k 4K", (4, 15, True), (9, 3, 3)),
        ("doubao-seedance-2-0-fast-260128", "480p 720p", (4, 15, True), (9, 3, 3)),
        ("doubao-seedance-2-0-mini-260615", "480p 720p", (4, 15, True), (9, 3, 3)),
        ("doubao-seedance-1-5-pro-251215", "480p 720p 1080p", (4, 12, True), (9, 0, 0)),
        ("doubao-seedance-1-0-pro-250528", "480p 720p 1080p", (2, 12, False), (9, 0, 0)),
        ("doubao-seedance-1-0-pro-fast-251015", "480p 720p 1080p", (2, 12, False), (9, 0, 0)),
        ("doubao-seedance-1-0-lite-t2v-250428", "480p 720p", (2, 12, False), (9, 0, 0)),
        ("doubao-seedance-1-0-lite-i2v-250428", "480p 720p", (2, 12, False), (4, 0, 0)),
    ],
)
def test_a_dated_id_has_the_limits_of_the_upstream(
    name: str, resolutions: str, durations: tuple[int, int, bool], counts: tuple[int, int, int]
) -> None:
    model = BY_NAME[name]
    assert model.upstream_id == name
    assert model.resolutions == tuple(resolutions.split())
    assert model.ratios == ALL_RATIOS
    assert (model.duration_min, model.duration_max, model.is_auto_duration_allowed) == durations
    assert (model.max_reference_images, model.max_reference_videos, model.max_reference_audios) == counts


def test_only_the_models_before_1_5_do_not_take_generate_audio() -> None:
    without = {model.name for model in DEFAULT_MODELS if not model.takes_generate_audio}
    assert without == {name for name in BY_NAME if "seedance-1-0" in name}


@pytest.mark.parametrize(
    ("name", "members", "expected"),
    [
        ("doubao-seedance-2", {}, False),
        ("doubao-seedance-2-fast", {}, False),
        ("doubao-seedance-2", {"generate_audio_default": None}, None),
        ("doubao-seedance-2", {"generate_audio_default": True}, True),
        ("doubao-seedance-2", {"takes_generate_audio": False}, None),
        ("doubao-seedance-2-0-260128", {}, None),
        ("house-model", {}, None),
        ("house-model", {"generate_audio_default": False}, False),
    ],
)
def test_a_row_that_does_not_say_it_has_the_default_of_the_spec_for_the_names_of_the_spec_alone(
    name: str, members: dict[str, Any], expected: Any
) -> None:
    spec = ModelSpec.from_json({"name": name, "upstream_id": "ep-1", **members})
    assert spec.generate_audio_default is expected
    assert spec.to_json()["generate_audio_default"] is expected


def test_only_2_5_takes_audio_alone() -> None:
    assert [model.name for model in DEFAULT_MODELS if model.is_audio_alone_allowed] == ["doubao-seedance-2-5-260628"]


@pytest.mark.parametrize("model", DEFAULT_MODELS, ids=lambda model: model.name)
def test_a_spec_survives_the_way_through_the_database(model: ModelSpec) -> None:
    stored = json.loads(json.dumps(model.to_json()))
    assert stored == model.to_json()
    assert set(stored) == {field.name for field in fields(ModelSpec)}
    assert ModelSpec.from_json(stored) == model


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": 5}, "name"),
        ({"name": ""}, "name"),
        ({"name": "two words"}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"upstream_id": None}, "upstream_id"),
        ({"upstream_id": "a\nb"}, "upstream_id"),
        ({"aliases": "a"}, "aliases"),
        ({"aliases": ["two words"]}, "aliases.0"),
        ({"aliases": ["a", "x" * 129]}, "aliases.1"),
        ({"aliases": ["a", "b", "a"]}, "aliases.2"),
        ({"aliases": ["house-model"]}, "aliases.0"),
        ({"aliases": [f"a{number}" for number in range(33)]}, "aliases"),
        ({"regions": ["cn-beijing"]}, "regions"),
        ({"regions": {"cn-beijing": ""}}, "regions.cn-beijing"),
        ({"regions": {"cn-beijing": 5}}, "regions.cn-beijing"),
        ({"regions": {"CN": "a"}}, "regions.CN"),
        ({"regions": {f"r{number}": None for number in range(33)}}, "regions"),
        ({"resolutions": "720p"}, "resolutions"),
        ({"resolutions": []}, "resolutions"),
        ({"resolutions": [720]}, "resolutions.0"),
        ({"ratios": ["16:9", ""]}, "ratios.1"),
        ({"duration_min": "5"}, "duration_min"),
        ({"duration_min": 5.0}, "duration_min"),
        ({"duration_min": 0}, "duration_min"),
        ({"duration_min": 10, "duration_max": 9}, "duration_min"),
        ({"duration_max": 10**30}, "duration_max"),
        ({"is_auto_duration_allowed": "yes"}, "is_auto_duration_allowed"),
        ({"is_audio_alone_allowed": 1}, "is_audio_alone_allowed"),
        ({"max_reference_images": -1}, "max_reference_images"),
        ({"max_reference_videos": True}, "max_reference_videos"),
        ({"generate_audio_default": "no"}, "generate_audio_default"),
        ({"generate_audio_default": False, "takes_generate_audio": False}, "generate_audio_default"),
        ({"max_duration": 10}, "max_duration"),
    ],
)
def test_a_wrong_field_of_a_spec_is_named(change: dict[str, Any], field: str) -> None:
    assert ModelSpec.from_json(MINIMAL).name == "house-model"
    with pytest.raises(ValueError, match=rf"^{field}: "):
        ModelSpec.from_json(MINIMAL | change)


@pytest.mark.parametrize("missing", ["name", "upstream_id"])
def test_both_names_of_a_model_are_required(missing: str) -> None:
    with pytest.raises(ValueError, match=rf"^{missing}: "):
        ModelSpec.from_json({field: value for field, value in MINIMAL.items() if field != missing})


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_a_spec_must_be_an_object(value: Any) -> None:
    with pytest.raises(ValueError, match="object"):
        ModelSpec.from_json(value)


def test_models_are_loaded_from_inline_json_in_either_form(tmp_path: Path) -> None:
    expected = [ModelSpec(name="a", upstream_id="ep-1", duration_max=6), ModelSpec(name="b", upstream_id="ep-2")]
    as_list = json.dumps([{"name": "a", "upstream_id": "ep-1", "duration_max": 6}, expected[1].to_json()])
    by_name = json.dumps({"a": {"upstream_id": "ep-1", "duration_max": 6}, "b": {"upstream_id": "ep-2"}})
    file = tmp_path / "models.json"
    file.write_text(as_list)
    assert load_models(as_list) == expected
    assert load_models(f"  {by_name}\n") == expected
    assert load_models(str(file)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "at least one"),
        ("{}", "at least one"),
        ("[{]", "not valid JSON"),
        ("/no/such/file.json", "cannot read"),
        ('{"a": "ep-1"}', r"models\[0\]: .*object"),
        ('[{"name": "a", "upstream_id": "b"}, {"name": "b"}]', r"models\[1\]: upstream_id"),
        ('[{"name": "a", "upstream_id": "b"}, {"name": "a", "upstream_id": "c"}]', "a appears twice"),
        (
            '[{"name": "a", "upstream_id": "b", "aliases": ["c"]}, {"name": "c", "upstream_id": "c"}]',
            r"models\[1\]\.name: c appears twice; a has it",
        ),
        ('{"a": {"upstream_id": "b", "aliases": ["a"]}}', r"models\[0\]: aliases\.0: a appears twice"),
        ('[{"name": "a", "upstream_id": "b", "duration_min": 99999999999999999999999}]', r"models\[0\]: duration_min"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        load_models(text)


def test_a_file_without_json_list_or_object_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "models.json"
    file.write_text('"doubao"')
    with pytest.raises(ValueError, match="expected a list"):
        load_models(str(file))
