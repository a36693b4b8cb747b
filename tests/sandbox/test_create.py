"""Validation of creates, with the upstream's messages."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.clients import AUDIO, IMAGE, MODEL, VIDEO, Caller, audio, error_of, image, text, video

PREFIX = "The parameter `content` specified in the request is not valid: "
V25 = "doubao-seedance-2-5-260628"
V20_FAST = "doubao-seedance-2-0-fast-260128"
V20_MINI = "doubao-seedance-2-0-mini-260615"
V15 = "doubao-seedance-1-5-pro-251215"
V10 = "doubao-seedance-1-0-pro-250528"
LITE_T2V = "doubao-seedance-1-0-lite-t2v-250428"


async def test_the_response_is_an_id_with_the_time_in_utc_8(caller: Caller) -> None:
    response = await caller.create()
    assert response.status_code == 200
    (task_id,) = response.json().values()
    match = re.fullmatch(r"cgt-(\d{14})-[0-9a-z]{5}", task_id)
    assert match is not None
    stamped = datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) - timedelta(hours=8)
    assert abs(stamped - caller.now()) < timedelta(minutes=1)
    assert (await caller.task(task_id))["created_at"] == int(stamped.timestamp())


@pytest.mark.parametrize("model", [MODEL, V25, V20_FAST, V20_MINI, V15, V10, LITE_T2V])
async def test_dated_model_ids_are_accepted(caller: Caller, model: str) -> None:
    assert (await caller.task(await caller.made(model=model)))["model"] == model


async def test_an_endpoint_id_is_accepted_for_its_model(caller: Caller) -> None:
    task = await caller.task(await caller.made(model="ep-20260101-abcde"))
    assert task["model"] == V15


@pytest.mark.parametrize("model", ["doubao-seedance-2-0", "doubao-seedance-2", "dreamina-seedance-2-0-260128", "ep-x"])
async def test_aliases_and_other_model_ids_are_404(caller: Caller, model: str) -> None:
    assert error_of(await caller.create(model=model)) == (
        404,
        "InvalidEndpointOrModel.NotFound",
        f"The model or endpoint {model} does not exist or you do not have access to it.",
    )


@pytest.mark.parametrize("path", ["/cgt-20260101000000-abcde/cancel", "/cgt-20260101000000-abcde/stop"])
async def test_cancel_and_stop_are_routed_to_create(caller: Caller, path: str) -> None:
    response = await caller.ask("POST", path, json={})
    assert error_of(response)[:2] == (400, "MissingParameter")
    assert response.json()["error"]["param"] == "model"


@pytest.mark.parametrize("key", ["Bearer wrong", "Bearer None", "Bearer", "Basic eDp5", "HMAC-SHA256 Credential=a/b"])
async def test_a_wrong_key_is_401(caller: Caller, key: str) -> None:
    response = await caller.ask("POST", "", headers={"Authorization": key}, json={})
    status, code, message = error_of(response)
    assert (status, code) == (401, "AuthenticationError")
    assert message == "The API key or AK/SK in the request is missing or invalid."
    assert response.json()["error"]["type"] == "Unauthorized"


async def test_the_request_id_is_in_header_and_message_and_the_clients_is_echoed(caller: Caller) -> None:
    response = await caller.ask("POST", "", headers={"X-Client-Request-Id": "abc123"}, json={})
    request_id = response.headers["X-Request-Id"]
    assert response.json()["error"]["message"].endswith(f"Request id: {request_id}")
    assert response.headers["X-Client-Request-Id"] == "abc123"


REFUSED_CONTENT: list[tuple[list[dict[str, Any]], dict[str, Any], str]] = [
    ([image(), image()], {}, PREFIX + "role must be specified for image contents."),
    ([image("cover")], {}, PREFIX + "invalid role specified for image content"),
    (
        [image("first_frame"), image("first_frame")],
        {},
        PREFIX + "expected at most one first frame image content but got 2 instead",
    ),
    (
        [image("first_frame"), image("last_frame"), image("last_frame")],
        {},
        PREFIX + "expected at most one last frame image content but got 2 instead",
    ),
    ([image("last_frame")], {}, PREFIX + "last frame image content requires a first frame image content."),
    ([image("reference_image")] * 10, {}, PREFIX + "expected at most 9 reference images but got 10 instead."),
    ([video()] * 4, {}, PREFIX + "expected at most 3 reference videos but got 4 instead."),
    ([image("reference_image")] + [audio()] * 4, {}, PREFIX + "expected at most 3 reference audios but got 4 instead."),
    (
        [image("first_frame"), image("reference_image")],
        {},
        PREFIX + "first/last frame content cannot be mixed with reference media content.",
    ),
    ([image(), video()], {}, PREFIX + "first/last frame content cannot be mixed with reference media content."),
    ([video(role=None)], {}, PREFIX + "reference media mode requires video role to be reference_video."),
    ([video(role="first_frame")], {}, PREFIX + "reference media mode requires video role to be reference_video."),
    ([video("data:video/mp4;base64,AAAA")], {}, PREFIX + "reference_video must be provided as a web url"),
    ([text(), audio()], {}, PREFIX + "audio content must be accompanied by image or video content."),
    (
        [video(f"{VIDEO}?seconds=10"), video(f"{VIDEO}?seconds=6")],
        {},
        (
            "the parameter video total duration (seconds) specified in the request must be less than or equal to 15.2 "
            "for model doubao-seedance-2-0 in r2v"
        ),
    ),
    (
        [image(url=f"{IMAGE}?width=338&height=194")],
        {},
        (
            "The parameter `content[0].image_url` specified in the request is not valid: "
            "expected the height to be at least 300px, but received a 338x194px image instead"
        ),
    ),
    (
        [text(), image(url="https://example.com/fail-DownloadFailed.png")],
        {},
        "The parameter `content[1].image_url` specified in the request is not valid: resource download failed.",
    ),
    (
        [text(), image("reference_image", "asset://asset-20260101000000-abcde")],
        {},
        (
            "The parameter `content[1].image_url.url` specified in the request is not valid: "
            "The specified asset asset-20260101000000-abcde is not found."
        ),
    ),
    (
        [video()],
        {"model": V15},
        "the parameter content specified in the request is not valid for model doubao-seedance-1-5-pro in r2v",
    ),
    (
        [image()],
        {"model": LITE_T2V},
        "the parameter content specified in the request is not valid for model doubao-seedance-1-0-lite-t2v in i2v",
    ),
]


@pytest.mark.parametrize(("content", "fields", "message"), REFUSED_CONTENT)
async def test_invalid_content_has_the_upstreams_messages(
    caller: Caller, content: list[dict[str, Any]], fields: dict[str, Any], message: str
) -> None:
    assert error_of(await caller.create(*content, **fields)) == (400, "InvalidParameter", message)


async def test_a_real_person_is_refused_by_the_create(caller: Caller) -> None:
    url = "https://example.com/fail-InputImageSensitiveContentDetected.PrivacyInformation.png"
    assert error_of(await caller.create(text(), image(url=url))) == (
        400,
        "InputImageSensitiveContentDetected.PrivacyInformation",
        "The request failed because the input image 'content[1]' may contain real person.",
    )


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "image_url", "image_url": IMAGE}, "content[0].image_url"),
        ({"type": "image_url", "image_url": {}}, "content[0].image_url.url"),
        ({"type": "image_url"}, "content[0].image_url"),
        ({"type": "image_url", "image_url": {"url": "ftp://example.com/a.png"}}, "content[0].image_url.url"),
        ({"type": "image_url", "image_url": {"url": "data:image/PNG;base64,AAAA"}}, "content[0].image_url.url"),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,%%"}}, "content[0].image_url.url"),
        ({"type": "image_url", "image_url": {"url": "http://["}}, "content[0].image_url.url"),
        ({"type": "picture"}, "content[0].type"),
        ({}, "content[0].type"),
        ({"type": "text", "text": 5}, "content[0].text"),
        ({"type": "draft_task", "draft_task": {"id": "cgt-20260101000000-abcde"}}, "content.draft_task.id"),
        ("a string", "content[0]"),
    ],
)
async def test_the_error_for_a_malformed_item_has_its_path(caller: Caller, item: Any, param: str) -> None:
    response = await caller.create(item)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


@pytest.mark.parametrize(
    "content",
    [
        [text()],
        [image()],
        [text(), image("first_frame")],
        [image("last_frame"), image("first_frame"), text()],
        [image(url="data:image/png;base64,AAAA")],
        [text(), *[image("reference_image")] * 9],
        [text(), video(f"{VIDEO}?seconds=15")],
        [text(), image("reference_image"), video(), audio()],
        [text(), image("reference_image"), audio("data:audio/wav;base64,AAAA")],
    ],
)
async def test_every_documented_combination_is_accepted(caller: Caller, content: list[dict[str, Any]]) -> None:
    assert (await caller.create(*content)).status_code == 200


async def test_only_2_5_accepts_audio_without_other_media(caller: Caller) -> None:
    assert (await caller.create(text(), audio(AUDIO), model=V25)).status_code == 200


REFUSED_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"duration": 3}, "duration specified in the request must be greater than or equal to 4 for model doubao-seedance"),
    ({"duration": 16}, "must be less than or equal to 15 for model doubao-seedance-2-0 in t2v"),
    ({"duration": 13, "model": V10}, "must be less than or equal to 12 for model doubao-seedance-1-0-pro in t2v"),
    ({"duration": 1, "model": V10}, "must be greater than or equal to 2"),
    ({"duration": -1, "model": V10}, "must be greater than or equal to 2"),
    ({"duration": 31, "model": V25}, "must be less than or equal to 30"),
    ({"duration": 5.0}, "expected an integer"),
    ({"duration": "5"}, "expected an integer"),
    ({"resolution": "2k"}, "resolution specified in the request is not valid for model doubao-seedance-2-0 in t2v"),
    ({"resolution": "1080p", "model": V20_FAST}, "not valid for model doubao-seedance-2-0-fast in t2v"),
    ({"resolution": "4k", "model": V25}, "not valid for model doubao-seedance-2-5 in t2v"),
    ({"ratio": "2:1"}, "ratio specified in the request is not valid"),
    ({"service_tier": "flex"}, "service_tier specified in the request is not valid"),
    ({"service_tier": "default", "model": V20_FAST}, "service_tier specified in the request is not valid"),
    ({"execution_expires_after": 7200, "model": V20_FAST}, "execution_expires_after specified in the request is not"),
    ({"execution_expires_after": 3599}, "greater than or equal to 3600"),
    ({"execution_expires_after": 259201}, "less than or equal to 259200"),
    ({"seed": -2}, "greater than or equal to -1"),
    ({"seed": 2**32}, "less than or equal to 4294967295"),
    ({"priority": 10}, "less than or equal to 9"),
    ({"priority": 1, "model": V15}, "priority specified in the request is not valid"),
    ({"camera_fixed": True}, "camera_fixed specified in the request is not valid"),
    ({"bitrate_mode": "high"}, "bitrate_mode specified in the request is not valid for model doubao-seedance-2-0"),
    ({"bitrate_mode": "high", "model": V25}, "bitrate_mode specified in the request is not valid"),
    ({"frames": 121}, "frames specified in the request is not valid for model doubao-seedance-2-0 in t2v"),
    ({"frames": 121, "model": V15}, "frames specified in the request is not valid"),
    ({"generate_audio": False, "model": V10}, "generate_audio specified in the request is not valid"),
    ({"tools": [{"type": "web_search"}], "model": V25}, "tools specified in the request is not valid"),
    ({"tools": [{"type": "web_search"}], "model": V20_MINI}, "tools specified in the request is not valid"),
    ({"frames": 30, "model": V10}, "25+4n"),
    ({"frames": 293, "model": V10}, "less than or equal to 289"),
    ({"tools": [{"type": "calculator"}]}, "tools specified in the request is not valid"),
    ({"safety_identifier": "x" * 65}, "at most 64 characters"),
    ({"watermark": "yes"}, "expected a boolean"),
    ({"callback_url": "not a url"}, "expected a web url"),
    ({"output_format": "avi", "model": V25}, "output_format specified in the request is not valid"),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED_FIELDS)
async def test_an_invalid_parameter_is_refused(caller: Caller, fields: dict[str, Any], message: str) -> None:
    response = await caller.create(**fields)
    status, code, said = error_of(response)
    assert (status, code) == (400, "InvalidParameter")
    assert message in said
    assert response.json()["error"]["param"] in fields


@pytest.mark.parametrize("name", ["model", "content"])
@pytest.mark.parametrize("empty", [None, "absent"])
async def test_null_counts_as_absent(caller: Caller, name: str, empty: str | None) -> None:
    body: dict[str, Any] = {"model": MODEL, "content": [text()], "seed": None, "duration": None, name: None}
    if empty:
        del body[name]
    response = await caller.ask("POST", "", json=body)
    assert error_of(response)[:2] == (400, "MissingParameter")
    assert response.json()["error"]["param"] == name


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"model": "\\ud800"}', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_400(caller: Caller, body: bytes) -> None:
    assert error_of(await caller.ask("POST", "", content=body))[:2] == (400, "InvalidParameter")


async def test_unknown_fields_are_ignored(caller: Caller) -> None:
    assert (await caller.create(framespersecond=120, something={"else": [1]})).status_code == 200


async def test_prompt_suffixes_apply_to_absent_parameters(caller: Caller) -> None:
    task = await caller.finished(text("a cat --rs 480p --rt 1:1 --dur 6 --seed 7 --fps 60"))
    assert (task["resolution"], task["ratio"], task["duration"], task["seed"]) == ("480p", "1:1", 6, 7)
    task = await caller.finished(text("a cat --dur 6 --ratio 7:7"), duration=8, ratio="16:9")
    assert (task["duration"], task["ratio"]) == (8, "16:9")


async def test_of_the_suffixes_only_resolution_and_duration_are_validated(caller: Caller) -> None:
    response = await caller.create(text("a cat --dur 99"))
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "content[0].text.duration"
    assert (await caller.create(text("a cat --ratio 99:1 --seed many"))).status_code == 200


async def test_only_2_0_and_2_0_fast_accept_web_search(caller: Caller) -> None:
    for model in (MODEL, V20_FAST):
        task = await caller.finished(model=model, tools=[{"type": "web_search"}])
        assert task["usage"]["tool_usage"] == {"web_search": 1}


async def test_the_resolution_is_case_insensitive_and_a_seed_may_be_0(caller: Caller) -> None:
    task = await caller.finished(resolution="4K", seed=0)
    assert (task["resolution"], task["seed"]) == ("4k", 0)
    assert (await caller.finished(resolution="720P"))["resolution"] == "720p"


@pytest.mark.parametrize("type_", ["reference", "edit", "extend"])
async def test_task_types_of_references_need_references(caller: Caller, type_: str) -> None:
    response = await caller.create(text(), model=V25, omni_reference_task_type=type_)
    words = "the parameter omni_reference_task_type specified in the request is not valid for model"
    assert error_of(response) == (400, "InvalidParameter", f"{words} doubao-seedance-2-5 in t2v")
    assert response.json()["error"]["param"] == "omni_reference_task_type"


@pytest.mark.parametrize(
    ("item", "fields", "param"),
    [
        (image("reference_image"), {}, "omni_reference_task_type"),
        (video(f"{VIDEO}?seconds=3"), {}, "omni_reference_task_type"),
        (video(), {"duration": 5}, "duration"),
        (video(), {"ratio": "16:9"}, "ratio"),
    ],
)
async def test_an_edit_needs_a_video_of_4_to_30_seconds_and_has_its_length_and_ratio(
    caller: Caller, item: dict[str, Any], fields: dict[str, Any], param: str
) -> None:
    edit = {"model": V25, "omni_reference_task_type": "edit"}
    refused = await caller.create(text(), item, **edit, **fields)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
    assert (await caller.create(text(), video(f"{VIDEO}?seconds=4"), **edit, duration=-1)).status_code == 200
    assert (await caller.create(text(), video(f"{VIDEO}?seconds=30"), **edit, ratio="adaptive")).status_code == 200


async def test_an_extension_has_the_ratio_of_its_reference_and_its_own_length(caller: Caller) -> None:
    extend = {"model": V25, "omni_reference_task_type": "extend"}
    refused = await caller.create(text(), video(), **extend, ratio="1:1")
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "ratio")
    assert (await caller.finished(text(), video(), **extend, duration=8))["duration"] == 8


async def test_the_task_type_auto_can_fail_the_task(caller: Caller) -> None:
    prompt = text("a dog [fail:InvalidParameter.TaskTypeMismatch]")
    task = await caller.finished(prompt, video(), model=V25, omni_reference_task_type="auto")
    assert (task["status"], task["error"]["code"]) == ("failed", "InvalidParameter.TaskTypeMismatch")


async def test_2_5_accepts_50_references_and_30_seconds_of_video(caller: Caller) -> None:
    images, audios = [image("reference_image")] * 30, [audio(f"{AUDIO}?seconds=3")] * 10
    videos = [video(f"{VIDEO}?seconds=3")] * 10
    assert (await caller.create(*images, *videos, *audios, model=V25)).status_code == 200
    for items, words in (
        ([*images, images[0]], "at most 30 reference images but got 31"),
        ([*videos, videos[0]], "at most 10 reference videos but got 11"),
        ([*images, *audios, audios[0]], "at most 10 reference audios but got 11"),
        ([video(f"{VIDEO}?seconds=16")] * 2, "less than or equal to 30.2"),
        ([video(f"{VIDEO}?seconds=1")], "2 to 30 seconds"),
    ):
        status, _, message = error_of(await caller.create(*items, model=V25))
        assert (status, words in message) == (400, True), message
