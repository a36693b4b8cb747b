"""The one table of parameters: ``/openapi.json`` shows it, and the gateway with the upstream behind it keep it."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema_rs

from app.create_parameters import CONTENT_TYPES, PARAMETERS, Kind
from app.tasks.validation.create import check_create
from tests.contract import examples
from tests.contract.task_rows import ROWS
from tests.http.operations import document
from tests.support.gateway import TASKS, Tenant
from tests.tasks.bodies import DATED, MODELS, NEWEST, OLDEST, PROMPT, body, check, image, refusal, video

# Written from the specification and the upstream's documents, not from the table: the type, what the description says
# of the values, and what the gateway itself asks of every model.
DOCUMENTED: dict[str, tuple[str, str, dict[str, int]]] = {
    "model": ("string", "", {"minLength": 1}),
    "content": ("array", "at least one item", {"minItems": 1}),
    "duration": ("integer", "2-5, 2-5-premium: 4 to 30", {}),
    "frames": ("integer", "29 to 289", {"minimum": 1}),
    "resolution": ("string", "480p, 720p, 1080p, 4k", {"minLength": 1}),
    "ratio": ("string", "`16:9`, `4:3`, `1:1`, `3:4`, `9:16`, `21:9`, `adaptive`", {"minLength": 1}),
    "seed": ("integer", "-1 to 4294967295", {"minimum": -1, "maximum": 2**32 - 1}),
    "generate_audio": ("boolean", "", {}),
    "watermark": ("boolean", "", {}),
    "return_last_frame": ("boolean", "", {}),
    "service_tier": ("string", "`default`, `flex`", {"minLength": 1, "maxLength": 32}),
    "execution_expires_after": ("integer", "3600 to 259200", {"minimum": 1}),
    "tools": ("array", "`web_search`", {}),
    "callback_url": ("string", "", {"minLength": 1, "maxLength": 2048}),
    "draft": ("boolean", "", {}),
    "camera_fixed": ("boolean", "", {}),
    "priority": ("integer", "0 to 9", {}),
    "safety_identifier": ("string", "at most 64 characters", {"minLength": 1}),
    "omni_reference_task_type": ("string", "`auto`, `reference`, `edit`, `extend`", {"minLength": 1}),
    "output_format": ("string", "`mp4`, `mov`", {"minLength": 1}),
}
BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "enum")
NOT_LOOKED_AT = {
    *("bitrate_mode", "subdivision_level", "file_format", "optimize_prompt", "reasoning_effort", "human_face_mode"),
}
# From the specification's response fields, and `priority`, which the upstream documents.
RESPONSE_INTEGERS = {
    *("created_at", "updated_at", "seed", "duration", "frames", "framespersecond", "execution_expires_after"),
    "priority",
}
RESPONSE_FIELDS = RESPONSE_INTEGERS | {
    *("id", "model", "status", "error", "resolution", "ratio", "generate_audio", "service_tier"),
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
    assert schema["properties"].keys() == DOCUMENTED.keys() | NOT_LOOKED_AT
    for name, (kind, values, bounds) in DOCUMENTED.items():
        shown = schema["properties"][name]
        assert shown["type"] == (kind if name in schema["required"] else [kind, "null"]), name
        assert values in shown["description"], name
        assert {each: shown[each] for each in BOUNDS if each in shown} == bounds, name
    assert not any("type" in schema["properties"][name] for name in NOT_LOOKED_AT)
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


def test_openapi_shows_every_type_of_content_item_with_its_payload_and_its_roles() -> None:
    items = {each["title"]: each["properties"] for each in create_schema()["properties"]["content"]["items"]["oneOf"]}
    shown = {name: each["role"]["enum"] for name, each in items.items() if "role" in each}
    assert shown == {name: [*roles, None] for name, roles in ROLES.items() if roles}
    for name, each in items.items():
        assert each["type"]["const"] == name
        payload = {"text": None, "draft_task": ["id"]}.get(name, ["url"])
        assert each[name].get("required") == payload


def taken() -> Iterator[dict[str, Any]]:
    """Requests that the gateway takes, of the spec, of the official SDKs and at the edges of the rules."""
    yield from (json.loads(text) for text in (*examples.TASKS.values(), examples.PYTHON_SDK))
    for row in ROWS:
        # Any id does here.
        yield from json.loads(json.dumps(row.passing + row.accepted).replace("$", ""))
    yield {**dict.fromkeys(PARAMETERS), **body()}
    yield body({**PROMPT, "image_url": None, "role": None}, {**image(), "text": None, "role": None})
    for fields in (
        {"resolution": "4K", "duration": 5.0},
        {"service_tier": "priority", "priority": 99, "safety_identifier": "x" * 100, "output_format": "avi"},
        {"frames": 10, "execution_expires_after": 100, "omni_reference_task_type": "any"},
        {"tools": [], "reasoning_effort": "max", "unheard_of": [None], "callback_url": "https://example.com/图 片"},
    ):
        yield body(model=DATED, **fields)
    yield body({"type": "text", "text": ""}, image())


def test_openapi_refuses_nothing_that_the_gateway_takes() -> None:
    schema = jsonschema_rs.validator_for(create_schema())
    for request in taken():
        check(request)
        schema.validate(request)
    # A model's row may say anything of these three.
    wide = replace(MODELS[DATED], resolutions=("8k",), ratios=("2:1",), duration_max=60)
    request = body(model=DATED, resolution="8k", ratio="2:1", duration=60)
    check_create(request, {DATED: wide}.get)
    schema.validate(request)


def test_openapi_refuses_what_no_model_takes() -> None:
    schema = jsonschema_rs.validator_for(create_schema())
    empty = {"type": "text", "text": ""}
    for request in (
        body(empty),
        body(empty, empty),
        body({**PROMPT, "type": None}),
        body(image("reference_video")),
        body(model=""),
        body(resolution=""),
        body(seed=2**32),
        body(frames=0),
        body(duration="5"),
        body(tools=[{"type": "calculator"}]),
    ):
        assert refusal(request)
        assert not schema.is_valid(request), request


def test_openapi_shows_why_a_listed_task_failed() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["TaskPage"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/ListedTask"}
    assert "failure_reason" in schemas["ListedTask"]["properties"]


def test_openapi_shows_every_documented_field_of_a_task() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["ShownTask"]["properties"].keys() == RESPONSE_FIELDS | {"content", "usage", "callback", "archive"}
    assert schemas["TaskContent"]["properties"].keys() == {"video_url", "last_frame_url", "expires_at"}
    assert schemas["Usage"]["properties"].keys() == {
        *("completion_tokens", "prompt_tokens", "total_tokens", "tool_usage"),
    }
    shown = schemas["ShownTask"]["properties"]
    assert {name for name in RESPONSE_FIELDS if shown[name].get("type") == "integer"} == RESPONSE_INTEGERS


def test_rules_and_documents_name_the_same_parameters() -> None:
    assert set(PARAMETERS) == DOCUMENTED.keys() | NOT_LOOKED_AT
    assert {name: list(each.roles) or None for name, each in CONTENT_TYPES.items()} == ROLES


async def test_the_words_and_the_ranges_of_the_table_are_those_that_the_gateway_and_the_upstream_keep(
    tenant: Tenant,
) -> None:
    table: list[tuple[str, Any, int]] = []
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
        table += [(name, value, 200) for value in good] + [(name, value, 400) for value in bad]
    assert len(table) > 20
    requests = [
        {**body(*BESIDE.get(name, []), model=MODEL_FOR.get(name, DATED)), name: value} for name, value, _ in table
    ]
    answers = await asyncio.gather(*(tenant.http.post(TASKS, json=request) for request in requests))
    for (name, value, status), answer in zip(table, answers, strict=True):
        assert answer.status_code == status, f"{name}={value}: {answer.text}"
        if status == 400:
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
