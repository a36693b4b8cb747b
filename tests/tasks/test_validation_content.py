"""The items of ``content``: each by itself, and which may stand together."""

from typing import Any

import pytest

from tests.tasks.bodies import (
    ALIAS,
    NEWEST,
    OLDEST,
    PROMPT,
    audio,
    body,
    check,
    code_and_param,
    draft,
    image,
    media,
    refusal,
    video,
)

DATA_IMAGE = "data:image/png;base64,iVBORw0KGgo="
DATA_AUDIO = "data:audio/wav;base64,UklGRiQAAABXQVZF"
FIRST, LAST, REFERENCE = image("first_frame"), image("last_frame"), image("reference_image")


@pytest.mark.parametrize(
    "item",
    [
        PROMPT,
        image(),
        image("first_frame"),
        image("reference_image"),
        video(),
        draft(),
        {**PROMPT, "future": {"x": 1}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "high"}},
    ],
)
def test_each_type_of_item_passes_alone(item: dict[str, Any]) -> None:
    assert check(body(item)).fields["content"] == [item]


@pytest.mark.parametrize(
    ("item", "code", "suffix"),
    [
        ("text", "InvalidParameter", ""),
        (None, "InvalidParameter", ""),
        ([PROMPT], "InvalidParameter", ""),
        ({}, "MissingParameter", ".type"),
        ({"type": None, "text": "cat"}, "MissingParameter", ".type"),
        ({"type": "", "text": "cat"}, "MissingParameter", ".type"),
        ({"type": "image", "image": {}}, "InvalidParameter", ".type"),
        ({"type": "TEXT", "text": "cat"}, "InvalidParameter", ".type"),
        ({"type": ["text"], "text": "cat"}, "InvalidParameter", ".type"),
        ({"type": "text"}, "MissingParameter", ".text"),
        ({"type": "text", "text": None}, "MissingParameter", ".text"),
        ({"type": "text", "text": ["cat"]}, "InvalidParameter", ".text"),
        ({"type": "image_url"}, "MissingParameter", ".image_url.url"),
        ({"type": "image_url", "image_url": None}, "MissingParameter", ".image_url.url"),
        ({"type": "image_url", "image_url": {}}, "MissingParameter", ".image_url.url"),
        ({"type": "image_url", "image_url": {"url": None}}, "MissingParameter", ".image_url.url"),
        ({"type": "image_url", "image_url": {"url": ""}}, "MissingParameter", ".image_url.url"),
        ({"type": "image_url", "image_url": {"url": 5}}, "InvalidParameter", ".image_url.url"),
        ({"type": "image_url", "image_url": {"url": ["https://a.b/c"]}}, "InvalidParameter", ".image_url.url"),
        ({"type": "image_url", "image_url": "https://example.com/a.png"}, "InvalidParameter", ".image_url"),
        ({"type": "image_url", "video_url": {"url": "https://a.b/c"}}, "MissingParameter", ".image_url.url"),
        ({"type": "video_url"}, "MissingParameter", ".video_url.url"),
        ({"type": "video_url", "video_url": {"url": 5}}, "InvalidParameter", ".video_url.url"),
        ({"type": "audio_url"}, "MissingParameter", ".audio_url.url"),
        ({"type": "audio_url", "audio_url": []}, "InvalidParameter", ".audio_url"),
        ({"type": "draft_task"}, "MissingParameter", ".draft_task.id"),
        ({"type": "draft_task", "draft_task": {}}, "MissingParameter", ".draft_task.id"),
        ({"type": "draft_task", "draft_task": {"id": ""}}, "MissingParameter", ".draft_task.id"),
        ({"type": "draft_task", "draft_task": {"id": 7}}, "InvalidParameter", ".draft_task.id"),
        ({"type": "draft_task", "draft_task": {"id": "x" * 129}}, "InvalidParameter", ".draft_task.id"),
        ({"type": "draft_task", "draft_task": "cgt-1"}, "InvalidParameter", ".draft_task"),
        # A payload of another type than the item's is no way around the checks.
        ({**PROMPT, "image_url": "https://example.com/a.png"}, "InvalidParameter", ".image_url"),
        ({**PROMPT, "image_url": {"url": "ftp://example.com"}}, "InvalidParameter", ".image_url.url"),
        ({**PROMPT, "draft_task": 7}, "InvalidParameter", ".draft_task"),
    ],
)
def test_a_broken_item_is_named_by_its_path(item: Any, code: str, suffix: str) -> None:
    request = {"model": ALIAS, "content": [PROMPT, item]}
    assert code_and_param(request) == (f"{code}.content", f"content[1]{suffix}")


