"""The one table of parameters: ``/openapi.json`` shows it, and the gateway with the upstream behind it keep it."""

from typing import Any

from app.create_parameters import CONTENT_TYPES, PARAMETERS, Kind
from tests.http.operations import document
from tests.support.world import TASKS, Tenant
from tests.tasks.bodies import DATED, NEWEST, OLDEST, body, video

# Written from the specification and the upstream's documents, not from the table: (type, enum, minimum, maximum).
DOCUMENTED: dict[str, tuple[str, list[str] | None, int | None, int | None]] = {
    "model": ("string", None, None, None),
    "content": ("array", None, None, None),
    "duration": ("integer", None, -1, 30),
    "frames": ("integer", None, 29, 289),
    "resolution": ("string", ["480p", "720p", "1080p", "4k"], None, None),
    "ratio": ("string", ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"], None, None),
    "seed": ("integer", None, -1, 2**32 - 1),
    "generate_audio": ("boolean", None, None, None),
    "watermark": ("boolean", None, None, None),
    "return_last_frame": ("boolean", None, None, None),
    "service_tier": ("string", ["default", "flex"], None, None),
    "execution_expires_after": ("integer", None, 3600, 259200),
    "tools": ("array", None, None, None),
    "callback_url": ("string", None, None, None),
    "draft": ("boolean", None, None, None),
    "camera_fixed": ("boolean", None, None, None),
    "priority": ("integer", None, 0, 9),
    "safety_identifier": ("string", None, None, None),
    "omni_reference_task_type": ("string", ["auto", "reference", "edit", "extend"], None, None),
    "output_format": ("string", ["mp4", "mov"], None, None),
}
NOT_LOOKED_AT = {
    *("bitrate_mode", "subdivision_level", "file_format", "optimize_prompt", "reasoning_effort", "human_face_mode"),
}
ROLES: dict[str, list[str] | None] = {
    "text": None,
    "image_url": ["first_frame", "last_frame", "reference_image"],
    "video_url": ["reference_video"],
    "audio_url": ["reference_audio"],
    "draft_task": None,
}
# A model that takes the parameter.
MODEL_FOR = {"frames": OLDEST, "service_tier": OLDEST, "omni_reference_task_type": NEWEST, "output_format": NEWEST}
BESIDE = {"omni_reference_task_type": [video()]}
MODEL_DECIDES = {"duration", "resolution", "ratio"}


def create_schema() -> Any:
    """Returns the schema of a create's body in ``/openapi.json``."""
    operation = document()["paths"][TASKS]["post"]
    return operation["requestBody"]["content"]["application/json"]["schema"]


def test_openapi_shows_every_parameter_with_its_type_its_words_and_its_range() -> None:
    schema = create_schema()
    assert schema["required"] == ["model", "content"]
    shown = {
        name: (each["type"], each.get("enum"), each.get("minimum"), each.get("maximum"))
        for name, each in schema["properties"].items()
        if "type" in each
    }
    assert shown == DOCUMENTED
    assert schema["properties"].keys() - shown.keys() == NOT_LOOKED_AT
    assert all(each["description"] for each in schema["properties"].values())
    defaults = {name: each["default"] for name, each in schema["properties"].items() if "default" in each}
    switches = ("watermark", "return_last_frame", "draft", "camera_fixed")
    assert defaults == {
        **dict.fromkeys(switches, False),
        "seed": -1,
        "service_tier": "default",
        "execution_expires_after": 172800,
        "priority": 0,
        "omni_reference_task_type": "auto",
        "output_format": "mp4",
    }
    assert schema["properties"]["tools"]["items"]["properties"]["type"]["enum"] == ["web_search"]
    assert schema["properties"]["safety_identifier"]["maxLength"] == 64


def test_openapi_shows_every_type_of_content_item_with_its_payload_and_its_roles() -> None:
    items = {each["title"]: each["properties"] for each in create_schema()["properties"]["content"]["items"]["oneOf"]}
    assert {name: each.get("role", {}).get("enum") for name, each in items.items()} == ROLES
    for name, each in items.items():
        assert each["type"]["const"] == name
        payload = {"text": None, "draft_task": ["id"]}.get(name, ["url"])
        assert each[name].get("required") == payload


def test_rules_and_documents_name_the_same_parameters() -> None:
    assert set(PARAMETERS) == DOCUMENTED.keys() | NOT_LOOKED_AT
    assert {name: list(each.roles) or None for name, each in CONTENT_TYPES.items()} == ROLES


async def test_the_words_and_the_ranges_of_the_table_are_those_that_the_gateway_and_the_upstream_keep(
    tenant: Tenant,
) -> None:
    for name, row in PARAMETERS.items():
        if name in MODEL_DECIDES or row.kind not in {Kind.TEXT, Kind.INTEGER}:
            continue
        good: list[Any] = list(row.words)
        bad: list[Any] = ["no such word"] if row.words else []
        if row.lowest is not None and row.highest is not None:
            good += [row.lowest, row.highest]
            bad += [row.lowest - 1, row.highest + 1]
        if row.longest is not None:
            good.append("x" * row.longest)
            bad.append("x" * (row.longest + 1))
        for value in [*good, *bad]:
            request = {**body(*BESIDE.get(name, []), model=MODEL_FOR.get(name, DATED)), name: value}
            answer = await tenant.http.post(TASKS, json=request)
            assert answer.status_code == (200 if value in good else 400), f"{name}={value}: {answer.text}"
            if value in bad:
                assert answer.json()["error"]["param"] == name


async def test_a_parameter_that_a_model_does_not_take_is_refused_by_the_upstream_in_its_words(tenant: Tenant) -> None:
    for name, value, model in (
        ("bitrate_mode", "high", DATED),
        ("bitrate_mode", "high", NEWEST),
        ("frames", 121, DATED),
        ("draft", True, DATED),
        ("camera_fixed", False, DATED),
        ("priority", 1, OLDEST),
        ("tools", [{"type": "web_search"}], NEWEST),
        ("generate_audio", True, OLDEST),
        ("output_format", "mp4", DATED),
    ):
        answer = await tenant.http.post(TASKS, json={**body(model=model), name: value})
        assert answer.status_code == 400, f"{name}: {answer.text}"
        error = answer.json()["error"]
        assert error["param"] == name
        assert error["message"].startswith(f"the parameter {name} specified in the request is not valid for model ")
