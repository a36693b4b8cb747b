"""Every row of the mapping of a create, and what is refused."""

import hashlib
from typing import Any

import pytest

from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_spec import ModelSpec
from app.errors import SeedgateError
from app.openai.create_request import Translated, translate
from app.openai.files import UploadedFile
from app.tasks.validation.create import check_create
from tests.openai.pictures import data_uri, png

ALIAS, FAST = "doubao-seedance-2", "doubao-seedance-2-fast"
FULL, NEWEST, OLDEST = (
    "doubao-seedance-2-0-260128",
    "doubao-seedance-2-5-260628",
    "doubao-seedance-1-0-pro-250528",
)
MODELS: dict[str, ModelSpec] = {model.name: model for model in DEFAULT_MODELS}
A, B, C, CLIP, SONG = (f"https://example.com/{name}" for name in ("a.png", "b.png", "c.png", "d.mp4", "e.mp3"))
WIDE, TALL = data_uri(png(1600, 900)), data_uri(png(900, 1600))
FILE = UploadedFile("image/png", hashlib.sha256(b"").hexdigest(), WIDE)
MOVIE, SOUND, UNKNOWN = UploadedFile("video/mp4", "", ""), UploadedFile("audio/wav", "", ""), UploadedFile("", "", "")
WITHOUT_PICTURES = {"duration": 4, "resolution": "720p", "ratio": "16:9"}
WITH_FIRST_FRAME = {**WITHOUT_PICTURES, "ratio": "adaptive"}
FIRST, LAST = "first_frame", "last_frame"
NATIVE: list[tuple[str, Any, Any]] = [
    ("resolution", "1080p", "1080p"),
    ("ratio", "9:16", "9:16"),
    ("seed", "7", 7),
    ("seed", 7, 7),
    ("generate_audio", "true", True),
    ("watermark", "False", False),
    ("return_last_frame", "1", True),
    ("camera_fixed", "0", False),
    ("service_tier", "default", "default"),
    ("priority", "3", 3),
    ("output_format", "mov", "mov"),
    ("omni_reference_task_type", "auto", "auto"),
    ("tools", '[{"type": "web_search"}]', [{"type": "web_search"}]),
    ("tools", [{"type": "web_search"}], [{"type": "web_search"}]),
    ("tools", {"type": "web_search"}, [{"type": "web_search"}]),
    ("safety_identifier", "u", "u"),
    ("callback_url", "https://example.com/hook", "https://example.com/hook"),
    ("execution_expires_after", "7200", 7200),
    ("draft", "false", False),
    ("duration", "6", 6),
]


def picture(url: str, role: str = FIRST) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}, "role": role}


def other(kind: str, url: str) -> dict[str, Any]:
    return {"type": f"{kind}_url", f"{kind}_url": {"url": url}, "role": f"reference_{kind}"}


def read(**fields: Any) -> Translated:
    return translate({"model": ALIAS, "prompt": "a kitten", **fields}, MODELS.get)


def native(**fields: Any) -> dict[str, Any]:
    """Returns the parameters beside model and content, which the native check accepts."""
    translated = read(**fields)
    check_create(translated.body, lambda _: translated.model)
    return {name: value for name, value in translated.body.items() if name not in {"model", "content"}}


def media(**fields: Any) -> list[dict[str, Any]]:
    """Returns the items of a create beside the prompt; the native check accepts them."""
    translated = read(**fields)
    check_create(translated.body, lambda _: translated.model)
    assert translated.body["content"][0] == {"type": "text", "text": "a kitten"}
    return translated.body["content"][1:]  # type: ignore[no-any-return]


def judge(fields: dict[str, Any]) -> None:
    translated = translate({"model": ALIAS, "prompt": "a kitten", **fields}, MODELS.get)
    try:
        check_create(translated.body, lambda _: translated.model)
    except SeedgateError as error:
        raise translated.renamed(error) from None


def refusal(**fields: Any) -> tuple[int, str, str | None]:
    """Returns how the create is refused, by the translation or by the native check, in the client's words."""
    with pytest.raises(SeedgateError) as caught:
        judge(fields)
    return caught.value.status, caught.value.code, caught.value.param


