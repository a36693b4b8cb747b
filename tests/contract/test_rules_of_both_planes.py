"""What a task and an action treat alike: members that are not given, web URLs, and a dry run that a body asks for."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest_asyncio

from app.assets.actions import ACTIONS
from app.assets.schemas import ActionRequest, to_wire_name
from tests.support.answers import check_error
from tests.support.driving import count_received, new_asset, new_group, new_session, received
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.tasks.bodies import PROMPT, audio, body, image, video

DRY = {"dry_run": "true"}
OPTIONAL = (
    *("resolution", "ratio", "service_tier", "safety_identifier", "output_format", "omni_reference_task_type"),
    *("callback_url", "duration", "frames", "seed", "priority", "execution_expires_after", "tools"),
    *("generate_audio", "watermark", "return_last_frame", "draft", "camera_fixed"),
    *("bitrate_mode", "subdivision_level", "file_format", "optimize_prompt", "reasoning_effort", "human_face_mode"),
)
MAY_BE_EMPTY = {"Name", "Description", "ProjectName"}
EMPTY = "it is empty; leave it out, or send null"
URL_MEMBER = "content[0].image_url.url"


def with_member(name: str, value: Any) -> dict[str, Any]:
    """Returns a create's body that has one more member, or another value for one."""
    return {**body(), name: value}


async def dry_run(tenant: Tenant, request: dict[str, Any]) -> Any:
    """Returns the answer of a dry run, or what it would send."""
    answer = await tenant.http.post(TASKS, json=request, params=DRY)
    return answer.json()["body"] if answer.status_code == 200 else answer


async def test_an_optional_member_of_a_task_is_not_given_when_it_is_null_and_refused_when_it_is_empty(
    tenant: Tenant,
) -> None:
    without = await dry_run(tenant, body())
    for name in OPTIONAL:
        assert await dry_run(tenant, with_member(name, None)) == without, name
        error = check_error(await dry_run(tenant, with_member(name, "")), 400, f"InvalidParameter.{name}", name)
        assert EMPTY in error["message"]
    for make in (image, video, audio):
        role, item = make().get("role"), make(None)
        beside = [] if make is not audio else [image("reference_image")]
        without = await dry_run(tenant, body(item, *beside))
        assert await dry_run(tenant, body({**item, "role": None}, *beside)) == without, role
        answer = await dry_run(tenant, body({**item, "role": ""}, *beside))
        error = check_error(answer, 400, "InvalidParameter.content", "content[0].role")
        assert EMPTY in error["message"]


async def test_a_required_text_of_a_task_that_is_null_or_empty_is_missing(tenant: Tenant) -> None:
    for nothing in (None, ""):
        for request, field, path in (
            (with_member("model", nothing), "model", "model"),
            (body({**PROMPT, "type": nothing}), "content", "content[0].type"),
            (body({"type": "image_url", "image_url": {"url": nothing}}), "content", URL_MEMBER),
            (body({"type": "draft_task", "draft_task": {"id": nothing}}), "content", "content[0].draft_task.id"),
            (body(tools=[{"type": nothing}]), "tools", "tools[0].type"),
        ):
            check_error(await dry_run(tenant, request), 400, f"MissingParameter.{field}", path)


async def test_an_empty_prompt_is_a_prompt(tenant: Tenant) -> None:
    empty = {"type": "text", "text": ""}
    assert (await dry_run(tenant, body(empty, image())))["content"][0] == empty
    check_error(await dry_run(tenant, body({**empty, "text": None}, image())), 400, *missing("content[0].text"))


def missing(path: str) -> tuple[str, str]:
    return "MissingParameter.content", path


