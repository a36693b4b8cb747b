"""The checks miss no disguised member: confusable names, hidden asset references, drafts in odd places."""

from typing import Any

import pytest

from app.core.confusables import skeleton
from app.tasks.validation.confusables import is_asset_like
from app.tasks.validation.references import Reference
from tests.tasks.bodies import ALIAS, PROMPT, audio, body, check, code_and_param, draft, image, refusal, video

FULL_WIDTH_MODEL = "ｍｏｄｅｌ"


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"Model": "x"}, "Model"),
        ({"CONTENT": []}, "CONTENT"),
        ({"Callback_URL": "https://example.com"}, "Callback_URL"),
        ({"ſeed": 1}, "?eed"),
        ({FULL_WIDTH_MODEL: "x"}, "?????"),
        ({"model ": "x"}, "model?"),
        ({"mo\u200bdel": "x"}, "mo?del"),
        ({"mod%65l": "x"}, "mod?65l"),
        ({"Generate_Audio": True}, "Generate_Audio"),
        ({"Priority": 9}, "Priority"),
        ({"Draft_Task": {"id": "cgt-1"}}, "Draft_Task"),
    ],
)
def test_a_name_that_could_be_read_as_a_known_one_is_refused(extra: dict[str, Any], param: str) -> None:
    error = refusal(body(**extra))
    assert (error.code, error.param) == (f"InvalidParameter.{param}", param)
    assert "must be written" in error.message


@pytest.mark.parametrize(
    ("item", "suffix"),
    [
        ({**PROMPT, "Type": "image_url"}, "Type"),
        ({**PROMPT, "Image_URL": {"url": "https://example.com"}}, "Image_URL"),
        ({**PROMPT, "TEXT": "dog"}, "TEXT"),
        ({**image(), "Role": "last_frame"}, "Role"),
        ({**PROMPT, "DRAFT_TASK": {"id": "cgt-1"}}, "DRAFT_TASK"),
        ({"type": "image_url", "image_url": {"url": "https://example.com", "URL": "x"}}, "image_url.URL"),
        ({"type": "video_url", "video_url": {"url": "https://example.com", "Url": "x"}}, "video_url.Url"),
        ({"type": "draft_task", "draft_task": {"id": "cgt-1", "ID": "cgt-2"}}, "draft_task.ID"),
        ({"Type": "text", "text": "cat"}, "Type"),
    ],
)
def test_confusable_names_are_refused_inside_content_too(item: dict[str, Any], suffix: str) -> None:
    assert code_and_param(body(item)) == ("InvalidParameter.content", f"content[0].{suffix}")


def test_confusable_names_are_refused_inside_tools_too() -> None:
    tools = [{"type": "web_search", "Type": "code"}]
    assert code_and_param(body(tools=tools)) == ("InvalidParameter.tools", "tools[0].Type")


def test_a_confusable_name_with_null_is_absent_like_any_other() -> None:
    assert "Model" not in check(body(Model=None)).fields


@pytest.mark.parametrize("name", ["models", "contents", "image", "seeds", "model_name", "内容"])
def test_a_name_that_only_resembles_a_known_one_passes(name: str) -> None:
    assert check(body(**{name: "x"})).fields[name] == "x"


DISGUISES = [
    "asset://asset-1",
    "ASSET://asset-1",
    "asset:asset-1",
    "  asset://asset-1",
    "\tasset://asset-1",
    "\x01\x1fasset://asset-1",
    "as\tset://asset-1",
    "as\nset:\r//asset-1",
    "\u200b\ufeffasset://asset-1",
    "a\u200dsset://asset-1",
    "\u00a0\u3000asset://asset-1",
    "%61sset://asset-1",
    "asset%3A//asset-1",
    "%2561sset://asset-1",
    "asset%253a%252f%252fasset-1",
    "%20%09asset://asset-1",
    "%EF%BD%81sset://asset-1",
    "ａｓｓｅｔ：／／asset-1",
    "aſſet://asset-1",
    "aßet://asset-1",
    " " * 1000 + "asset://asset-1",
    "\u200b" * 1000 + "asset://asset-1",
    "%20" * 1000 + "asset://asset-1",
    "%" + "25" * 50 + "61sset://asset-1",
    "%252525252561sset://asset-1",
]


@pytest.mark.parametrize("text", DISGUISES)
def test_an_asset_reference_is_seen_through_every_disguise(text: str) -> None:
    assert is_asset_like(text)
    for request, param in (
        (body(safety_identifier=text), "safety_identifier"),
        (body(extra={"x": text}), "extra.x"),
        (body(extra=[[{"deep": [text]}]]), "extra[0][0].deep[0]"),
        (body({**PROMPT, "note": text}), "content[0].note"),
        (body({**image(), "text": text}), "content[0].text"),
        (body({"type": "image_url", "image_url": {"url": "https://a.b/c", "x": text}}), "content[0].image_url.x"),
        (body(tools=[{"type": "web_search", "x": text}]), "tools[0].x"),
        (body(image_url=text), "image_url"),
        (body(image_url={"url": [text]}), "image_url.url[0]"),
    ):
        assert code_and_param(request) == (f"InvalidParameter.{param.split('.')[0].split('[')[0]}", param)


