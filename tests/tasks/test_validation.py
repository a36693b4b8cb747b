"""Whole create requests: the spec's examples, what is required, and what the upstream is sent."""

import copy
import json
from ipaddress import IPv4Network
from typing import Any

import pytest

from app.core.strict_json import parse_json_object, to_json_bytes
from app.tasks.validation.create import check_create, to_upstream_body
from app.tasks.validation.references import Reference
from app.webhooks.callback_url_policy import CallbackUrlPolicy
from tests.tasks.bodies import (
    ALIAS,
    DATED,
    FAST,
    MODELS,
    PROMPT,
    body,
    check,
    code_and_param,
    draft,
    image,
    refusal,
    video,
)

# The request bodies of the spec, verbatim.
WEB_SEARCH = """{
    "model": "doubao-seedance-2",
    "content": [
      {
        "type": "text",
        "text": "Generate a short unboxing video of the latest 2026 iPhone."
      }
    ],
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "tools": [
      {
        "type": "web_search"
      }
    ]
  }"""
TEXT_TO_VIDEO = """{
    "model": "doubao-seedance-2",
    "content": [
      {
        "type": "text",
        "text": "一只小猫在清晨阳光里伸懒腰,镜头缓慢推进,画面温暖自然。"
      }
    ],
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "seed": -1,
    "generate_audio": true,
    "watermark": false
  }"""
REFERENCE_TO_VIDEO = """{
    "model": "doubao-seedance-2",
    "content": [
      {
        "type": "text",
        "text": "全程使用视频1的第一视角构图,全程使用音频1作为背景音乐。第一人称视角果茶宣传广告。"
      },
      {
        "type": "image_url",
        "image_url": { "url": "https://example.com/reference.jpg" },
        "role": "reference_image"
      },
      {
        "type": "video_url",
        "video_url": { "url": "https://example.com/reference.mp4" },
        "role": "reference_video"
      },
      {
        "type": "audio_url",
        "audio_url": { "url": "https://example.com/reference.mp3" },
        "role": "reference_audio"
      }
    ],
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "generate_audio": true,
    "return_last_frame": true
  }"""
FIRST_AND_LAST_FRAME = """{
  "model": "doubao-seedance-2",
  "content": [
    {
      "type": "text",
      "text": "让画面从首帧自然过渡到尾帧,镜头保持平稳推进。"
    },
    {
      "type": "image_url",
      "image_url": { "url": "https://example.com/first-frame.png" },
      "role": "first_frame"
    },
    {
      "type": "image_url",
      "image_url": { "url": "https://example.com/last-frame.png" },
      "role": "last_frame"
    }
  ],
  "resolution": "720p",
  "ratio": "16:9",
  "duration": 5
}"""
COMPLETE_WORKFLOW = """{
        "model": "doubao-seedance-2",
        "content": [{"type": "text", "text": "A cat walking on a sunny street"}],
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5
    }"""
ASSET_ITEM = """{
  "type": "image_url",
  "image_url": {
    "url": "asset://asset-20260520105344-gk4kd"
  },
  "role": "reference_image"
}"""

# What the official Python SDK puts on the wire when a caller sets little.
PYTHON_SDK = (
    '{"model":"doubao-seedance-2","content":[{"type":"text","text":"一只猫"},{"type":"image_url","image_url":{"url":'
    '"https://example.com/a.png"},"role":"first_frame"}],"safety_identifier":null,"callback_url":null,'
    '"return_last_frame":null,"service_tier":null,"execution_expires_after":null,"priority":null,'
    '"generate_audio":null,"draft":null,"camera_fixed":null,"watermark":null,"seed":null,"resolution":"720p",'
    '"ratio":"16:9","duration":5,"frames":null,"tools":[{"type":"web_search"}],"output_format":null,'
    '"omni_reference_task_type":null}'
)


