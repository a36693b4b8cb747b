"""The rows of the spec's task tables, each with create bodies that pass and bodies that fail."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.tasks.bodies import ALIAS, DATED, FAST, NEWEST, OLDEST, PROMPT, audio, body, draft, image, video

DRAFTING = "doubao-seedance-1-5-pro-251215"
LITE = "doubao-seedance-1-0-lite-i2v-250428"
PNG = "data:image/png;base64,iVBORw0KGgo="
MP3 = "data:audio/mp3;base64,SUQzBAAAAAA="
NO_ASSET = "asset-20260101000000-zzzzz"
NO_TASK = "cgt-20260101000000-zzzzz"
MISSING = "MissingParameter.content"
NO_BOOLEANS: tuple[Any, ...] = ("true", 1, 0, 1.0, [], {})
NO_STRINGS: tuple[Any, ...] = (5, True, 1.5, [], {}, ["720p"])
NO_INTEGERS: tuple[Any, ...] = ("5", True, False, 5.5, [5], {}, "")


class Refused(NamedTuple):
    """A body, the code and the path that it is refused with, and words of the message."""

    body: dict[str, Any]
    code: str
    param: str
    words: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table.

    ``$name`` in a body stands for the id of the tenant's asset of that content type, of its ``$draft``, or of
    another tenant's asset, ``$foreign``.

    Attributes:
        passing: bodies that reach the upstream as sent, and that it takes.
        accepted: bodies that the gateway takes; the upstream is not asked.
        failing: bodies that the gateway refuses.
    """

    table: str
    name: str
    passing: list[dict[str, Any]] = field(default_factory=list)
    failing: list[Refused] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.table}: {self.name}"


def wrong(field_name: str, *values: Any, words: str = "", **others: Any) -> list[Refused]:
    """Bodies in which one top-level field has a wrong value."""
    code = f"InvalidParameter.{field_name}"
    return [Refused({**body(**others), field_name: value}, code, field_name, words) for value in values]


def item(*content: Any, param: str, words: str = "", code: str = "InvalidParameter.content") -> Refused:
    """A body whose content is refused, as the item's path says."""
    return Refused({"model": ALIAS, "content": list(content)}, code, param, words)


def broken(suffix: str, *items: Any) -> list[Refused]:
    """Bodies whose second item has a wrong value at a path."""
    return [item(PROMPT, each, param=f"content[1]{suffix}") for each in items]


def lacking(suffix: str, *items: Any) -> list[Refused]:
    """Bodies whose second item lacks something."""
    return [item(PROMPT, each, param=f"content[1]{suffix}", code=MISSING) for each in items]


def limited(model: str, name: str, good: Any, bad: Any) -> Row:
    """A value that a model takes, and one that it does not, as the upstream words it."""
    words = f"the parameter {name} specified in the request"
    refused = [
        Refused({**body(model=model), name: bad}, f"InvalidParameter.{name}", name, each)
        for each in (words, f"for model {model} in t2v")
    ]
    return Row("models", f"{model} {name} {good}", accepted=[{**body(model=model), name: good}], failing=refused)


MODELS = [
    Row("models", ALIAS, [body(model=ALIAS, resolution=each) for each in ("480p", "720p", "1080p")]),
    Row("models", FAST, [body(model=FAST, resolution=each) for each in ("480p", "720p")]),
    limited(ALIAS, "resolution", "1080p", "4k"),
    limited(FAST, "resolution", "720p", "1080p"),
    limited(DATED, "resolution", "4K", "2k"),
    limited(NEWEST, "resolution", "1080p", "4k"),
    limited(ALIAS, "ratio", "1:1", "21:9"),
    limited(DATED, "ratio", "adaptive", "2:1"),
    limited(ALIAS, "duration", 5, 4),
    limited(ALIAS, "duration", 15, -1),
    limited(DATED, "duration", 4, 3),
    limited(DATED, "duration", -1, 16),
    limited(DATED, "duration", -1.0, -2),
    limited(NEWEST, "duration", 30, 31),
    limited(OLDEST, "duration", 2, -1),
    limited(OLDEST, "duration", 12, 13),
    Row(
        "models",
        "the mode is named",
        failing=[
            Refused(body(image(), model=OLDEST, duration=13), "InvalidParameter.duration", "duration", "in i2v."),
            *wrong("resolution", "4k", content=[image("reference_image")], words="in r2v"),
            *wrong("duration", 1, words="must be greater than or equal to 5"),
        ],
    ),
]

