"""Whole create requests: the spec's examples, what is required, and what the upstream is sent."""

import copy
from ipaddress import IPv4Network

import pytest

from app.core.strict_json import to_json_bytes
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


@pytest.mark.parametrize("name", ["gpt-4", "doubao-seedance-2 ", "DOUBAO-SEEDANCE-2", "ep-20260101-abcde"])
def test_an_unknown_model_has_the_upstreams_error(name: str) -> None:
    error = refusal(body(model=name))
    assert (error.status, error.code) == (404, "InvalidEndpointOrModel.NotFound")
    assert name in error.message


def test_an_endless_model_name_is_not_repeated_in_full() -> None:
    assert len(refusal(body(model="x" * 1_000_000)).message) < 300


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


def test_the_first_error_is_reported_in_the_order_model_content_parameters() -> None:
    everything = {"model": "nope", "content": [image("mask")], "duration": "long", "callback_url": "x"}
    assert code_and_param(everything)[0] == "InvalidEndpointOrModel.NotFound"
    assert code_and_param(everything | {"model": ALIAS})[0] == "InvalidParameter.content"
    assert code_and_param(everything | body(video()))[0] == "InvalidParameter.duration"
    assert code_and_param(everything | body(duration=5))[0] == "InvalidParameter.callback_url"