def test_what_is_left_out_is_sent_explicitly() -> None:
    assert native() == WITHOUT_PICTURES
    assert native(input_reference=A) == WITH_FIRST_FRAME
    assert native(images=[A, B, C]) == WITHOUT_PICTURES
    assert native(model=NEWEST, draft=True) == {**WITHOUT_PICTURES, "resolution": "480p", "draft": True}
    edit = {"model": NEWEST, "omni_reference_task_type": "edit", "videos": [CLIP]}
    assert native(**edit)["duration"] == -1
    assert native(**edit)["ratio"] == "adaptive"


@pytest.mark.parametrize(
    "given", [{"seconds": "8"}, {"seconds": 8}, {"duration": "8"}, {"duration": 8.0}, {"seconds": "8.0"}]
)
def test_the_length_is_written_in_either_field_as_a_number_or_a_text(given: dict[str, Any]) -> None:
    assert native(**given)["duration"] == 8


def test_the_length_has_the_range_of_the_upstreams_model() -> None:
    assert native(seconds="4")["duration"] == 4
    assert native(model=OLDEST, seconds="2")["duration"] == 2
    assert native(model=NEWEST, seconds="30")["duration"] == 30
    assert native(duration=-1)["duration"] == -1
    assert native(seconds="5", duration=5)["duration"] == 5
    assert refusal(seconds="16") == (400, "InvalidParameter.seconds", "seconds")
    assert refusal(seconds="4.5") == (400, "InvalidParameter.seconds", "seconds")
    assert refusal(seconds="5", duration=6) == (400, "InvalidParameter.duration", "duration")


def test_limits_that_the_operator_has_set_hold() -> None:
    row = MODELS[ALIAS].to_json() | {"duration_min": 6, "duration_max": 8, "ratios": ["16:9"]}
    narrow = ModelSpec.from_json(row)
    translated = translate({"model": ALIAS, "prompt": "a"}, lambda _: narrow)
    assert translated.model == narrow
    assert translated.body["duration"] == 6


@pytest.mark.parametrize(
    ("limits", "sent"),
    [
        ({"duration_min": 6, "duration_max": 8}, {"duration": 6, "resolution": "720p", "ratio": "16:9"}),
        ({"duration_min": 2, "duration_max": 3}, {"duration": 3, "resolution": "720p", "ratio": "16:9"}),
        ({"resolutions": ["480p"]}, {"duration": 4, "ratio": "16:9"}),
        ({"ratios": ["9:16", "1:1"]}, {"duration": 4, "resolution": "720p"}),
    ],
)
def test_what_is_left_out_is_never_what_the_model_refuses(limits: dict[str, Any], sent: dict[str, Any]) -> None:
    model = ModelSpec.from_json({"name": "own", "upstream_id": "ep-1", **limits})
    body = translate({"model": "own", "prompt": "a"}, lambda _: model).body
    check_create(body, lambda _: model)
    assert {name: value for name, value in body.items() if name not in {"model", "content"}} == sent