PARAMETERS = [
    Row(
        "parameters",
        "model",
        [body(model=ALIAS), body(model=FAST)],
        [
            *(
                Refused(each, "MissingParameter.model", "model", "`model`")
                for each in ({}, {"content": [PROMPT]}, body(model=""), {**body(), "model": None})
            ),
            *wrong("model", *[5, True, [ALIAS], {"name": ALIAS}]),
        ],
    ),
    Row(
        "parameters",
        "content",
        [body(PROMPT)],
        [
            *(
                Refused(each, "MissingParameter.content", "content", "`content`")
                for each in ({"model": ALIAS}, {"model": ALIAS, "content": None}, {"model": ALIAS, "content": []})
            ),
            *wrong("content", *["a kitten", 5, {"type": "text", "text": "cat"}, False, ""]),
            *broken("", "text", None, [PROMPT]),
        ],
    ),
    Row(
        "parameters",
        "duration",
        [body(duration=5), body(duration=15), body(duration=10), body()],
        wrong("duration", *NO_INTEGERS, 4, 16, 0, -1, 10**12, 2**62, 1e300),
    ),
    Row(
        "parameters",
        "frames",
        [body(model=OLDEST, frames=121), body(model=OLDEST, frames=121, duration=5)],
        wrong("frames", *NO_INTEGERS, 0, -1),
        [body(frames=1), body(frames=289.0)],
    ),
    Row(
        "parameters",
        "resolution",
        [body(resolution=each) for each in ("480p", "720p", "1080p")],
        wrong("resolution", *NO_STRINGS, "4k", "720P", "720", "1280x720"),
    ),
    Row(
        "parameters",
        "ratio",
        [body(ratio=each) for each in ("16:9", "9:16", "1:1")],
        wrong("ratio", *NO_STRINGS, "4:3", "21:9", "adaptive", "16x9"),
    ),
    Row(
        "parameters",
        "seed",
        [body(seed=-1), body(seed=0), body(seed=2**31 - 1)],
        wrong("seed", *NO_INTEGERS, -2, 2**32, 10**12),
        [body(seed=2**32 - 1)],
    ),
    *(
        Row("parameters", name, [{**body(), name: value} for value in (True, False)], wrong(name, *NO_BOOLEANS))
        for name in ("generate_audio", "watermark", "return_last_frame")
    ),
    Row(
        "parameters",
        "service_tier",
        [body(service_tier="default")],
        wrong("service_tier", *NO_STRINGS, "x" * 33, "x" * 100_000),
        [body(service_tier="flex"), body(service_tier="priority"), body(service_tier="x" * 32)],
    ),
    Row(
        "parameters",
        "execution_expires_after",
        [body(execution_expires_after=3600)],
        wrong("execution_expires_after", *NO_INTEGERS, 0, -1, 1e300),
        [body(execution_expires_after=1), body(execution_expires_after=259200.0)],
    ),
    Row("parameters", "tools", [body(tools=[{"type": "web_search"}])], wrong("tools", *["web_search", {}, True])),
    Row(
        "tools",
        "tools[].type",
        [body(tools=[{"type": "web_search"}, {"type": "web_search"}]), body(tools=[])],
        [
            *(
                Refused(body(tools=[each]), "InvalidParameter.tools", "tools[0].type")
                for each in ({"type": "calculator"}, {"type": ["web_search"]})
            ),
            *(
                Refused(body(tools=[{"type": "web_search"}, each]), "MissingParameter.tools", "tools[1].type")
                for each in ({}, {"type": None}, {"type": ""})
            ),
            *(Refused(body(tools=[each]), "InvalidParameter.tools", "tools[0]") for each in ("web_search", None)),
        ],
    ),
]

BEYOND_SPEC = "beyond the spec"
BEYOND = [
    *(
        Row(BEYOND_SPEC, name, [], wrong(name, *wrong_type), [{**body(), name: each} for each in values])
        for name, values, wrong_type in (
            ("priority", (0, 9, 99), NO_INTEGERS),
            ("draft", (True,), NO_BOOLEANS),
            ("camera_fixed", (False,), NO_BOOLEANS),
            ("safety_identifier", ("end-user-hash", "x" * 100), NO_STRINGS),
            ("output_format", ("mov",), NO_STRINGS),
            ("omni_reference_task_type", ("edit",), NO_STRINGS),
            ("subdivision_level", ("high", 3), ()),
            ("file_format", ("glb", {"any": 1}), ()),
            ("optimize_prompt", (True, "yes"), ()),
            ("reasoning_effort", ("max", 1), ()),
            ("human_face_mode", ("any", True), ()),
            ("framespersecond", (60, "many"), ()),
            ("unheard_of", ({"deep": [None]}, 0, "", False), ()),
        )
    ),
    Row(
        BEYOND_SPEC,
        "beside a draft",
        failing=[Refused(body(draft(), resolution="9k"), "InvalidParameter.resolution", "resolution")],
    ),
]

