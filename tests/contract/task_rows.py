"""The rows of the spec's task tables, each with create bodies that pass and bodies that fail."""

from dataclasses import dataclass, field
from typing import Any

from tests.tasks.bodies import ALIAS, FAST, PROMPT, audio, body, draft, image, video

DRAFTING = "doubao-seedance-1-5-pro-251215"
PER_FRAME = "doubao-seedance-1-0-pro-250528"
PNG = "data:image/png;base64,iVBORw0KGgo="
MP3 = "data:audio/mp3;base64,SUQzBAAAAAA="
NO_ASSET = "asset-20260101000000-zzzzz"
NO_TASK = "cgt-20260101000000-zzzzz"

Refused = tuple[dict[str, Any], str, str]
"""A body, and the code and the path that it is refused with."""


@dataclass(frozen=True)
class Row:
    """A row of a table.

    ``$name`` in a body stands for the id of the tenant's asset of that content type, of its ``$draft``, or of
    another tenant's asset, ``$foreign``.
    """

    table: str
    name: str
    passing: list[dict[str, Any]] = field(default_factory=list)
    failing: list[Refused] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.table}: {self.name}"


def wrong(field_name: str, *values: Any, **others: Any) -> list[Refused]:
    """Bodies in which one top-level field has a wrong value."""
    return [(body(**others, **{field_name: value}), f"InvalidParameter.{field_name}", field_name) for value in values]


def item(*content: Any, param: str, code: str = "InvalidParameter.content") -> Refused:
    """A body whose content is refused, as the item's path says."""
    return {"model": ALIAS, "content": list(content)}, code, param


def lacking(*content: Any, param: str) -> Refused:
    """A body whose content lacks something."""
    return item(*content, param=param, code="MissingParameter.content")


MODELS = [
    Row(
        "models",
        "doubao-seedance-2",
        [body(model=ALIAS, resolution=each) for each in ("480p", "720p", "1080p")],
        wrong("resolution", "4k", "2k", model=ALIAS),
    ),
    Row(
        "models",
        "doubao-seedance-2-fast",
        [body(model=FAST, resolution=each) for each in ("480p", "720p")],
        wrong("resolution", "1080p", model=FAST),
    ),
]

PARAMETERS = [
    Row(
        "parameters",
        "model",
        [body(model=ALIAS), body(model=FAST)],
        [
            ({"content": [PROMPT]}, "MissingParameter.model", "model"),
            (body(model=""), "MissingParameter.model", "model"),
            ({**body(), "model": 5}, "InvalidParameter.model", "model"),
        ],
    ),
    Row(
        "parameters",
        "content",
        [body(PROMPT)],
        [
            ({"model": ALIAS}, "MissingParameter.content", "content"),
            ({"model": ALIAS, "content": []}, "MissingParameter.content", "content"),
            ({"model": ALIAS, "content": "a kitten"}, "InvalidParameter.content", "content"),
            ({"model": ALIAS, "content": ["a kitten"]}, "InvalidParameter.content", "content[0]"),
        ],
    ),
    Row(
        "parameters",
        "duration",
        [body(duration=5), body(duration=15), body()],
        wrong("duration", *[4, 16, -1, 5.5, "5", True, 10**12]),
    ),
    Row(
        "parameters",
        "frames",
        [body(model=PER_FRAME, frames=121), body(model=PER_FRAME, frames=121, duration=5)],
        wrong("frames", 0, -1, 2.5, "121"),
    ),
    Row(
        "parameters",
        "resolution",
        [body(resolution=each) for each in ("480p", "720p", "1080p")],
        wrong("resolution", "4k", "720P", "720", 720),
    ),
    Row(
        "parameters",
        "ratio",
        [body(ratio=each) for each in ("16:9", "9:16", "1:1")],
        wrong("ratio", "4:3", "21:9", "adaptive", "16x9", 1),
    ),
    Row(
        "parameters",
        "seed",
        [body(seed=-1), body(seed=0), body(seed=2**31 - 1)],
        wrong("seed", -2, 2**32, 1.5, "1", 10**12),
    ),
    *(
        Row("parameters", name, [{**body(), name: value} for value in (True, False)], wrong(name, "true", 1, []))
        for name in ("generate_audio", "watermark", "return_last_frame")
    ),
    Row("parameters", "service_tier", [body(service_tier="default")], wrong("service_tier", 1, ["default"])),
    Row(
        "parameters",
        "execution_expires_after",
        [body(execution_expires_after=3600)],
        wrong("execution_expires_after", 0, -1, "3600", 1.5),
    ),
    Row("parameters", "tools", [body(tools=[{"type": "web_search"}])], wrong("tools", "web_search", {})),
    Row(
        "tools",
        "tools[].type",
        [body(tools=[{"type": "web_search"}, {"type": "web_search"}]), body(tools=[])],
        [
            (body(tools=[{"type": "calculator"}]), "InvalidParameter.tools", "tools[0].type"),
            (body(tools=[{"type": "web_search"}, {}]), "MissingParameter.tools", "tools[1].type"),
            (body(tools=["web_search"]), "InvalidParameter.tools", "tools[0]"),
        ],
    ),
]