@pytest.mark.parametrize(
    ("given", "resolution", "ratio"),
    [
        ({"size": "1280x720"}, "720p", "16:9"),
        ({"size": "720x1080"}, "720p", "3:4"),
        ({"size": "16:9", "resolution": "1080p"}, "1080p", "16:9"),
        ({"size": "1080p", "ratio": "9:16"}, "1080p", "9:16"),
        ({"size": "1280x720", "resolution": "720p", "ratio": "16:9"}, "720p", "16:9"),
        ({"resolution": "1080p"}, "1080p", "16:9"),
        ({"ratio": "1:1"}, "720p", "1:1"),
        ({"size": "1280x720", "input_reference": A}, "720p", "16:9"),
        ({"model": NEWEST, "size": "1280x720", "input_reference": A}, "720p", "adaptive"),
        ({"model": NEWEST, "size": "1280x720", "input_reference": FILE}, "720p", "adaptive"),
        ({"model": NEWEST, "size": "1280x720", "images": [A, B, C]}, "720p", "16:9"),
        ({"size": "1280x720", "input_reference": TALL}, "720p", "16:9"),
    ],
)
def test_a_size_becomes_resolution_and_ratio(given: dict[str, Any], resolution: str, ratio: str) -> None:
    found = native(**given)
    assert (found["resolution"], found["ratio"]) == (resolution, ratio)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"size": "1280x720", "resolution": "1080p"}, "size"),
        ({"size": "1280x720", "ratio": "9:16"}, "size"),
        ({"size": "1920x1080", "model": FAST}, "size"),
        ({"size": "3840x2160"}, "size"),
        ({"size": "1000x100"}, "size"),
        ({"size": 720}, "size"),
        ({"size": "1280x720", "model": NEWEST, "input_reference": TALL}, "size"),
        ({"size": "1280x720", "ratio": "16:9", "model": NEWEST, "input_reference": A}, "size"),
    ],
)
def test_a_size_that_contradicts_or_does_not_exist_is_refused(given: dict[str, Any], param: str) -> None:
    assert refusal(**given) == (400, f"InvalidParameter.{param}", param)


@pytest.mark.parametrize(
    ("given", "items"),
    [
        ({"input_reference": A}, [picture(A)]),
        ({"input_reference": [A]}, [picture(A)]),
        ({"input_reference": [A, B]}, [picture(A, "reference_image"), picture(B, "reference_image")]),
        ({"input_reference": WIDE}, [picture(WIDE)]),
        ({"input_reference": FILE}, [picture(WIDE)]),
        ({"input_reference": "asset://a-1"}, [picture("asset://a-1")]),
        ({"input_reference": {"image_url": A}}, [picture(A)]),
        ({"input_reference": {"image_url": {"url": A}}}, [picture(A)]),
        ({"input_reference": {"file_id": "a-1"}}, [picture("asset://a-1")]),
        ({"input_reference": f'{{"image_url": "{A}"}}'}, [picture(A)]),
        ({"image": A}, [picture(A)]),
        ({"first_frame_image": A, "last_frame": B}, [picture(A), picture(B, LAST)]),
        ({"images": [A]}, [picture(A)]),
        ({"images": A}, [picture(A)]),
        ({"images": [A, B]}, [picture(A), picture(B, LAST)]),
        ({"images": f'["{A}", "{B}"]'}, [picture(A), picture(B, LAST)]),
        ({"images": [FILE, B]}, [picture(WIDE), picture(B, LAST)]),
        ({"images": [A, B, C]}, [picture(each, "reference_image") for each in (A, B, C)]),
        ({"images": [A, B], "mode": "i2v"}, [picture(A), picture(B, LAST)]),
        ({"images": [A, B], "mode": "r2v"}, [picture(A, "reference_image"), picture(B, "reference_image")]),
        ({"input_reference": A, "mode": "r2v"}, [picture(A, "reference_image")]),
        ({"images": [A], "videos": [CLIP]}, [picture(A, "reference_image"), other("video", CLIP)]),
        ({"images": [A], "audios": [SONG]}, [picture(A, "reference_image"), other("audio", SONG)]),
        ({"reference_images": [A, B]}, [picture(A, "reference_image"), picture(B, "reference_image")]),
        ({"reference_videos": CLIP}, [other("video", CLIP)]),
        ({"videos": [{"video_url": {"url": CLIP}}]}, [other("video", CLIP)]),
        ({"reference_images": [A], "reference_audios": [SONG]}, [picture(A, "reference_image"), other("audio", SONG)]),
    ],
)
def test_media_get_the_role_that_the_field_and_the_number_say(
    given: dict[str, Any], items: list[dict[str, Any]]
) -> None:
    assert media(**given) == items


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"images": [A, B, C], "mode": "i2v"}, "images[2]"),
        ({"images": [A], "mode": "t2v"}, "mode"),
        ({"reference_images": [A], "mode": "i2v"}, "reference_images[0]"),
        ({"videos": [CLIP], "mode": "i2v"}, "videos[0]"),
        ({"images": [A], "audios": [SONG], "mode": "i2v"}, "audios[0]"),
        ({"first_frame_image": A, "mode": "r2v"}, "first_frame_image"),
        ({"images": [A], "last_frame": B, "mode": "r2v"}, "last_frame"),
        ({"mode": "i2v"}, "mode"),
        ({"input_reference": MOVIE}, "input_reference"),
        ({"images": [A, SOUND]}, "images[1]"),
        ({"input_reference": UNKNOWN}, "input_reference"),
        ({"videos": [FILE]}, "videos[0]"),
        ({"videos": [MOVIE]}, "videos[0]"),
        ({"videos": ["data:video/mp4;base64,AAAA"]}, "videos[0]"),
        ({"input_reference": "kitten.png"}, "input_reference"),
        ({"images": [A, "ftp://example.com/b.png"]}, "images[1]"),
        ({"input_reference": {"file_id": "file/1"}}, "input_reference.file_id"),
        ({"input_reference": {"image_url": A, "detail": "low"}}, "input_reference"),
        ({"input_reference": '{"image_url": '}, "input_reference"),
        ({"input_reference": A, "videos": [CLIP]}, "videos[0]"),
        ({"last_frame": B}, "last_frame"),
        ({"images": 5}, "images"),
    ],
)
def test_a_medium_that_is_none_is_refused_by_its_own_name(given: dict[str, Any], param: str) -> None:
    field = param.partition("[")[0].partition(".")[0]
    assert refusal(**given) == (400, f"InvalidParameter.{field}", param)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"images": []}, "images"),
        ({"images": "[]"}, "images"),
        ({"metadata": {"videos": []}}, "metadata.videos"),
        ({"input_reference": [None]}, "input_reference[0]"),
        ({"images": [A, None]}, "images[1]"),
        ({"images": [A, ""]}, "images[1]"),
        ({"input_reference": ""}, "input_reference"),
        ({"input_reference": {}}, "input_reference.image_url"),
        ({"input_reference": {"image_url": None}}, "input_reference.image_url"),
    ],
)
def test_media_that_name_nothing_are_refused_and_not_made_a_video_from_text(given: dict[str, Any], param: str) -> None:
    status, _, named = refusal(**given)
    assert (status, named) == (400, param)