TYPES = [
    Row(
        "content",
        "text",
        [body({"type": "text", "text": "一只猫 🐈"})],
        [
            *lacking(".text", {"type": "text"}, {"type": "text", "text": None}),
            *broken(".text", {"type": "text", "text": 5}, {"type": "text", "text": ["cat"]}),
            *(
                item(*({"type": "text", "text": each} for each in texts), param="content[0].text", code=MISSING)
                for texts in ([""], [" \n"], ["", " "])
            ),
        ],
        [body({**PROMPT, "future": {"x": 1}}), body({"type": "text", "text": " "}, PROMPT)],
    ),
    Row(
        "content",
        "image_url",
        [body(image()), body(image("reference_image", PNG)), body(image("reference_image", "asset://$image_url"))],
        [
            *lacking(
                ".image_url.url",
                {"type": "image_url"},
                *({"type": "image_url", "image_url": each} for each in (None, {}, {"url": None}, {"url": ""})),
                {"type": "image_url", "video_url": {"url": "https://a.b/c"}},
            ),
            *broken(
                ".image_url.url",
                *({"type": "image_url", "image_url": {"url": each}} for each in (5, ["https://a.b/c"])),
            ),
            *broken(".image_url", {"type": "image_url", "image_url": "https://example.com/a.png"}),
        ],
        [body({"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "high"}})],
    ),
    Row(
        "content",
        "video_url",
        [body(video()), body(video(url="asset://$video_url"))],
        [
            *lacking(".video_url.url", {"type": "video_url"}, {"type": "video_url", "video_url": {"url": ""}}),
            *broken(".video_url.url", {"type": "video_url", "video_url": {"url": 5}}),
        ],
    ),
    Row(
        "content",
        "audio_url",
        [body(image("reference_image"), audio(url=each)) for each in ("https://e.example/a.mp3", MP3)]
        + [body(image("reference_image"), audio(url="asset://$audio_url"))],
        [
            *lacking(".audio_url.url", {"type": "audio_url"}),
            *broken(".audio_url", {"type": "audio_url", "audio_url": []}),
        ],
    ),
    Row(
        "content",
        "draft_task",
        [body(draft("$draft"), model=DRAFTING), body(PROMPT, draft("$draft"), model=DRAFTING, resolution="720p")],
        [
            *lacking(
                ".draft_task.id",
                {"type": "draft_task"},
                *({"type": "draft_task", "draft_task": each} for each in ({}, {"id": ""})),
            ),
            *broken(".draft_task.id", draft(NO_TASK), draft("x" * 129), {**draft(), "draft_task": {"id": 7}}),
            *broken(".draft_task", {"type": "draft_task", "draft_task": NO_TASK}),
        ],
    ),
    Row(
        "content",
        "type",
        [body(PROMPT)],
        [
            *lacking(".type", {}, {"text": "cat"}, {"type": None, "text": "cat"}, {"type": "", "text": "cat"}),
            *broken(
                ".type",
                {"type": "pdf_url", "pdf_url": {"url": "https://e.example/a"}},
                {"type": "TEXT", "text": "cat"},
                {"type": ["text"], "text": "cat"},
            ),
            # The upstream might use the payload of another type than the item's, which no estimate counts.
            *broken(".image_url", {**PROMPT, "image_url": {"url": "https://example.com/a.png"}}),
            *broken(".image_url", {**PROMPT, "image_url": "https://example.com/a.png"}),
            *broken(".video_url", {**PROMPT, "video_url": {"url": "https://example.com/a.mp4"}}),
            *broken(".video_url", {**image("reference_image"), "video_url": {"url": "https://example.com/a.mp4"}}),
            *broken(".text", {**image("reference_image"), "text": "--resolution 1080p --dur 15"}),
            *broken(".draft_task", {**PROMPT, "draft_task": {"id": "cgt-1"}}),
            *broken(".draft_task", {**PROMPT, "draft_task": 7}),
        ],
    ),
]

INVALID = "InvalidParameter.content"
MIXED = "first/last frame content cannot be mixed with reference media content"
TWO = "expected at most one {} content but got 2 instead"
NO_MEDIA = "draft task content cannot be mixed with media content"
ROLE_NEEDED = "role must be specified for image contents"
AUDIO_NEEDS = "requires at least one reference image or reference video"
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
        "frames",
        accepted=[
            body(PROMPT, FIRST, LAST),
            body({"type": "text", "text": ""}, FIRST),
            body(video(None)),
            body(REFERENCE, audio(None)),
        ],
        failing=[
            item(PROMPT, image(), image(), param="content[1].role", words=ROLE_NEEDED),
            item(FIRST, image(), param="content[1].role", words=ROLE_NEEDED),
            item(REFERENCE, image(), param="content[1].role", words=ROLE_NEEDED),
            item(FIRST, FIRST, param="content[1].role", words=TWO.format("first frame image")),
            item(
                FIRST,
                LAST,
                LAST,
                param="content[2].role",
                words=TWO.format("last frame image"),
            ),
            item(LAST, param="content[0].role", words="last frame content requires a first frame content"),
        ],
    ),
    Row(
        "combinations",
        "audio needs an image or a video",
        failing=[
            item(audio(), param="content[0]", words=AUDIO_NEEDS),
            item(PROMPT, audio(None), param="content[1]", words=AUDIO_NEEDS),
        ],
    ),
    Row(
        "combinations",
        "frames exclude references",
        failing=[
            item(PROMPT, FIRST, REFERENCE, param="content[2]", words=MIXED),
            item(FIRST, LAST, REFERENCE, param="content[2]", words=MIXED),
            item(LAST, REFERENCE, param="content[1]", words=MIXED),
            item(FIRST, LAST, video(), param="content[2]", words=MIXED),
            item(FIRST, audio(), param="content[1]", words=MIXED),
            item(image(), video(None), param="content[1]", words=MIXED),
        ],
    ),
    Row(
        "combinations",
        "a draft excludes media",
        failing=[
            item(draft(), draft(), param="content[1]", words=TWO.format("draft task")),
            item(draft(), image(), param="content[1]", words=NO_MEDIA),
            item(draft(), image(), image(), param="content[1]", words=NO_MEDIA),
            item(REFERENCE, draft(), param="content[0]", words=NO_MEDIA),
            item(PROMPT, draft(), FIRST, param="content[2]", words=NO_MEDIA),
        ],
    ),
    *(
        Row("counts", f"{model} {len(content)}", accepted=[body(*content, model=model)])
        for model, content in (
            (ALIAS, [REFERENCE] * 9 + [video()] * 3 + [audio()] * 3),
            (NEWEST, [audio()]),
            (NEWEST, [PROMPT, audio()]),
            (NEWEST, [REFERENCE] * 30 + [video()] * 10 + [audio()] * 10),
            (OLDEST, [FIRST, LAST]),
            (LITE, [REFERENCE] * 4),
        )
    ),
    *(
        Row("counts", f"{model} {param}", failing=[Refused(body(*content, model=model), INVALID, param, words)])
        for model, content, param, words in (
            (ALIAS, [REFERENCE] * 10, "content[9]", "expected at most 9 reference images but got 10 instead"),
            (ALIAS, [video()] * 5, "content[3]", "expected at most 3 reference videos but got 5 instead"),
            (ALIAS, [REFERENCE] + [audio()] * 4, "content[4]", "expected at most 3 reference audios but got 4 instead"),
            (NEWEST, [REFERENCE] * 31, "content[30]", "expected at most"),
            (NEWEST, [video()] * 11, "content[10]", "expected at most"),
            (NEWEST, [audio()] * 11, "content[10]", "expected at most"),
            (OLDEST, [video()], "content[0]", "expected at most"),
            (OLDEST, [REFERENCE, audio()], "content[1]", "expected at most"),
            (LITE, [REFERENCE] * 5, "content[4]", "expected at most"),
        )
    ),
]

ROLES = [
    Row("roles", "first_frame", [body(PROMPT, FIRST), body(PROMPT, image())]),
    Row("roles", "last_frame", [body(FIRST, LAST), body(LAST, FIRST)]),
    Row("roles", "reference_image", [body(REFERENCE), body(*[REFERENCE] * 9)]),
    Row("roles", "reference_video", [body(video()), body(*[video(url="https://example.com/a.mp4?seconds=5")] * 3)]),
    Row(
        "roles",
        "reference_audio",
        [body(REFERENCE, audio()), body(REFERENCE, *[audio(url="https://example.com/a.mp3?seconds=5")] * 3)],
    ),
    Row(
        "roles",
        "no role of the item's type",
        failing=[
            item(image("mask"), param="content[0].role", words="invalid role specified for image content"),
            item(
                video("first_frame"),
                param="content[0].role",
                words="reference media mode requires video role to be reference_video",
            ),
            *(
                item(each, param="content[0].role")
                for each in (
                    image("reference_video"),
                    image("First_Frame"),
                    image(""),
                    video("reference_image"),
                    audio("reference_video"),
                    {**PROMPT, "role": "user"},
                    {**draft(), "role": "first_frame"},
                    {**image(), "role": 5},
                    {**image(), "role": ["first_frame"]},
                )
            ),
        ],
    ),
]

VIDEO = "content[0].video_url.url"

LIMITS = [
    Row(
        "limits",
        "content.image_url.url",
        [body(image(url=each)) for each in ("http://example.com/a", "HTTPS://例子.测试/图.png", PNG)],
        [
            item(image(url=each), param="content[0].image_url.url")
            for each in (
                *("example.com/a.png", "//example.com/a.png", "/a.png", "iVBORw0KGgo="),
                *("http://", "http:///a.png", "http://:80/a.png", "https://example.com:99999/"),
                *("https://exa mple.com/a.png", "https://[::1/a.png", "https://example.com/a\n.png"),
                *(" https://example.com/a.png", "https://example.com/\u200b"),
                *("ftp://example.com/a.png", "file:///etc/passwd", "javascript:alert(1)"),
                *("data:image/PNG;base64,AAAA", "DATA:image/png;base64,AAAA", "data:image/png,AAAA"),
                *("data:image/png;charset=utf-8;base64,AAAA", "data:;base64,AAAA", "data:image/png;base64,"),
                *("data:image/png;base64,AA AA", "data:image/png;base64,AAAA====", "data:text/html;base64,AAAA"),
                "data:image/png;base64," + "A" * 5000 + "!",
                "data:image/png;base64," + "A" * 5000 + "€" + "A" * 5000,
                *(MP3, "asset://", "asset:asset-1", "asset://asset 1", "asset://asset-1/", "asset://asset-1\n"),
                *("asset://asset-1?x=1", "Asset://asset-1", "%61sset://asset-1", " asset://asset-1"),
                *("ASSET://$image_url", "asset://$foreign"),
            )
        ]
        + [
            item(image(url=f"asset://{each}"), param="content[0].image_url.url", words=words)
            for each, words in ((NO_ASSET, "is not found."), ("x" * 129, "expected an http(s) URL"))
        ],
        [
            body(image(url=each))
            for each in (
                "HTTPS://Example.com:8443/路径/a b.png?x=%20#y",
                "https://[2001:db8::1]/a.png",
                "https://user:pass@example.com/a.png",
                "data:image/svg+xml;base64,AAAA",
                "data:image/jpeg;base64," + "iVBORw0K" * 10_000 + "/+==",
            )
        ],
    ),
    Row(
        "limits",
        "content.video_url.url",
        [body(video(url="http://example.com/a.mp4"))],
        [
            item(
                video(url="data:video/mp4;base64,AAAA"),
                param=VIDEO,
                words="must be provided as a web url",
            ),
            *(
                item(video(url=each), param=VIDEO)
                for each in (PNG, "AAAAIGZ0eXA=", "ftp://example.com/a.mp4", "file:///a.mp4", "asset://$foreign")
            ),
        ],
    ),
    Row(
        "limits",
        "content.audio_url.url",
        [body(REFERENCE, audio(url=MP3))],
        [
            item(REFERENCE, audio(url=each), param="content[1].audio_url.url")
            for each in (PNG, "data:video/mp4;base64,AAAA", "data:audio/mp3;base64,?", "asset://$foreign")
        ],
        [body(REFERENCE, audio(url="data:audio/wav;base64,UklGRiQAAABXQVZF"))],
    ),
]

ROWS = [*MODELS, *PARAMETERS, *BEYOND, *TYPES, *COMBINATIONS, *ROLES, *LIMITS]
