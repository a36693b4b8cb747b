"""Every id of one tenant, tried by another on every route and Assets action: it looks as if it had never existed."""

import pytest
import pytest_asyncio
from sqlalchemy import update

from app.assets.actions import ACTIONS
from app.db.engine import open_engine, session_factory
from app.tasks.correlation import hash_of, new_callback_token
from app.tasks.models import TaskRow
from tests.isolation.attempts import ATTEMPTS, DRAFTING, ENTRIES, NAMES_NOTHING, PAGE, Attempt
from tests.isolation.ownership import never_like, without_id
from tests.support.driving import (
    act,
    activate,
    create_with_fault,
    force,
    new_asset,
    new_group,
    new_session,
    pass_verification,
)
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.support.routes import all_routes
from tests.support.signing import Signing
from tests.tasks.bodies import body, image

# All routes but those of the files of the pages ``/docs`` and ``/console``.
FILES = ("/docs", "/console/{path:path}")
ROUTES = {(route.method, route.path) for route in all_routes() if not route.path.startswith(FILES)}
OPERATORS = {(method, path) for method, path in ROUTES if path.startswith("/admin/")}
OPERATORS_ATTEMPTS = [
    Attempt(route.names[0], route.method, route.path, denied=401, own=401)
    for route in all_routes()
    if route.path.startswith("/admin/") and route.names
]