@pytest.mark.parametrize(
    "item",
    [
        image("mask"),
        image("reference_video"),
        image("First_Frame"),
        image(""),
        video("reference_image"),
        video("first_frame"),
        audio("reference_video"),
        {**PROMPT, "role": "user"},
        {**draft(), "role": "first_frame"},
        {**image(), "role": 5},
        {**image(), "role": ["first_frame"]},
    ],
)
def test_a_role_that_its_type_does_not_have_is_refused(item: dict[str, Any]) -> None:
    assert code_and_param(body(item)) == ("InvalidParameter.content", "content[0].role")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (image("mask"), "invalid role specified for image content"),
        (video("first_frame"), "reference media mode requires video role to be reference_video"),
        (video(url="data:video/mp4;base64,AAAA"), "reference_video must be provided as a web url"),
    ],
)
def test_where_the_upstream_has_words_they_are_used(item: dict[str, Any], words: str) -> None:
    assert words in refusal(body(item)).message


@pytest.mark.parametrize(
    "item",
    [
        image(url="http://example.com/a.png"),
        image(url="HTTPS://Example.com:8443/路径/a b.png?x=%20#y"),
        image(url="https://[2001:db8::1]/a.png"),
        image(url="https://user:pass@example.com/a.png"),
        image(url=DATA_IMAGE),
        image(url="data:image/svg+xml;base64,AAAA"),
        image(url="data:image/jpeg;base64," + "iVBORw0K" * 10_000 + "/+=="),
        image(url="asset://asset-20260520105344-gk4kd"),
        video(url="asset://asset_A-1"),
    ],
)
def test_a_media_url_has_one_of_the_forms_of_the_spec(item: dict[str, Any]) -> None:
    assert check(body(item)).fields["content"] == [item]


@pytest.mark.parametrize("url", ["https://example.com/a.mp3", DATA_AUDIO, "asset://asset-1"])
def test_audio_may_be_a_url_a_data_uri_or_an_asset(url: str) -> None:
    assert check(body(REFERENCE, audio(url=url))).fields["content"][1]["audio_url"] == {"url": url}


@pytest.mark.parametrize(
    "url",
    [
        "example.com/a.png",
        "//example.com/a.png",
        "http://",
        "http:///a.png",
        "http://:80/a.png",
        "https://example.com:99999/",
        "https://exa mple.com/a.png",
        "https://[::1/a.png",
        "https://example.com/a\n.png",
        " https://example.com/a.png",
        "https://example.com/\u200b",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:image/PNG;base64,AAAA",
        "DATA:image/png;base64,AAAA",
        "data:image/png,AAAA",
        "data:image/png;charset=utf-8;base64,AAAA",
        "data:;base64,AAAA",
        "data:image/png;base64,",
        "data:image/png;base64,AA AA",
        "data:image/png;base64,AAAA====",
        "data:image/png;base64," + "A" * 5000 + "!",
        "data:image/png;base64," + "A" * 5000 + "€" + "A" * 5000,
        "data:text/html;base64,AAAA",
        DATA_AUDIO,
        "asset://",
        "asset:asset-1",
        "asset://asset 1",
        "asset://asset-1/",
        "asset://asset-1\n",
        "asset://asset-1?x=1",
        "Asset://asset-1",
        "%61sset://asset-1",
        " asset://asset-1",
        "asset://" + "x" * 129,
    ],
)
def test_any_other_media_url_is_refused(url: str) -> None:
    assert code_and_param(body(image(url=url))) == ("InvalidParameter.content", "content[0].image_url.url")


@pytest.mark.parametrize("url", ["data:video/mp4;base64,AAAA", DATA_IMAGE, "AAAAIGZ0eXA=", "ftp://example.com/a.mp4"])
def test_a_video_must_be_a_web_url_or_an_asset(url: str) -> None:
    assert code_and_param(body(video(url=url))) == ("InvalidParameter.content", "content[0].video_url.url")


@pytest.mark.parametrize(
    ("kind", "url"), [("audio", DATA_IMAGE), ("image", DATA_AUDIO), ("audio", "data:video/mp4;base64,AAAA")]
)
def test_a_data_uri_must_be_of_the_kind_of_its_item(kind: str, url: str) -> None:
    request = body(REFERENCE, media(kind, f"reference_{kind}", url))
    assert code_and_param(request) == ("InvalidParameter.content", f"content[1].{kind}_url.url")


