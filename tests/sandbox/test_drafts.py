"""Drafts and their final videos: models, parameters, tokens."""

from typing import Any

import pytest

from tests.sandbox.clients import MODEL, Caller, error_of, image, text, video

V25 = "doubao-seedance-2-5-260628"
V20_FAST = "doubao-seedance-2-0-fast-260128"
V20_MINI = "doubao-seedance-2-0-mini-260615"
V15 = "doubao-seedance-1-5-pro-251215"
V10 = "doubao-seedance-1-0-pro-250528"
PREMIUM = "dreamina-seedance-2-5-premium-260915"
DAY = 24 * 3600


def of_draft(draft_id: str) -> dict[str, Any]:
    return {"type": "draft_task", "draft_task": {"id": draft_id}}


@pytest.mark.parametrize("model", [MODEL, V20_FAST, V20_MINI, V10])
async def test_only_2_5_and_1_5_pro_render_drafts_and_final_videos(caller: Caller, model: str) -> None:
    refused = await caller.create(model=model, draft=True)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "draft")
    assert "draft specified in the request is not valid for model" in error_of(refused)[2]
    draft = await caller.finished(model=V25, draft=True)
    final = await caller.create(of_draft(draft["id"]), model=model)
    assert (final.status_code, final.json()["error"]["param"]) == (400, "content")


@pytest.mark.parametrize("model", [V25, V15])
async def test_a_draft_is_480p(caller: Caller, model: str) -> None:
    task = await caller.finished(model=model, draft=True)
    assert (task["resolution"], task["draft"]) == ("480p", True)
    for fields in ({"resolution": "720p"}, {"resolution": "1080p"}, {"return_last_frame": True}):
        refused = await caller.create(model=model, draft=True, **fields)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, next(iter(fields)))


async def test_a_draft_of_1_5_pro_has_a_token_factor_and_one_of_2_5_has_none(caller: Caller) -> None:
    """The factors of 1.5 pro are 0.6 and 0.7; draft and final video are both billed."""
    draft = await caller.finished(model=V25, draft=True, ratio="16:9", duration=5)
    assert draft["usage"]["total_tokens"] == 854 * 480 * 121 // 1024
    silent = await caller.finished(model=V25, draft=True, ratio="16:9", duration=5, generate_audio=False)
    assert silent["usage"]["total_tokens"] == draft["usage"]["total_tokens"]
    cheap = await caller.finished(model=V15, draft=True, ratio="16:9", duration=5)
    assert cheap["usage"]["total_tokens"] == int(864 * 496 * 121 / 1024 * 0.6)
    final = await caller.finished(of_draft(draft["id"]), model=V25)
    assert final["usage"]["total_tokens"] == 1920 * 1080 * 121 // 1024


async def test_the_final_video_of_a_2_5_draft_is_1080p_and_inherits_the_rest(caller: Caller) -> None:
    draft = await caller.finished(
        text("a dog"), video(), model=V25, draft=True, ratio="9:16", duration=6, seed=11, generate_audio=False
    )
    final = await caller.finished(of_draft(draft["id"]), model=V25)
    assert (final["draft_task_id"], final["draft"], final["resolution"]) == (draft["id"], False, "1080p")
    inherited = ("ratio", "duration", "seed", "generate_audio")
    assert {name: final[name] for name in inherited} == {name: draft[name] for name in inherited}
    # The reference video is counted again.
    assert final["usage"]["total_tokens"] == int(1080 * 1920 * ((5 + 6) * 24 + 1) / 1024)
    assert (await caller.create(of_draft(draft["id"]), model=V25, resolution="1080p")).status_code == 200
    for resolution in ("480p", "720p", "4k"):
        refused = await caller.create(of_draft(draft["id"]), model=V25, resolution=resolution)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "resolution")


async def test_a_2_5_draft_task_refuses_other_content(caller: Caller) -> None:
    draft = await caller.finished(model=V25, draft=True)
    item = of_draft(draft["id"])
    for other in (text("a cat"), image("reference_image"), video(), item):
        refused = await caller.create(other, item, model=V25)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "content")


async def test_a_text_beside_a_1_5_pro_draft_task_is_ignored(caller: Caller) -> None:
    draft = await caller.finished(text("a dog --dur 6"), model=V15, draft=True)
    item = of_draft(draft["id"])
    assert (await caller.finished(text("a cat --dur 9"), item, model=V15))["duration"] == 6
    for other in (image(), item):
        refused = await caller.create(other, item, model=V15)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "content")