@pytest_asyncio.fixture(scope="module")
async def complete(tenant: Tenant) -> dict[str, dict[str, Any]]:
    """Of each action a body in which every member of its table has a value."""
    group_id = await new_group(tenant)
    asset_id = await new_asset(tenant, group_id)
    token = (await new_session(tenant))["BytedToken"]
    project = {"ProjectName": "default"}
    filters = {"GroupType": "AIGC", "GroupIds": [group_id], "Name": "x"}
    page = {"PageNumber": 1, "PageSize": 10, "SortBy": "CreateTime", "SortOrder": "Desc", **project}
    made = {"Name": "x", "Description": "y", "GroupType": "AIGC", **project}
    asset = {"GroupId": group_id, "URL": "https://example.com/a.png", "AssetType": "Image", "Name": "x", **project}
    return {
        "CreateAssetGroup": made,
        "ListAssetGroups": {"Filter": filters, **page},
        "GetAssetGroup": {"Id": group_id, **project},
        "UpdateAssetGroup": {"Id": group_id, "Name": "x", "Description": "y", **project},
        "DeleteAssetGroup": {"Id": "group-20260101000000-zzzzz", **project},
        "CreateAsset": {**asset, "Moderation": {"Strategy": "Skip"}},
        "ListAssets": {"Filter": {**filters, "Statuses": ["Active"]}, **page},
        "GetAsset": {"Id": asset_id, **project},
        "UpdateAsset": {"Id": asset_id, "Name": "x", **project},
        "DeleteAsset": {"Id": "asset-20260101000000-zzzzz", **project},
        "CreateVisualValidateSession": {"CallbackURL": "https://example.com/back", **project},
        "GetVisualValidateResult": {"BytedToken": token, **project},
    }


def texts_of(model: type[ActionRequest], outer: str = "") -> Iterator[str]:
    """The paths of the members of a request whose value is one text."""
    for field, described in model.model_fields.items():
        name, schema = to_wire_name(field), model.model_json_schema()["properties"][to_wire_name(field)]
        inner = [each for each in (described.annotation, *get_args(described.annotation)) if isinstance(each, type)]
        nested = [each for each in inner if issubclass(each, ActionRequest)]
        if nested:
            yield from texts_of(nested[0], f"{name}.")
        elif "string" in {schema.get("type"), *(each.get("type") for each in schema.get("anyOf", ()))}:
            yield outer + name


def changed(request: dict[str, Any], path: str, *value: Any) -> dict[str, Any]:
    """Returns a body with another value at a path, or without the member."""
    outer, _, inner = path.rpartition(".")
    holder = request[outer] if outer else request
    kept = {name: old for name, old in holder.items() if name != inner} | dict.fromkeys([inner][: len(value)], *value)
    return {**request, outer: kept} if outer else kept


async def test_a_text_of_an_action_is_not_given_when_it_is_null_and_no_value_when_it_is_empty(
    tenant: Tenant, complete: dict[str, dict[str, Any]]
) -> None:
    for name, request in complete.items():
        for path in texts_of(ACTIONS[name].request):
            absent, null, empty = [
                await tenant.action(name, **changed(request, path, *value)) for value in ((), (None,), ("",))
            ]
            assert outcome(null) == outcome(absent), f"{name}, {path}: {null.text}"
            member, top = path.rpartition(".")[2], path.partition(".")[0]
            if path == "Name" and name == "UpdateAssetGroup":
                assert EMPTY in check_error(empty, 400, "InvalidParameter.Name", "Name")["message"]
            elif member in MAY_BE_EMPTY and absent.status_code != 400:
                assert empty.status_code == absent.status_code, f"{name}, {path}: {empty.text}"
            elif absent.status_code == 400:
                check_error(empty, 400, f"MissingParameter.{top}", path)
            else:
                assert EMPTY in check_error(empty, 400, f"InvalidParameter.{top}", path)["message"]


def outcome(answer: Any) -> tuple[int, Any]:
    return answer.status_code, answer.json().get("error", {}).get("code")