@pytest.mark.parametrize(
    "text",
    [WEB_SEARCH, TEXT_TO_VIDEO, REFERENCE_TO_VIDEO, FIRST_AND_LAST_FRAME, COMPLETE_WORKFLOW],
    ids=["web_search", "text", "references", "first_and_last_frame", "complete_workflow"],
)
@pytest.mark.parametrize("model", [ALIAS, "doubao-seedance-2-fast"])
def test_every_example_of_the_spec_passes_unchanged(text: str, model: str) -> None:
    request = parse_json_object(text.encode()) | {"model": model}
    checked = check_create(request, MODELS.get)
    assert checked.model is MODELS[model]
    assert checked.fields == request
    assert (checked.assets, checked.drafts, checked.callback_url) == ((), (), None)


def test_the_asset_example_of_the_spec_is_found() -> None:
    checked = check(body(PROMPT, json.loads(ASSET_ITEM)))
    assert checked.assets == (Reference("asset-20260520105344-gk4kd", "content[1].image_url.url"),)


def test_what_the_python_sdk_sends_passes_and_its_nulls_are_dropped() -> None:
    checked = check_create(parse_json_object(PYTHON_SDK.encode()), MODELS.get)
    assert list(checked.fields) == ["model", "content", "resolution", "ratio", "duration", "tools"]


@pytest.mark.parametrize(
    ("request_body", "code"),
    [
        ({}, "MissingParameter.model"),
        ({"content": [PROMPT]}, "MissingParameter.model"),
        ({"model": None, "content": [PROMPT]}, "MissingParameter.model"),
        ({"model": "", "content": [PROMPT]}, "MissingParameter.model"),
        ({"model": ALIAS}, "MissingParameter.content"),
        ({"model": ALIAS, "content": None}, "MissingParameter.content"),
        ({"model": ALIAS, "content": []}, "MissingParameter.content"),
    ],
)
def test_model_and_content_are_required(request_body: dict[str, Any], code: str) -> None:
    error = refusal(request_body)
    assert (error.code, error.param) == (code, code.removeprefix("MissingParameter."))
    assert f"`{error.param}`" in error.message


@pytest.mark.parametrize("value", [5, True, ["doubao-seedance-2"], {"name": "doubao-seedance-2"}])
def test_a_model_must_be_a_string(value: Any) -> None:
    assert code_and_param({"model": value, "content": [PROMPT]}) == ("InvalidParameter.model", "model")


@pytest.mark.parametrize("value", ["text", 5, {"type": "text", "text": "cat"}, False, ""])
def test_content_must_be_an_array(value: Any) -> None:
    assert code_and_param({"model": ALIAS, "content": value}) == ("InvalidParameter.content", "content")


@pytest.mark.parametrize("name", ["gpt-4", "doubao-seedance-2 ", "DOUBAO-SEEDANCE-2", "ep-20260101-abcde"])
def test_an_unknown_model_is_told_as_the_upstream_tells_it(name: str) -> None:
    error = refusal(body(model=name))
    assert (error.status, error.code) == (404, "InvalidEndpointOrModel.NotFound")
    assert name in error.message


def test_an_endless_model_name_is_not_repeated_in_full() -> None:
    assert len(refusal(body(model="x" * 1_000_000)).message) < 300


def test_a_request_without_any_parameter_passes() -> None:
    assert check(body()).fields == {"model": ALIAS, "content": [PROMPT]}


@pytest.mark.parametrize("url", ["not a url", "ftp://example.com", "http://127.0.0.1/", "http://0x7f000001", 5, "", {}])
def test_a_callback_url_that_nothing_could_be_delivered_to_is_refused(url: Any) -> None:
    error = refusal(body(callback_url=url))
    assert (error.code, error.param) == ("InvalidParameter.callback_url", "callback_url")


def test_a_callback_url_is_kept_for_us_and_not_sent_upstream() -> None:
    checked = check(body(callback_url="HTTPS://Example.com:443/hook?a=b"))
    assert checked.callback_url == "https://example.com/hook?a=b"
    assert "callback_url" not in to_upstream_body(checked, "u")


def test_a_callback_url_may_lead_where_the_operator_allows_it() -> None:
    targets = CallbackUrlPolicy(allow=(IPv4Network("127.0.0.0/8"),))
    checked = check_create(body(callback_url="http://127.0.0.1:9000/hook"), MODELS.get, targets=targets)
    assert checked.callback_url == "http://127.0.0.1:9000/hook"


