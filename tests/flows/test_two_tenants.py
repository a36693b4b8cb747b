"""Every id of one tenant, tried by another on every route: it looks exactly as if it had never existed."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.assets.actions import ACTIONS
from tests.support.answers import check_error
from tests.support.driving import (
    URL,
    act,
    activate,
    create_with_fault,
    force,
    new_asset,
    new_group,
    new_session,
    pass_verification,
)
from tests.support.signing import Signing
from tests.support.world import TASKS, Tenant, World
from tests.tasks.bodies import audio, body, draft, image, video

DRAFTING = "doubao-seedance-1-5-pro-251215"
ENTRIES = ("/api/v3/open/{action}", "/api/v3/assets?Action={action}&Version=2024-01-01", "/?Action={action}")
# Of the same form and length as a real one, so that not even the length of an answer may tell them apart.
NEVER = {
    "task": "cgt-20260101000000-zzzzz",
    "draft": "cgt-20260101000000-zzzzz",
    "group": "group-20260101000000-zzzzz",
    "asset": "asset-20260101000000-zzzzz",
    "token": "20260101000000" + "0" * 20,
    "unconcluded": None,  # of our own making; filled in with the right length
}


@dataclass(frozen=True)
class Attempt:
    """One request about an id, which stands as ``{id}`` in its address or ``$id`` in its body."""

    kind: str
    method: str
    url: str
    body: Any = None
    is_signed: bool = False

    def __str__(self) -> str:
        told = f"{self.kind} {self.method} {self.url}" + ("" if self.body is None else f" {json.dumps(self.body)}")
        return f"{told} signed" if self.is_signed else told

    async def send(self, tenant: Tenant, object_id: str, signing: Signing) -> httpx.Response:
        """Sends it about one id."""
        content = None if self.body is None else json.dumps(self.body).replace("$id", object_id).encode()
        headers = {"Content-Type": "application/json", "X-Client-Request-Id": "mine"}
        url = self.url.replace("{id}", object_id)
        auth = signing if self.is_signed else None
        return await tenant.http.request(self.method, url, content=content, headers=headers, auth=auth)


def on_every_entry(kind: str, action: str, **members: Any) -> list[Attempt]:
    natively = Attempt(kind, "POST", f"/?Action={action}&Version=2024-01-01", members, is_signed=True)
    return [*(Attempt(kind, "POST", entry.replace("{action}", action), members) for entry in ENTRIES), natively]


def on_task(kind: str) -> list[Attempt]:
    return [
        Attempt(kind, "GET", f"{TASKS}/{{id}}"),
        Attempt(kind, "DELETE", f"{TASKS}/{{id}}"),
        Attempt(kind, "GET", f"{TASKS}?filter.task_ids={{id}}"),
        *in_create(kind, draft("$id"), model=DRAFTING),
        *in_create(kind, {"type": "text", "text": "a kitten"}, somewhere={"draft_task": {"id": "$id"}}),
    ]


def in_create(kind: str, *content: dict[str, Any], **fields: Any) -> list[Attempt]:
    return [Attempt(kind, "POST", url, body(*content, **fields)) for url in (TASKS, f"{TASKS}?dry_run=true")]


PAGE: dict[str, Any] = {"PageNumber": 1, "PageSize": 10}
ATTEMPTS = [
    *on_task("task"),
    *on_task("draft"),
    *on_task("unconcluded"),
    *on_every_entry("group", "GetAssetGroup", Id="$id"),
    *on_every_entry("group", "UpdateAssetGroup", Id="$id", Name="mine now"),
    *on_every_entry("group", "DeleteAssetGroup", Id="$id"),
    *on_every_entry("group", "CreateAsset", GroupId="$id", URL=URL, AssetType="Image"),
    *on_every_entry("group", "ListAssetGroups", Filter={"GroupType": "AIGC", "GroupIds": ["$id"]}),
    *on_every_entry("group", "ListAssets", Filter={"GroupType": "AIGC", "GroupIds": ["$id"]}, **PAGE),
    *on_every_entry("asset", "GetAsset", Id="$id"),
    *on_every_entry("asset", "UpdateAsset", Id="$id", Name="mine now"),
    *on_every_entry("asset", "DeleteAsset", Id="$id"),
    *in_create("asset", image(url="asset://$id")),
    *in_create("asset", video(url="asset://$id")),
    *in_create("asset", image("reference_image"), audio(url="asset://$id")),
    *in_create("asset", image("reference_image"), later={"image_url": {"url": "asset://$id"}}),
    *on_every_entry("token", "GetVisualValidateResult", BytedToken="$id"),
    *on_every_entry("verified", "GetVisualValidateResult", BytedToken="$id"),
    *on_every_entry("person", "GetAssetGroup", Id="$id"),
    *on_every_entry("person", "CreateAsset", GroupId="$id", URL=URL, AssetType="Image"),
]


@pytest_asyncio.fixture(scope="module")
async def owner(world: World) -> Tenant:
    return await world.tenant()


@pytest_asyncio.fixture(scope="module")
async def stranger(world: World) -> Tenant:
    return await world.tenant()


@pytest_asyncio.fixture(scope="module")
async def signing(world: World, stranger: Tenant) -> Signing:
    """Signs as the stranger."""
    return Signing((await world.admin.post(f"/keys/{stranger.key_id}/signing-key")).json())


@pytest_asyncio.fixture(scope="module")
async def owned(world: World, owner: Tenant) -> dict[str, str]:
    """Everything that a tenant can own: kind → id. Nothing of it is under way, so nobody follows it upstream."""
    task_id = await owner.new_task()
    await force(world, owner, task_id, "succeeded")
    draft_id = await owner.new_task(model=DRAFTING, draft=True, resolution="480p")
    await force(world, owner, draft_id, "succeeded")
    unconcluded = await create_with_fault(world, owner, kind="cut", at="after")
    group_id = await new_group(owner)
    asset_id = await new_asset(owner, group_id)
    await activate(world, owner, asset_id)
    passed = await new_session(owner)
    await pass_verification(passed["H5Link"])
    person = await act(owner, "GetVisualValidateResult", BytedToken=passed["BytedToken"])
    return {
        "task": task_id,
        "draft": draft_id,
        "unconcluded": unconcluded.json()["id"],
        "group": group_id,
        "asset": asset_id,
        "token": (await new_session(owner))["BytedToken"],
        "verified": passed["BytedToken"],
        "person": person["GroupId"],
    }


def never_made(kind: str, like: str) -> str:
    """Returns an id of the same form and length that nothing ever had."""
    same = {"draft": "task", "verified": "token", "person": "group"}.get(kind, kind)
    never = NEVER[same] or like[:-6] + "zzzzzz"
    assert len(never) == len(like)
    assert never != like
    return never


def told(response: httpx.Response, object_id: str) -> tuple[Any, ...]:
    """Returns everything that a client sees of an answer, but for the id that it named and our request id."""
    request_id = response.headers["x-request-id"]
    headers = [(name, "" if name in {"x-request-id", "date"} else value) for name, value in response.headers.items()]
    seen = response.content.replace(request_id.encode(), b"REQUEST").replace(object_id.encode(), b"ID")
    return response.status_code, headers, seen


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=str)
async def test_a_foreign_id_looks_like_one_that_never_existed_and_is_not_asked_about_upstream(
    world: World, owned: dict[str, str], stranger: Tenant, signing: Signing, attempt: Attempt
) -> None:
    foreign = owned[attempt.kind]
    never = never_made(attempt.kind, foreign)
    ledger = world.sandbox.store.ledger
    seen_before = ledger.requests[-1].number

    about_foreign = await attempt.send(stranger, foreign, signing)
    about_never = await attempt.send(stranger, never, signing)

    assert told(about_foreign, foreign) == told(about_never, never)
    if "List" in str(attempt) or "filter." in attempt.url:
        assert about_foreign.status_code == 200
        assert about_foreign.json().get("Result", about_foreign.json()).get("Items", []) == []
        assert foreign not in about_foreign.text
    else:
        assert about_foreign.status_code in {400, 404}, about_foreign.text
    new = [entry for entry in ledger.requests if entry.number > seen_before]
    assert not [
        entry for entry in new if foreign in f"{entry.url} {entry.body}" or never in f"{entry.url} {entry.body}"
    ]
    assert not [entry for entry in new if entry.operation == "create_task"]


def test_the_attempts_cover_every_action_that_names_an_object() -> None:
    tried = {action for action in ACTIONS for attempt in ATTEMPTS if action in attempt.url}
    assert set(ACTIONS) - tried == {"CreateAssetGroup", "CreateVisualValidateSession"}


async def test_afterwards_the_owner_still_has_everything_as_it_was(owned: dict[str, str], owner: Tenant) -> None:
    listed = (await owner.http.get(TASKS)).json()
    assert {item["id"] for item in listed["items"]} == {owned[kind] for kind in ("task", "draft", "unconcluded")}
    groups = await act(owner, "ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert [(item["Id"], item["Name"]) for item in groups["Items"]] == [(owned["group"], "MyAssetGroup")]
    assets = await act(owner, "ListAssets", Filter={"GroupType": "AIGC"}, **PAGE)
    assert [(item["Id"], item["Name"]) for item in assets["Items"]] == [(owned["asset"], "")]
    created = await owner.http.post(TASKS, json=body(image(url=f"asset://{owned['asset']}")))
    assert created.status_code == 200, created.text


async def test_the_strangers_lists_are_empty(owned: dict[str, str], stranger: Tenant) -> None:
    assert owned
    assert (await stranger.http.get(TASKS)).json() == {"items": [], "total": 0}
    for group_type in ("AIGC", "LivenessFace"):
        wanted = {"GroupType": group_type}
        assert (await act(stranger, "ListAssetGroups", Filter=wanted))["TotalCount"] == 0
        assert (await act(stranger, "ListAssets", Filter=wanted, **PAGE))["TotalCount"] == 0


async def test_an_idempotency_key_of_one_tenant_means_nothing_to_another(owner: Tenant, stranger: Tenant) -> None:
    key = {"Idempotency-Key": "the same"}
    first = await owner.http.post(TASKS, json=body(duration=5), headers=key)
    second = await stranger.http.post(TASKS, json=body(duration=6), headers=key)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["id"] != second.json()["id"]


async def test_two_keys_of_one_tenant_see_the_same_things(world: World, owner: Tenant, owned: dict[str, str]) -> None:
    other_key = await world.key_of(owner.id)
    assert (await other_key.http.get(f"{TASKS}/{owned['task']}")).json()["id"] == owned["task"]
    assert (await act(other_key, "GetAsset", Id=owned["asset"]))["Id"] == owned["asset"]


async def test_a_task_of_somebody_else_cannot_be_deleted_even_while_it_is_queued(
    world: World, owner: Tenant, stranger: Tenant
) -> None:
    created = await owner.create_task(content=[{"type": "text", "text": "[queue:100000]"}])
    task_id = created.json()["id"]
    check_error(await stranger.http.delete(f"{TASKS}/{task_id}"), 404, "NotFound.id", "id")
    (task,) = [task for task in (await world.ledger())["tasks"] if task["id"] == task_id]
    assert (task["status"], task["deleted_at"]) == ("queued", None)