async def test_an_empty_description_clears_it(tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    for description, expected in (("before", "before"), (None, "before"), ("", "")):
        await tenant.action("UpdateAssetGroup", Id=group_id, Description=description)
        shown = (await tenant.action("GetAssetGroup", Id=group_id)).json()
        assert shown["Description"] == expected


GOOD_URLS = [
    "http://example.com/a.png",
    "HTTPS://EXAMPLE.com:8443/图 片/a b.png?x=a b&y=%20#z y",
    "https://user:pass@example.com/a.png",
    "https://[2001:db8::1]/a.png",
    "https://例子.测试/图.png",
    'https://example.com/a"b<c>d|e^f`g{h}.png',
]
BAD_URLS = [
    (" https://example.com/a.png", "begins or ends with a blank"),
    ("https://example.com/a.png ", "begins or ends with a blank"),
    ("https://example.com/a.png\n", "begins or ends with a blank"),
    ("\u3000https://example.com/a.png", "begins or ends with a blank"),
    ("https://example.com/a\tb.png", "character 22 of the url is U+0009"),
    ("https://example.com/a\u00a0b.png", "character 22 of the url is U+00A0"),
    ("https://example.com/a\u200bb.png", "character 22 of the url is U+200B"),
    ("\ufeffhttps://example.com/a.png", "character 1 of the url is U+FEFF"),
    ("https://exa mple.com/a.png", "host of the url has a blank inside"),
    ("https:///a.png", "the url has no host"),
    ("https://example.com:0/a.png", "the port of the url must not be 0"),
    ("https://example.com:99999/a.png", "the host or the port of the url is malformed"),
    ("https://[::1/a.png", "the host or the port of the url is malformed"),
    ("https:example.com/a.png", "a web url begins with http:// or https://"),
    ("https://example.com:-1/a.png", "the host or the port of the url is malformed"),
    ("https://example.com/" + "a" * 8192, "the url may have at most 8192 characters"),
    ("https://example.com/" + "a" * 200_000, "the url may have at most 8192 characters"),
]
MALFORMED = "the host or the port of the url is malformed"
# What the gateway cannot connect to itself; of a URL that it passes on the upstream is the judge.
BAD_CALLBACKS = [
    ("https://example..com/", MALFORMED),
    ("https://-a.example/", MALFORMED),
    ("https://256.0.0.1/", MALFORMED),
    ("https://user:pass@example.com/", "it must not hold a user name or password"),
    ("ftp://example.com/a.png", "a web url begins with http:// or https://"),
    ("example.com/a.png", "a web url begins with http:// or https://"),
    ("https://example.com/" + "a" * 2048, "the url may have at most 2048 characters"),
]
# The forms that only a task takes, and what is of no form.
ELSE = [
    ("asset://asset-1 ", "begins or ends with a blank"),
    ("data:image/png;base64,AAAA ", "begins or ends with a blank"),
    ("\u200basset://asset-1", "character 1 of the url is U+200B"),
    ("data:image/png;base64," + "AAAA" * 4000 + " ", "begins or ends with a blank"),
    ("ftp://example.com/a.png", "expected an http(s) URL, data:image/"),
]


async def test_a_web_url_is_judged_by_one_rule_in_tasks_and_actions(gateway: Gateway, tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    for url in GOOD_URLS:
        assert (await dry_run(tenant, body(image(url=url))))["content"] == [image(url=url)]
        assert (await dry_run(tenant, body(video(url=url))))["content"] == [video(url=url)]
        asset_id = await new_asset(tenant, group_id, URL=url)
        assert gateway.sandbox.store.assets.assets[asset_id].url == url
    assets, sessions = count_received(gateway, "CreateAsset"), count_received(gateway, "CreateVisualValidateSession")
    for url, words in BAD_URLS:
        reasons = [
            reason(await tenant.action("CreateAsset", GroupId=group_id, URL=url, AssetType="Image"), "URL"),
            reason(await tenant.action("CreateVisualValidateSession", CallbackURL=url), "CallbackURL"),
            reason(await dry_run(tenant, body(callback_url=url)), "callback_url").replace("2048", "8192"),
        ]
        if url.startswith("https://") or "begins with" not in words:
            reasons.append(reason(await dry_run(tenant, body(image(url=url))), URL_MEMBER))
        assert words in reasons[0]
        assert set(reasons) == {reasons[0]}, url[:100]
    assert count_received(gateway, "CreateAsset") == assets
    assert count_received(gateway, "CreateVisualValidateSession") == sessions


async def test_the_other_forms_of_a_media_url_are_refused_alike(tenant: Tenant) -> None:
    for url, words in ELSE:
        refused = check_error(await dry_run(tenant, body(image(url=url))), 400, "InvalidParameter.content", URL_MEMBER)
        assert words in refused["message"]


async def test_a_callback_url_must_be_one_that_the_gateway_can_call(tenant: Tenant) -> None:
    for url, words in BAD_CALLBACKS:
        assert reason(await dry_run(tenant, body(callback_url=url)), "callback_url") == words


def reason(answer: Any, path: str) -> str:
    """Returns why a value was refused, without the name of its parameter and the request id."""
    field = "content" if path == URL_MEMBER else path
    message = str(check_error(answer, 400, f"InvalidParameter.{field}", path)["message"])
    return message.partition(" is not valid: ")[2].partition(". Request id: ")[0]


DRY_RUNS = (
    "dry_run",
    "dryRun",
    "DryRun",
    "DRY_RUN",
    "isDryRun",
    "ｄｒｙ＿ｒｕｎ",
    "dry%5Frun",
    "dry\u2013run",
    "dry/run?",
    "dry_run[]",
    "validate_only",
    "ValidateOnly",
)
PLACES = (
    ("extra_body", lambda name: {name: True}, "extra_body.{}"),
    ("Tags", lambda name: [1, {"Key": "a"}, {name: 1}], "Tags[2].{}"),
)


async def test_a_dry_run_that_a_body_asks_for_is_refused_by_name(gateway: Gateway, tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    before = len(gateway.sandbox.store.ledger.requests)
    for name in DRY_RUNS:
        for value in (True, False):
            answer = await tenant.http.post(TASKS, json=with_member(name, value))
            error = answer.json()["error"]
            assert (answer.status_code, error["code"].split(".")[0]) == (400, "InvalidParameter"), name
            assert "?dry_run=true" in error["message"]
        for action, request in (
            ("CreateAssetGroup", {"Name": "x", "GroupType": "AIGC"}),
            ("CreateAsset", {"GroupId": group_id, "URL": "https://example.com/a.png", "AssetType": "Image"}),
            ("CreateVisualValidateSession", {"CallbackURL": "https://example.com/back"}),
            ("DeleteAssetGroup", {"Id": group_id}),
        ):
            answer = await tenant.action(action, **request, **{name: True})
            assert answer.status_code == 400, name
            assert "no dry run" in answer.json()["error"]["message"]
    for name in ("dry_run", "validateOnly"):
        code = f"InvalidParameter.{name}"
        check_error(await tenant.http.post(TASKS, json={**body(), name: True}), 400, code, name)
        for place, made, path in PLACES:
            code, param = f"InvalidParameter.{place}", path.format(name)
            check_error(await tenant.http.post(TASKS, json={**body(), place: made(name)}), 400, code, param)
            answer = await tenant.action("CreateAssetGroup", Name="x", GroupType="AIGC", **{place: made(name)})
            check_error(answer, 400, code, param)
        item = {**image(), "options": {name: True}}
        param = f"content[0].options.{name}"
        check_error(await tenant.http.post(TASKS, json=body(item)), 400, "InvalidParameter.content", param)
    assert len(gateway.sandbox.store.ledger.requests) == before


async def test_other_members_that_the_gateway_does_not_know_reach_the_upstream(
    gateway: Gateway, tenant: Tenant
) -> None:
    unknown = {
        "dry": True,
        "run": 1,
        "dry_runs": 2,
        "laundry_run": "",
        "note": {"dry_run": None, "a": {"dry_run": True}},
    }
    created = await tenant.http.post(TASKS, json={**body(), **unknown, "dry_run": None})
    assert created.status_code == 200, created.text
    sent = received(gateway, created.json()["id"])
    assert {name: sent[name] for name in unknown} == unknown
    assert "dry_run" not in sent