def test_null_means_absent_at_the_top_in_items_in_payloads_and_in_tools() -> None:
    checked = check(
        {
            "model": ALIAS,
            "content": [
                {"type": "text", "text": "cat", "role": None, "image_url": None},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": None}, "role": None},
            ],
            "duration": None,
            "callback_url": None,
            "unheard_of": None,
            "tools": [{"type": "web_search", "limit": None}],
            "extra": {"kept": None},
        }
    )
    assert checked.fields == {
        "model": ALIAS,
        "content": [
            {"type": "text", "text": "cat"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        ],
        "tools": [{"type": "web_search"}],
        "extra": {"kept": None},
    }


def test_the_upstream_is_sent_the_client_s_body_in_its_order_with_its_unknown_fields() -> None:
    request = {
        "unheard_of": {"a": [1, 2.5, None, {"b": "c"}]},
        "seed": 7,
        "content": [{"future": [True], "type": "text", "text": "cat --rs 720p --dur 99"}],
        "priority": 3,
        "generate_audio": True,
        "model": DATED,
        "framespersecond": 60,
    }
    before = copy.deepcopy(request)
    sent = to_upstream_body(check_create(request, MODELS.get), "ep-20260101-abcde")
    assert sent == before | {"model": "ep-20260101-abcde"}
    assert list(sent) == list(before)
    assert request == before


def test_integral_floats_reach_the_upstream_as_integers() -> None:
    request = body(duration=5.0, frames=121.0, seed=-1.0, execution_expires_after=3600.0, priority=0.0)
    sent = to_upstream_body(check(request), "upstream-id")
    numbers = [sent[name] for name in ("duration", "frames", "seed", "execution_expires_after", "priority")]
    assert to_json_bytes(numbers) == b"[5,121,-1,3600,0]"


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("unset", [{}, {"generate_audio": None}], ids=["absent", "null"])
def test_sound_that_is_not_mentioned_is_off_for_the_names_of_the_spec_and_the_upstream_s_choice_for_all_others(
    model: str, unset: dict[str, None]
) -> None:
    added = {"generate_audio": False} if model in {ALIAS, FAST} else {}
    assert to_upstream_body(check(body(model=model, **unset)), "u") == {"model": "u", "content": [PROMPT], **added}
    for asked in (True, False):
        assert to_upstream_body(check(body(model=model, generate_audio=asked)), "u")["generate_audio"] is asked


def test_the_final_video_of_a_draft_keeps_the_sound_of_the_draft() -> None:
    checked = check(body(draft("cgt-1"), resolution="720p"))
    assert checked.drafts == (Reference("cgt-1", "content[0].draft_task.id"),)
    assert to_upstream_body(checked, "u") == {"model": "u", "content": [draft("cgt-1")], "resolution": "720p"}
    assert to_upstream_body(check(body(draft(), generate_audio=True)), "u")["generate_audio"] is True


def test_a_draft_that_is_named_by_an_id_of_ours_is_renamed_for_the_upstream() -> None:
    request = body(PROMPT, draft("cgt-ours"), extra=[{"draft_task": {"id": "cgt-ours"}, "note": "cgt-ours"}])
    before = copy.deepcopy(request)
    checked = check_create(request, MODELS.get)
    checked.rename_drafts({checked.drafts[0].id: "cgt-theirs"})
    sent = to_upstream_body(checked, "u")
    assert sent["content"] == [PROMPT, draft("cgt-theirs")]
    assert sent["extra"] == [{"draft_task": {"id": "cgt-theirs"}, "note": "cgt-ours"}]
    assert request == before


def test_the_first_broken_rule_is_told_in_the_order_model_content_parameters() -> None:
    everything = {"model": "nope", "content": [image("mask")], "duration": "long", "callback_url": "x"}
    assert code_and_param(everything)[0] == "InvalidEndpointOrModel.NotFound"
    assert code_and_param(everything | {"model": ALIAS})[0] == "InvalidParameter.content"
    assert code_and_param(everything | body(video()))[0] == "InvalidParameter.duration"
    assert code_and_param(everything | body(duration=5))[0] == "InvalidParameter.callback_url"