async def test_the_resolution_in_the_prompt_of_a_draft_is_not_inherited(caller: Caller) -> None:
    draft = await caller.finished(text("a cat --resolution 480p --dur 6 --rt 9:16"), model=V25, draft=True)
    final = await caller.finished(of_draft(draft["id"]), model=V25)
    assert (final["resolution"], final["duration"], final["ratio"]) == ("1080p", 6, "9:16")


async def test_a_parameter_of_the_draft_cannot_be_changed(caller: Caller) -> None:
    """The request may repeat a value of the draft."""
    draft = await caller.finished(model=V25, draft=True, duration=6, seed=11, generate_audio=False)
    item = of_draft(draft["id"])
    for name, value in (
        ("bitrate_mode", "high"),
        ("frames", 121),
        ("camera_fixed", True),
        ("tools", [{"type": "web_search"}]),
        ("output_format", "avi"),
        ("draft", True),
        ("duration", 12),
        ("ratio", "1:1"),
        ("seed", 5),
        ("generate_audio", True),
        ("omni_reference_task_type", "edit"),
    ):
        refused = await caller.create(item, model=V25, **{name: value})
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, name), name
    repeated = {"draft": False, "duration": 6, "seed": 11, "generate_audio": False, "output_format": "mov"}
    final = await caller.finished(item, model=V25, **repeated)
    assert {name: final[name] for name in repeated} == repeated
    left_open = await caller.finished(model=V25, draft=True)
    repeated = {name: left_open[name] for name in ("duration", "ratio", "seed", "generate_audio")}
    final = await caller.finished(of_draft(left_open["id"]), model=V25, **repeated)
    assert {name: final[name] for name in repeated} == repeated


async def test_a_final_video_has_parameters_of_its_own(caller: Caller) -> None:
    settings = {"safety_identifier": "u1", "priority": 5, "output_format": "mov", "execution_expires_after": 3600}
    draft = await caller.finished(model=V25, draft=True, **settings)
    final = await caller.finished(of_draft(draft["id"]), model=V25)
    assert {name: final[name] for name in settings if name in final} == {
        "priority": 0,
        "execution_expires_after": 172800,
    }
    final = await caller.finished(of_draft(draft["id"]), model=V25, **settings)
    assert {name: final[name] for name in settings} == settings


async def test_a_final_video_has_the_model_of_its_draft(caller: Caller) -> None:
    for made_by, other in ((V25, V15), (V15, V25)):
        draft = await caller.finished(model=made_by, draft=True)
        refused = await caller.create(of_draft(draft["id"]), model=other)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "model")


async def test_a_final_video_of_1_5_pro_has_the_parameters_of_its_draft(caller: Caller) -> None:
    draft = await caller.finished(text("a dog"), model=V15, draft=True, ratio="9:16", duration=6, seed=11)
    # The endpoint serves the same model.
    task = await caller.finished(of_draft(draft["id"]), model="ep-20260101-abcde", resolution="720p")
    assert (task["draft_task_id"], task["draft"]) == (draft["id"], False)
    assert (task["resolution"], task["ratio"], task["duration"], task["seed"]) == ("720p", "9:16", 6, 11)


async def test_drafts_of_other_accounts_and_unfinished_ones_are_not_found(caller: Caller, stranger: Caller) -> None:
    draft_id = await caller.made(text(), model=V15, draft=True)
    item = of_draft(draft_id)
    assert (await caller.create(item, model=V15)).status_code == 400
    caller.advance(3600)
    assert (await stranger.create(item, model=V15)).status_code == 400
    assert (await caller.create(item, model=V15)).status_code == 200


async def test_a_draft_can_be_used_for_seven_days(caller: Caller) -> None:
    draft = await caller.finished(model=V25, draft=True)
    caller.advance(7 * DAY - 3600 - 1)
    assert (await caller.create(of_draft(draft["id"]), model=V25)).status_code == 200
    caller.advance(2)
    refused = await caller.create(of_draft(draft["id"]), model=V25)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "content.draft_task.id")


async def test_premium_is_byteplus_only_and_its_final_videos_are_4k(caller: Caller, abroad: Caller) -> None:
    assert (await abroad.finished(model=PREMIUM, resolution="4k"))["resolution"] == "4k"
    draft = await abroad.finished(model=PREMIUM, draft=True)
    final = await abroad.finished(of_draft(draft["id"]), model=PREMIUM)
    assert (draft["resolution"], final["resolution"]) == ("480p", "4k")
    assert (await abroad.create(of_draft(draft["id"]), model=PREMIUM, resolution="1080p")).status_code == 400
    for unknown in (PREMIUM, PREMIUM.replace("dreamina", "doubao")):
        assert (await caller.create(model=unknown)).status_code == 404