@pytest_asyncio.fixture(scope="module")
async def owner(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


@pytest_asyncio.fixture(scope="module")
async def stranger(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


async def signing_of(gateway: Gateway, tenant: Tenant) -> Signing:
    return Signing((await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")).json())


@pytest_asyncio.fixture(scope="module")
async def owned(gateway: Gateway, owner: Tenant) -> dict[str, str]:
    """Everything that a tenant can own: kind → id. No object is in progress, so no background job asks for one."""
    callback_url = "https://example.com/hook"
    task_id = await owner.new_task(callback_url=callback_url)
    await force(gateway, owner, task_id, "succeeded")
    draft_id = await owner.new_task(model=DRAFTING, draft=True, resolution="480p")
    await force(gateway, owner, draft_id, "succeeded")
    unconcluded = await create_with_fault(gateway, owner, kind="cut", at="after")
    group_id = await new_group(owner)
    asset_id = await new_asset(owner, group_id)
    await activate(gateway, owner, asset_id)
    session = await new_session(owner)
    await pass_verification(session["H5Link"])
    person = await act(owner, "GetVisualValidateResult", BytedToken=session["BytedToken"])
    admin = (await gateway.admin.post("/admins", json={"name": "an admin", "role": "viewer"})).json()
    limited = {"tenant_id": owner.id, "amount_micros": 10**15, "currency": "CNY", "period": "month"}
    budget = (await gateway.admin.post("/budgets", json=limited)).json()
    delivery = (await gateway.admin.get("/deliveries", params={"tenant": owner.id})).json()["data"][0]
    channel = (await gateway.admin.get("/channels")).json()["data"][0]
    entry = (await gateway.admin.get("/audit", params={"tenant": owner.id})).json()["data"][0]
    return {
        "task": task_id,
        "draft": draft_id,
        "unconcluded": unconcluded.json()["id"],
        "queued": await owner.new_task(content=[{"type": "text", "text": "[queue:1000000]"}]),
        "video": await owner.new_task(content=[{"type": "text", "text": "[queue:1000000]"}]),
        "group": group_id,
        "asset": asset_id,
        "session": session["BytedToken"],
        "open session": (await new_session(owner))["BytedToken"],
        "person": person["GroupId"],
        "callback": await give_token(gateway, task_id),
        # By the names of the path parameters of the operator's routes.
        "task_id": task_id,
        "asset_id": asset_id,
        "tenant_id": owner.id,
        "key_id": owner.key_id,
        "delivery_id": delivery["id"],
        "channel_id": channel["id"],
        "admin_id": admin["id"],
        "budget_id": budget["id"],
        "entry_id": entry["id"],
    }


async def give_token(gateway: Gateway, task_id: str) -> str:
    """Gives a task a callback token that the test knows."""
    token = new_callback_token()
    engine = open_engine(gateway.database_url, pool_size=1)
    async with session_factory(engine).begin() as session:
        change = update(TaskRow).where(TaskRow.id == task_id).values(callback_token_hash=hash_of(token))
        await session.execute(change)
    await engine.dispose()
    return token


def test_every_route_is_tried_or_cannot_name_an_object() -> None:
    tried = {(attempt.method, attempt.route) for attempt in ATTEMPTS}
    assert tried & NAMES_NOTHING == set()
    assert tried | NAMES_NOTHING | OPERATORS == ROUTES


def test_every_action_that_names_an_object_is_tried_on_every_entry_with_both_credentials() -> None:
    for action in ACTIONS:
        path = ENTRIES[0].replace("{action}", action)
        if ("POST", path) not in NAMES_NOTHING:
            rows = [attempt for attempt in ATTEMPTS if attempt.route == path or f"Action={action}&" in attempt.query]
            assert {(attempt.route, attempt.is_signed) for attempt in rows} == {
                *((path.replace("{action}", action), False) for path in ENTRIES),
                ("/", True),
            }


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=str)
async def test_a_foreign_id_looks_like_one_that_never_existed_and_is_not_asked_about_upstream(
    gateway: Gateway, owned: dict[str, str], stranger: Tenant, attempt: Attempt
) -> None:
    foreign = owned[attempt.kind]
    never = never_like(foreign)
    signing = await signing_of(gateway, stranger) if attempt.is_signed else None
    requests = gateway.sandbox.store.ledger.requests
    seen_before = requests[-1].number

    about_foreign = await attempt.send(stranger.http, foreign, signing)
    about_never = await attempt.send(stranger.http, never, signing)

    assert (len(never), never != foreign) == (len(foreign), True)
    assert without_id(about_foreign, foreign) == without_id(about_never, never)
    assert about_foreign.status_code == attempt.denied, about_foreign.text
    if attempt.denied == 200:
        assert foreign not in about_foreign.text
    for entry in requests:
        if entry.number > seen_before:
            assert entry.operation != "create_task"
            assert foreign not in f"{entry.url} {entry.body}"
            assert never not in f"{entry.url} {entry.body}"


@pytest.mark.parametrize("attempt", OPERATORS_ATTEMPTS, ids=str)
async def test_no_operators_route_tells_a_tenant_whether_an_id_exists(
    owned: dict[str, str], owner: Tenant, stranger: Tenant, attempt: Attempt
) -> None:
    object_id = owned[attempt.kind]
    never = never_like(object_id)
    own = await attempt.send(owner.http, object_id, None)
    foreign = await attempt.send(stranger.http, object_id, None)
    absent = await attempt.send(stranger.http, never, None)
    assert own.status_code == attempt.own, own.text
    assert without_id(own, object_id) == without_id(foreign, object_id) == without_id(absent, never)


async def test_afterwards_the_owner_still_has_everything_as_it_was(
    gateway: Gateway, owned: dict[str, str], owner: Tenant
) -> None:
    listed = (await owner.http.get(TASKS)).json()
    tasks = {owned[kind] for kind in ("task", "draft", "unconcluded", "queued", "video")}
    assert {item["id"] for item in listed["items"]} == tasks
    upstream = {task["id"]: task for task in (await gateway.ledger())["tasks"]}
    for kind in ("queued", "video"):
        assert (upstream[owned[kind]]["status"], upstream[owned[kind]]["deleted_at"]) == ("queued", None)
    groups = await act(owner, "ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert [(item["Id"], item["Name"]) for item in groups["Items"]] == [(owned["group"], "MyAssetGroup")]
    assets = await act(owner, "ListAssets", Filter={"GroupType": "AIGC"}, **PAGE)
    assert [(item["Id"], item["Name"]) for item in assets["Items"]] == [(owned["asset"], "")]
    created = await owner.http.post(TASKS, json=body(image(url=f"asset://{owned['asset']}")))
    assert created.status_code == 200, created.text


async def test_two_keys_of_one_tenant_see_the_same_things(
    gateway: Gateway, owner: Tenant, owned: dict[str, str]
) -> None:
    other_key = await gateway.key_of(owner.id)
    assert (await other_key.http.get(f"{TASKS}/{owned['task']}")).json()["id"] == owned["task"]
    for action, kind in (("GetAsset", "asset"), ("GetAssetGroup", "group")):
        assert (await act(other_key, action, Id=owned[kind]))["Id"] == owned[kind]


async def test_the_strangers_lists_are_empty(owned: dict[str, str], stranger: Tenant) -> None:
    assert owned
    assert (await stranger.http.get(TASKS)).json() == {"items": [], "total": 0}
    for group_type in ("AIGC", "LivenessFace"):
        wanted = {"GroupType": group_type}
        assert (await act(stranger, "ListAssetGroups", Filter=wanted))["TotalCount"] == 0
        assert (await act(stranger, "ListAssets", Filter=wanted, **PAGE))["TotalCount"] == 0


async def test_a_list_that_names_own_and_foreign_ids_shows_the_own_ones(
    owned: dict[str, str], stranger: Tenant
) -> None:
    task_id, group_id = await stranger.new_task(), await new_group(stranger)
    asset_id = await new_asset(stranger, group_id)
    listed = (await stranger.http.get(f"{TASKS}?filter.task_ids={owned['task']},{task_id}")).json()
    assert ([item["id"] for item in listed["items"]], listed["total"]) == ([task_id], 1)
    wanted = {"GroupType": "AIGC", "GroupIds": [owned["group"], group_id]}
    for action, own in (("ListAssetGroups", group_id), ("ListAssets", asset_id)):
        page = await act(stranger, action, Filter=wanted, **PAGE)
        assert ([item["Id"] for item in page["Items"]], page["TotalCount"]) == ([own], 1)


async def test_the_same_requests_of_the_owner_are_not_refused_for_the_id(
    gateway: Gateway, owned: dict[str, str], owner: Tenant
) -> None:
    """Proves that a stranger's attempt is refused for its id alone, and not for another mistake in the request."""
    signing = await signing_of(gateway, owner)
    surprises = {}
    for attempt in ATTEMPTS:
        object_id = owned[attempt.kind]
        if attempt.kind in {"group", "asset"} and "Delete" in str(attempt):
            object_id = await (new_group(owner) if attempt.kind == "group" else new_asset(owner, owned["group"]))
        answer = await attempt.send(owner.http, object_id, signing)
        if answer.status_code != attempt.own:
            surprises[str(attempt)] = answer.text
    assert surprises == {}