TYPES = [
    Row(
        "content",
        "text",
        [body({"type": "text", "text": "一只猫 🐈"})],
        [
            lacking({"type": "text"}, param="content[0].text"),
            lacking({"type": "text", "text": " "}, param="content[0].text"),
            item({"type": "text", "text": 5}, param="content[0].text"),
        ],
    ),
    Row(
        "content",
        "image_url",
        [body(image()), body(image("reference_image", PNG)), body(image("reference_image", "asset://$image_url"))],
        [
            lacking({"type": "image_url"}, param="content[0].image_url.url"),
            lacking({"type": "image_url", "image_url": {}}, param="content[0].image_url.url"),
            item({"type": "image_url", "image_url": "https://example.com/a.png"}, param="content[0].image_url"),
        ],
    ),
    Row(
        "content",
        "video_url",
        [body(video()), body(video(url="asset://$video_url"))],
        [
            lacking({"type": "video_url"}, param="content[0].video_url.url"),
            lacking({"type": "video_url", "video_url": {"url": ""}}, param="content[0].video_url.url"),
        ],
    ),
    Row(
        "content",
        "audio_url",
        [body(image("reference_image"), audio(url=each)) for each in ("https://e.example/a.mp3", MP3)]
        + [body(image("reference_image"), audio(url="asset://$audio_url"))],
        [lacking(PROMPT, {"type": "audio_url"}, param="content[1].audio_url.url")],
    ),
    Row(
        "content",
        "draft_task",
        [body(draft("$draft"), model=DRAFTING), body(PROMPT, draft("$draft"), model=DRAFTING, resolution="720p")],
        [
            lacking({"type": "draft_task"}, param="content[0].draft_task.id"),
            item(draft(NO_TASK), param="content[0].draft_task.id"),
            item({"type": "draft_task", "draft_task": NO_TASK}, param="content[0].draft_task"),
        ],
    ),
    Row(
        "content",
        "type",
        [body(PROMPT)],
        [
            lacking({"text": "a kitten"}, param="content[0].type"),
            item({"type": "pdf_url", "pdf_url": {"url": "https://e.example/a"}}, param="content[0].type"),
        ],
    ),
]

FIRST, LAST, REFERENCE = image("first_frame"), image("last_frame"), image("reference_image")

COMBINATIONS = [
    Row("combinations", "text", [body(PROMPT), body(PROMPT, PROMPT)]),
    Row("combinations", "text + image", [body(PROMPT, REFERENCE), body(REFERENCE)]),
    Row("combinations", "text + video", [body(PROMPT, video()), body(video())]),
    Row("combinations", "text + image + audio", [body(PROMPT, REFERENCE, audio()), body(REFERENCE, audio())]),
    Row("combinations", "text + image + video", [body(PROMPT, REFERENCE, video()), body(REFERENCE, video())]),
    Row("combinations", "text + video + audio", [body(PROMPT, video(), audio()), body(video(), audio())]),
    Row("combinations", "all", [body(PROMPT, REFERENCE, video(), audio()), body(REFERENCE, video(), audio())]),
    Row(
        "combinations",
        "audio needs an image or a video",
        failing=[item(PROMPT, audio(), param="content[1]"), item(audio(), param="content[0]")],
    ),
    Row(
        "combinations",
        "the three modes exclude each other",
        failing=[
            item(PROMPT, FIRST, REFERENCE, param="content[2]"),
            item(FIRST, LAST, video(), param="content[2]"),
            item(image(), audio(), param="content[1]"),
        ],
    ),
]

ROLES = [
    Row(
        "roles",
        "first_frame",
        [body(PROMPT, FIRST), body(PROMPT, image())],
        [
            item(FIRST, FIRST, param="content[1].role"),
            item(image("cover"), param="content[0].role"),
            item(image(), image(), param="content[0].role"),
        ],
    ),
    Row("roles", "last_frame", [body(FIRST, LAST), body(LAST, FIRST)], [item(PROMPT, LAST, param="content[1].role")]),
    Row(
        "roles",
        "reference_image",
        [body(REFERENCE), body(*[REFERENCE] * 9)],
        [item(*[REFERENCE] * 10, param="content[9]"), item(video("reference_image"), param="content[0].role")],
    ),
    Row(
        "roles",
        "reference_video",
        [body(video()), body(*[video(url="https://example.com/a.mp4?seconds=5")] * 3)],
        [item(*[video()] * 4, param="content[3]"), item(image("reference_video"), param="content[0].role")],
    ),
    Row(
        "roles",
        "reference_audio",
        [body(REFERENCE, audio()), body(REFERENCE, *[audio(url="https://example.com/a.mp3?seconds=5")] * 3)],
        [
            item(REFERENCE, *[audio()] * 4, param="content[4]"),
            item(REFERENCE, audio("first_frame"), param="content[1].role"),
        ],
    ),
]

LIMITS = [
    Row(
        "limits",
        "content.image_url.url",
        [body(image(url=each)) for each in ("http://example.com/a", "HTTPS://例子.测试/图.png", PNG)],
        [
            item(image(url=each), param="content[0].image_url.url")
            for each in (
                "ftp://example.com/a.png",
                "/a.png",
                "iVBORw0KGgo=",
                MP3,
                "data:image/png,iVBORw0KGgo=",
                "asset://",
                "ASSET://$image_url",
                "asset://$foreign",
                f"asset://{NO_ASSET}",
            )
        ],
    ),
    Row(
        "limits",
        "content.video_url.url",
        [body(video(url="http://example.com/a.mp4"))],
        [
            item(video(url=each), param="content[0].video_url.url")
            for each in ("data:video/mp4;base64,AAAA", PNG, "file:///a.mp4", "asset://$foreign")
        ],
    ),
    Row(
        "limits",
        "content.audio_url.url",
        [body(REFERENCE, audio(url=MP3))],
        [
            item(REFERENCE, audio(url=each), param="content[1].audio_url.url")
            for each in (PNG, "data:audio/mp3;base64,?", "asset://$foreign")
        ],
    ),
]

ROWS = [*MODELS, *PARAMETERS, *TYPES, *COMBINATIONS, *ROLES, *LIMITS]