@pytest.mark.parametrize(("name", "given", "meant"), NATIVE)
def test_native_parameters_are_taken_at_top_level_and_in_both_objects(name: str, given: Any, meant: Any) -> None:
    for fields in (
        {name: given},
        {"metadata": {name: given}},
        {"extra_body": {name: given}},
        {"metadata": {name: given}, name: given},
    ):
        assert read(**fields).body[name] == meant


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"seconds": "5.0", "duration": 5}, {"duration": 5}),
        ({"seconds": 5.0, "metadata": {"duration": "5"}}, {"duration": 5}),
        ({"watermark": "1", "metadata": {"watermark": True}}, {"watermark": True}),
        ({"audio": "FALSE", "generate_audio": "0"}, {"generate_audio": False}),
        ({"tools": '[{"type": "web_search"}]', "metadata": {"tools": {"type": "web_search"}}}, {}),
        ({"size": "1280x720", "metadata": {"size": "1280X720", "resolution": "720p"}}, {"resolution": "720p"}),
        ({"resolution": "720p", "metadata": {"resolution": "720P"}}, {"resolution": "720p"}),
        ({"user": "Alice", "safety_identifier": "Alice"}, {"safety_identifier": "Alice"}),
        ({"n": 1, "metadata": {"n": "1"}, "stream": False, "extra_body": {"stream": "False"}}, {}),
        ({"images": [A], "metadata": {"images": f'["{A}"]'}}, {}),
    ],
)
def test_a_value_may_be_given_twice_in_two_spellings(given: dict[str, Any], meant: dict[str, Any]) -> None:
    found = native(**given)
    assert {name: found[name] for name in meant} == meant


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"user": "Alice", "safety_identifier": "alice"}, "safety_identifier"),
        ({"prompt": "Hi Cat", "metadata": {"prompt": "hi cat"}}, "metadata.prompt"),
        ({"metadata": {"model": ALIAS.upper()}}, "metadata.model"),
        (
            {"callback_url": "https://a.example/X", "metadata": {"callback_url": "https://a.example/x"}},
            "metadata.callback_url",
        ),
        ({"watermark": True, "metadata": {"watermark": 1}}, "metadata.watermark"),
        ({"seed": 1, "metadata": {"seed": True}}, "metadata.seed"),
        ({"seconds": "5", "duration": 6}, "duration"),
        ({"n": 1, "metadata": {"n": 2}}, "metadata.n"),
        ({"response_format": None, "metadata": {"response_format": "url"}}, "metadata.response_format"),
        ({"images": [A], "metadata": {"images": [B]}}, "metadata.images"),
        ({"ratio": "adaptive", "metadata": {"ratio": "Adaptive"}}, "metadata.ratio"),
    ],
)
def test_two_values_of_one_field_that_differ_are_refused_and_none_is_dropped(given: dict[str, Any], param: str) -> None:
    status, _, named = refusal(**given)
    assert (status, named) == (400, param)