@pytest.mark.parametrize("padding", [" ", "\u200b", "%0A", "%2509"])
@pytest.mark.parametrize(
    "hidden",
    [
        "asset://a",
        "asset%3A//a",
        "ａsset：//a",
        "%61%73%73%65%74%3A//a",
        "%2561%2573%2573%2565%2574%253A//a",
        "asset%25%33%41//a",
        "asset%25%32%35%25%33%33%25%34%31//a",
    ],
)
def test_padding_of_any_length_hides_nothing(padding: str, hidden: str) -> None:
    assert all(is_asset_like(padding * length + hidden + "x" * 500) for length in range(200))


def test_an_asset_reference_as_a_member_name_is_refused() -> None:
    assert refusal(body(extra={"asset://asset-1": 1})).code == "InvalidParameter.extra"
    assert refusal(body() | {"Asset:x": 1}).code == "InvalidParameter.Asset?x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "asset",
        "asset-20260520105344-gk4kd",
        "assets://x",
        "my asset://x",
        "https://example.com/?u=asset://x",
        "100%",
        "50%25 off",
        "%E4%BD%A0%E5%A5%BD" * 100,
        "你好" * 500,
        "data:image/png;base64,AAAA",
        "x" * 10_000,
    ],
)
def test_harmless_text_in_unknown_fields_passes(text: str) -> None:
    assert check(body(extra={"x": text})).fields["extra"] == {"x": text}


@pytest.mark.parametrize("text", DISGUISES)
def test_a_prompt_may_say_what_it_likes(text: str) -> None:
    assert check(body({"type": "text", "text": text})).assets == ()


def test_assets_are_found_in_every_media_place_in_order() -> None:
    checked = check(
        body(
            image("reference_image", "asset://one"),
            video(url="asset://two"),
            audio(url="asset://three"),
            image("reference_image", "https://example.com/a.png"),
            image("reference_image", "asset://one"),
            image_url={"url": "asset://top"},
            extra={"list": [{"video_url": {"url": "asset://nested", "more": {"audio_url": {"url": "asset://deep"}}}}]},
        )
    )
    assert checked.assets == (
        Reference("one", "content[0].image_url.url"),
        Reference("two", "content[1].video_url.url"),
        Reference("three", "content[2].audio_url.url"),
        Reference("one", "content[4].image_url.url"),
        Reference("top", "image_url.url"),
        Reference("nested", "extra.list[0].video_url.url"),
        Reference("deep", "extra.list[0].video_url.more.audio_url.url"),
    )


def test_draft_tasks_are_found_wherever_they_are_named() -> None:
    checked = check(
        body(
            draft("cgt-item"),
            draft_task={"id": "cgt-top", "x": 1},
            extra=[{"draft_task": {"id": "cgt-deep"}}, {"draft_task": None}],
        )
    )
    assert checked.drafts == (
        Reference("cgt-item", "content[0].draft_task.id"),
        Reference("cgt-top", "draft_task.id"),
        Reference("cgt-deep", "extra[0].draft_task.id"),
    )


@pytest.mark.parametrize(
    ("extra", "code", "param"),
    [
        ({"draft_task": "cgt-1"}, "InvalidParameter.draft_task", "draft_task"),
        ({"draft_task": [{"id": "cgt-1"}]}, "InvalidParameter.draft_task", "draft_task"),
        ({"draft_task": {}}, "MissingParameter.draft_task", "draft_task.id"),
        ({"extra": {"draft_task": {"id": 1}}}, "InvalidParameter.extra", "extra.draft_task.id"),
        ({"extra": {"Draft_Task": {"id": "cgt-1"}}}, "InvalidParameter.extra", "extra.Draft_Task"),
        ({"draft_task": {"id": "cgt-1", "ID": "cgt-2"}}, "InvalidParameter.draft_task", "draft_task.ID"),
        ({"extra": {"draft_task": {"id": "cgt-1", "i%64": "x"}}}, "InvalidParameter.extra", "extra.draft_task.i?64"),
    ],
)
def test_a_draft_task_in_another_shape_is_refused(extra: dict[str, Any], code: str, param: str) -> None:
    assert code_and_param({"model": ALIAS, "content": [PROMPT], **extra}) == (code, param)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Model", "model"),
        (" %4dodel\u200b ", "model"),
        ("ﬁle_format", "file_format"),
        ("%25%34%31", "a"),
        ("ÀÉ", "àé"),
        ("%", "%"),
        ("%zz", "%zz"),
    ],
)
def test_the_plain_form_is_what_the_most_tolerant_reader_sees(text: str, plain: str) -> None:
    assert skeleton(text) == plain