@pytest.mark.parametrize(
    "content",
    [
        [PROMPT],
        [image()],
        [PROMPT, image()],
        [FIRST],
        [PROMPT, FIRST, LAST],
        [LAST, FIRST],
        [PROMPT, REFERENCE],
        [PROMPT, video()],
        [video(None)],
        [REFERENCE, audio(None)],
        [PROMPT, REFERENCE, audio()],
        [PROMPT, REFERENCE, video()],
        [PROMPT, video(), audio()],
        [PROMPT, REFERENCE, video(), audio()],
        [REFERENCE] * 9 + [video()] * 3 + [audio()] * 3,
        [draft()],
        [PROMPT, draft()],
        [{"type": "text", "text": ""}, FIRST],
        [{"type": "text", "text": " "}, PROMPT],
    ],
)
def test_the_combinations_of_the_spec_pass(content: list[dict[str, Any]]) -> None:
    assert check(body(*content)).fields["content"] == content


MIXED = "first/last frame content cannot be mixed with reference media content"


@pytest.mark.parametrize(
    ("content", "param", "words"),
    [
        ([PROMPT, image(), image()], "content[1].role", "role must be specified for image contents"),
        ([FIRST, image()], "content[1].role", "role must be specified for image contents"),
        ([REFERENCE, image()], "content[1].role", "role must be specified for image contents"),
        ([FIRST, FIRST], "content[1].role", "expected at most one first frame image content but got 2 instead"),
        ([FIRST, LAST, LAST], "content[2].role", "expected at most one last frame image content but got 2 instead"),
        ([LAST], "content[0].role", "last frame content requires a first frame content"),
        ([PROMPT, FIRST, REFERENCE], "content[2]", MIXED),
        ([FIRST, LAST, REFERENCE], "content[2]", MIXED),
        ([LAST, REFERENCE], "content[1]", MIXED),
        ([FIRST, video()], "content[1]", MIXED),
        ([FIRST, audio()], "content[1]", MIXED),
        ([image(), video(None)], "content[1]", MIXED),
        ([REFERENCE] * 10, "content[9]", "expected at most 9 reference images but got 10 instead"),
        ([video()] * 5, "content[3]", "expected at most 3 reference videos but got 5 instead"),
        ([REFERENCE] + [audio()] * 4, "content[4]", "expected at most 3 reference audios but got 4 instead"),
        ([audio()], "content[0]", "requires at least one reference image or reference video"),
        ([PROMPT, audio(None)], "content[1]", "requires at least one reference image or reference video"),
        ([draft(), draft()], "content[1]", "expected at most one draft task content but got 2 instead"),
        ([draft(), image()], "content[1]", "draft task content cannot be mixed with media content"),
        ([draft(), image(), image()], "content[1]", "draft task content cannot be mixed with media content"),
        ([REFERENCE, draft()], "content[0]", "draft task content cannot be mixed with media content"),
        ([PROMPT, draft(), FIRST], "content[2]", "draft task content cannot be mixed with media content"),
    ],
)
def test_what_does_not_go_together_is_refused(content: list[dict[str, Any]], param: str, words: str) -> None:
    error = refusal(body(*content))
    assert (error.code, error.param) == ("InvalidParameter.content", param)
    assert error.message.startswith("The parameter `content` specified in the request is not valid: ")
    assert words in error.message


@pytest.mark.parametrize("texts", [[""], [" \n"], ["", " "]])
def test_nothing_but_empty_prompts_is_no_content(texts: list[str]) -> None:
    content = [{"type": "text", "text": text} for text in texts]
    assert code_and_param(body(*content)) == ("MissingParameter.content", "content[0].text")


@pytest.mark.parametrize(
    ("model", "content"),
    [
        (NEWEST, [audio()]),
        (NEWEST, [PROMPT, audio()]),
        (NEWEST, [REFERENCE] * 30 + [video()] * 10 + [audio()] * 10),
        (OLDEST, [FIRST, LAST]),
        ("doubao-seedance-1-0-lite-i2v-250428", [REFERENCE] * 4),
    ],
)
def test_counts_follow_the_model(model: str, content: list[dict[str, Any]]) -> None:
    assert check(body(*content, model=model)).model.name == model


@pytest.mark.parametrize(
    ("model", "content"),
    [
        (NEWEST, [REFERENCE] * 31),
        (NEWEST, [video()] * 11),
        (NEWEST, [audio()] * 11),
        (OLDEST, [video()]),
        (OLDEST, [REFERENCE, audio()]),
        ("doubao-seedance-1-0-lite-i2v-250428", [REFERENCE] * 5),
    ],
)
def test_counts_beyond_the_model_s_are_refused(model: str, content: list[dict[str, Any]]) -> None:
    error = refusal(body(*content, model=model))
    assert error.code == "InvalidParameter.content"
    assert "expected at most" in error.message
