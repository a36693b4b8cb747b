"""Properties of the validation that hold for every body."""

from collections.abc import Iterator
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.strict_json import to_json_bytes
from app.errors import SeedgateError, top_level_field
from app.tasks.validation.create import CheckedCreate, check_create, to_upstream_body
from tests.tasks.bodies import MODELS

NAMES = st.sampled_from(
    [
        *("model", "content", "duration", "resolution", "seed", "tools", "frames", "watermark", "extra", "Model"),
        *("type", "text", "role", "image_url", "video_url", "audio_url", "draft_task", "url", "id", "URL", ""),
    ]
)
WORDS = st.sampled_from(
    [
        *("text", "image_url", "video_url", "audio_url", "draft_task", "web_search", "720p", "16:9", "cat", ""),
        *("first_frame", "last_frame", "reference_image", "reference_video", "reference_audio", *MODELS),
        *("https://example.com/a.png", "data:image/png;base64,AAAA", "asset://asset-1", "cgt-1"),
        *("Asset:x", " asset://y", "%61sset://z", "\u200basset://w", "asset://asset-1/", "aſſet:q"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | WORDS | st.text(max_size=8)
JSON_VALUES = st.recursive(
    SCALARS,
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(NAMES | st.text(max_size=4), children, max_size=4)
        | st.fixed_dictionaries({"url": children})
        | st.fixed_dictionaries({"id": children})
    ),
    max_leaves=12,
)

PAYLOADS = ("image_url", "video_url", "audio_url")
URLS = st.sampled_from(["https://example.com/a", "asset://asset-1", "asset://asset-2"])
EXTRAS = st.dictionaries(st.sampled_from(["extra", "note", *PAYLOADS]), JSON_VALUES, max_size=2)
PROMPTS = st.builds(lambda text, extra: {**extra, "type": "text", "text": text}, WORDS, EXTRAS)
REFERENCES = st.builds(
    lambda kind, url, extra: {**extra, "type": f"{kind}_url", f"{kind}_url": {"url": url}, "role": f"reference_{kind}"},
    st.sampled_from(["image", "video", "audio"]),
    URLS,
    EXTRAS,
)
LIKELY_BODIES = st.builds(
    lambda content, extra: {**extra, "model": "doubao-seedance-2", "content": content},
    st.lists(PROMPTS | REFERENCES, min_size=1, max_size=3),
    EXTRAS,
)
ANY_BODIES = st.dictionaries(NAMES | st.text(max_size=6), JSON_VALUES, max_size=6)


def outcome(body: dict[str, Any]) -> CheckedCreate | SeedgateError:
    try:
        return check_create(body, MODELS.get)
    except SeedgateError as error:
        return error


def strings_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from strings_of(member)


def strings_outside_prompts(sent: dict[str, Any]) -> list[str]:
    items = [
        {name: value for name, value in item.items() if name != "text" or item["type"] != "text"}
        for item in sent["content"]
    ]
    return list(strings_of({**sent, "content": items}))


def loosely_read(text: str) -> str:
    """Another reading of the rule than the one under test: trimmed, percent-decoded, casefolded."""
    for _ in range(5):
        text = normalize("NFKC", unquote(text)).casefold().strip()
        text = "".join(character for character in text if character.isprintable())
    return text


@settings(deadline=None)
@given(ANY_BODIES | LIKELY_BODIES)
def test_every_body_is_accepted_or_refused_with_the_field_at_fault(body: dict[str, Any]) -> None:
    result = outcome(body)
    if isinstance(result, SeedgateError):
        assert result.status in {400, 404}
        assert result.param
        assert result.status == 404 or result.code.split(".", 1)[1] == top_level_field(result.param)
        assert result.param.isascii()


@settings(deadline=None)
@given(LIKELY_BODIES)
def test_no_asset_reference_survives_undeclared(body: dict[str, Any]) -> None:
    result = outcome(body)
    if isinstance(result, SeedgateError):
        return
    declared = {f"asset://{reference.id}" for reference in result.assets}
    sent = to_upstream_body(result, "upstream-id")
    seen = strings_outside_prompts(sent)
    for text in seen:
        assert text in declared or not loosely_read(text).startswith("asset:")
    assert {text for text in seen if text.startswith("asset://")} == declared


@settings(deadline=None)
@given(LIKELY_BODIES)
def test_what_passes_is_sent_as_it_came(body: dict[str, Any]) -> None:
    result = outcome(body)
    if isinstance(result, SeedgateError):
        return
    sent = to_upstream_body(result, "upstream-id")
    assert sent.pop("generate_audio") is False
    assert sent == result.fields | {"model": "upstream-id"}
    assert list(sent) == [name for name, value in body.items() if value is not None]
    assert to_json_bytes(sent["model"]) == b'"upstream-id"'