def test_an_object_may_be_a_text_of_json() -> None:
    assert native(metadata='{"ratio": "9:16", "seed": 7}') == {**WITHOUT_PICTURES, "ratio": "9:16", "seed": 7}
    assert native(user="u", audio="true") == {**WITHOUT_PICTURES, "safety_identifier": "u", "generate_audio": True}
    assert native(n="1", stream="false", response_format=None) == WITHOUT_PICTURES
    assert native(n=1, stream=False) == WITHOUT_PICTURES


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"n": 2}, "n"),
        ({"n": True}, "n"),
        ({"stream": True}, "stream"),
        ({"response_format": "url"}, "response_format"),
        ({"metadata": "x"}, "metadata"),
        ({"metadata": {"seed": 1}, "seed": 2}, "metadata.seed"),
        ({"seed": "seven"}, "seed"),
        ({"seed": FILE}, "seed"),
        ({"seed": ""}, "seed"),
        ({"watermark": "yes"}, "watermark"),
        ({"audio": "https://example.com/a.mp3"}, "audio"),
        ({"prompt": FILE}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"callback_url": "http://127.0.0.1/"}, "callback_url"),
        ({"tools": "[{"}, "tools"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_that_the_client_wrote(given: dict[str, Any], param: str) -> None:
    assert refusal(**given) == (400, f"InvalidParameter.{param.partition('.')[0]}", param)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"input_refrence": A}, "input_refrence"),
        ({"content": [{"type": "text", "text": "a"}]}, "content"),
        ({"frames": 29}, "frames"),
        ({"metadata": {"title": "a"}}, "metadata.title"),
        ({"metadata": {"metadata": {"seed": 1}}}, "metadata.metadata"),
        ({"Seed": 7}, "Seed"),
        ({"": 7}, "?"),
        ({"<script>": 7}, "?script?"),
    ],
)
def test_a_field_that_is_not_known_is_refused_and_never_ignored(given: dict[str, Any], param: str) -> None:
    assert refusal(**given) == (400, "unknown_parameter", param)


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(SeedgateError, match="Did you mean `input_reference`"):
        read(input_refrence=A)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"prompt": None}, (400, "MissingParameter.prompt", "prompt")),
        ({"prompt": " "}, (400, "MissingParameter.prompt", "prompt")),
        ({"model": None}, (400, "MissingParameter.model", "model")),
        ({"model": 5}, (400, "InvalidParameter.model", "model")),
        ({"model": "sora-2"}, (404, "InvalidEndpointOrModel.NotFound", "model")),
    ],
)
def test_model_and_prompt_are_required(given: dict[str, Any], expected: tuple[int, str, str]) -> None:
    assert refusal(**given) == expected


def test_a_prompt_is_not_required_beside_media() -> None:
    translated = read(prompt=None, input_reference=A)
    assert translated.body["content"] == [picture(A)]
    assert translated.items == ("input_reference",)
