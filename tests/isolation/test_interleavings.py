"""Three tenants, any requests in any order: each sees its own objects, and all others look as if they never existed."""

from collections.abc import Iterator
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from tests.isolation.ownership import Holder, Thing, never_like, new_prompt, text, without_id
from tests.support.gateway import TASKS
from tests.support.plain import PLAIN
from tests.support.threaded import GatewayAccess, gateway_in_a_thread
from tests.support.timeouts import HANG_SECONDS

TENANTS = st.integers(0, 2)
KEYS = st.integers(0, 1)
URL = "https://example.com/reference.png"
PAGE = {"PageNumber": 1, "PageSize": 100}
DRAFTING = "doubao-seedance-1-5-pro-251215"


@pytest.fixture(scope="module")
def access(database_url: str) -> Iterator[GatewayAccess]:
    with gateway_in_a_thread(database_url) as found:
        yield found


class Interleaving(RuleBasedStateMachine):
    """Operations of three tenants with two keys each, against a model of who owns what."""

    tasks: Bundle[Thing] = Bundle("tasks")
    groups: Bundle[Thing] = Bundle("groups")
    assets: Bundle[Thing] = Bundle("assets")
    tokens: Bundle[Thing] = Bundle("tokens")
    sent: Bundle[Any] = Bundle("sent")

    access: ClassVar[GatewayAccess]

    def __init__(self) -> None:
        super().__init__()
        access = self.access
        self.admin = httpx.Client(
            verify=PLAIN,
            base_url=f"{access.base_url}/admin/v1",
            headers={"Authorization": f"Bearer {access.admin_token}"},
        )
        self.control = httpx.Client(verify=PLAIN, base_url=access.control_url)
        self.holders: list[Holder] = []
        self.things: list[Thing] = []

    def teardown(self) -> None:
        for client in (self.admin, self.control, *(client for holder in self.holders for client in holder.clients)):
            client.close()

    @initialize()
    def make_tenants(self) -> None:
        for number in range(3):
            made = self.admin.post("/tenants", json={"name": f"tenant {number}"})
            clients = []
            for _ in range(2):
                key = self.admin.post(
                    f"/tenants/{made.json()['id']}/keys", json={"name": "k", "allowed_channels": ["default"]}
                )
                headers = {"Authorization": f"Bearer {key.json()['key']}"}
                client = httpx.Client(
                    verify=PLAIN, base_url=self.access.base_url, headers=headers, timeout=HANG_SECONDS
                )
                clients.append(client)
            self.holders.append(Holder(f"tenant {number}", clients))

    # -- tasks ------------------------------------------------------------------------------------------------

    @rule(target=tasks, who=TENANTS, key=KEYS)
    def create_task(self, who: int, key: int) -> Thing:
        return self._made(who, self.holders[who].create(key, content=text(new_prompt())))

    @rule(target=tasks, who=TENANTS)
    def create_task_whose_answer_is_lost(self, who: int) -> Thing:
        fault = {"operation": "create_task", "times": 1, "effect": {"kind": "cut", "at": "after"}}
        assert self.control.post("/faults", json=fault).status_code == 201
        thing = self._made(who, self.holders[who].create(content=text(new_prompt())))
        assert self.control.delete("/faults").is_success
        # The next create is answered clearly, so that the channel stays in use.
        self._made(who, self.holders[who].create(content=text(new_prompt())))
        thing.is_concluded = False
        return thing

    @rule(target=sent, who=TENANTS, key=KEYS)
    def create_task_that_may_be_sent_again(self, who: int, key: int) -> Any:
        prompt = new_prompt()
        return who, key, prompt, self._made(who, self.holders[who].create(key, content=text(prompt)))

    @rule(first=sent, who=TENANTS, key=KEYS)
    def send_a_create_again_marked_as_a_retry(self, first: Any, who: int, key: int) -> None:
        first_who, first_key, prompt, thing = first
        again = self.holders[who].create(key, {"x-stainless-retry-count": "1"}, content=text(prompt))
        assert again.status_code == 200, again.text
        if (who, key) == (first_who, first_key):
            assert again.json()["id"] == thing.id, "the retry of one API key made a second task"
        elif again.json()["id"] not in {task.id for task in self._own("task", who)}:
            # Of another key: a task of its own the first time, the same one when that key sends it once more.
            self._made(who, again)
        assert (again.json()["id"] == thing.id) == ((who, key) == (first_who, first_key))

    @rule(who=TENANTS, idempotency_key=st.sampled_from(["a", "b"]), is_same=st.booleans())
    def create_task_with_an_idempotency_key(self, who: int, idempotency_key: str, *, is_same: bool) -> None:
        holder = self.holders[who]
        first = holder.answered.get(idempotency_key)
        prompt = first[0] if first is not None and is_same else new_prompt()
        response = holder.create(0, {"Idempotency-Key": idempotency_key}, content=text(prompt))
        if first is None:
            holder.answered[idempotency_key] = prompt, self._made(who, response).id
        elif is_same:
            assert (response.status_code, response.json()["id"]) == (200, first[1])
        else:
            assert (response.status_code, response.json()["error"]["code"]) == (409, "IdempotencyConflict")

    @rule(task=tasks, who=TENANTS)
    def get_task(self, task: Thing, who: int) -> None:
        response = self._compared(task, who, lambda client, name: client.get(f"{TASKS}/{name}"))
        if response is not None:
            assert response.json()["id"] == task.id

    @rule(task=tasks, who=TENANTS)
    def delete_task(self, task: Thing, who: int) -> None:
        def delete(client: httpx.Client, name: str) -> httpx.Response:
            return client.delete(f"{TASKS}/{name}")

        if task.owner is self.holders[who] and not task.is_gone and not task.is_concluded:
            response = delete(task.owner.clients[0], task.id)
            assert (response.status_code, response.headers["x-should-retry"]) == (409, "false")
        elif self._compared(task, who, delete) is not None:
            task.is_gone, task.is_final = task.is_final, True

    @rule(task=tasks)
    def finish_task(self, task: Thing) -> None:
        if task.is_concluded and not task.is_final:
            assert self.control.post(f"/tasks/{task.id}", json={"status": "succeeded"}).status_code == 200
            task.is_final = True

    @rule(task=tasks, who=TENANTS)
    def use_a_task_as_a_draft(self, task: Thing, who: int) -> None:
        content = [{"type": "draft_task", "draft_task": {"id": "$id"}}]
        self._refused_when_foreign(task, who, content, model=DRAFTING)

    @rule(asset=assets, who=TENANTS)
    def use_an_asset(self, asset: Thing, who: int) -> None:
        content = [{"type": "image_url", "image_url": {"url": "asset://$id"}, "role": "first_frame"}]
        self._refused_when_foreign(asset, who, content)

    # -- assets -----------------------------------------------------------------------------------------------

    @rule(target=groups, who=TENANTS, name=st.sampled_from(["same", "other"]))
    def create_group(self, who: int, name: str) -> Thing:
        response = self.holders[who].act("CreateAssetGroup", Name=name, GroupType="AIGC")
        return self._thing("group", who, response, "Id")

    @rule(target=assets, group=groups, who=TENANTS)
    def create_asset(self, group: Thing, who: int) -> Any:
        response = self._acted(group, who, "CreateAsset", "GroupId", URL=URL, AssetType="Image", Name="same")
        thing = Thing("asset", "", self.holders[who], is_gone=True)
        if response is not None:
            thing = self._thing("asset", who, response, "Id")
            thing.group = group
            assert self.control.post(f"/assets/{thing.id}", json={"status": "Active"}).is_success
        else:
            thing.id = never_like("asset-20260101000000-abcde")
        return thing

    @rule(group=groups, who=TENANTS, action=st.sampled_from(["GetAssetGroup", "UpdateAssetGroup"]))
    def use_group(self, group: Thing, who: int, action: str) -> None:
        self._acted(group, who, action, "Id", **({"Name": "mine now"} if action == "UpdateAssetGroup" else {}))

    @rule(group=consumes(groups), who=TENANTS)
    def delete_group(self, group: Thing, who: int) -> None:
        if self._acted(group, who, "DeleteAssetGroup", "Id") is not None:
            group.is_gone = True
            for thing in self.things:
                thing.is_gone = thing.is_gone or thing.group is group

    @rule(asset=assets, who=TENANTS, action=st.sampled_from(["GetAsset", "UpdateAsset"]))
    def touch_asset(self, asset: Thing, who: int, action: str) -> None:
        self._acted(asset, who, action, "Id", **({"Name": "mine now"} if action == "UpdateAsset" else {}))

    @rule(asset=assets, who=TENANTS)
    def delete_asset(self, asset: Thing, who: int) -> None:
        if self._acted(asset, who, "DeleteAsset", "Id") is not None:
            asset.is_gone = True

    @rule(target=tokens, who=TENANTS)
    def open_session(self, who: int) -> Thing:
        response = self.holders[who].act("CreateVisualValidateSession", CallbackURL="https://example.com/back")
        return self._thing("token", who, response, "BytedToken")

    @rule(token=tokens, who=TENANTS)
    def ask_for_the_result(self, token: Thing, who: int) -> None:
        """No face was shown, so even the owner gets "not found", as from the upstream."""
        one = self.holders[who].act("GetVisualValidateResult", BytedToken=token.id)
        two = self.holders[who].act("GetVisualValidateResult", BytedToken=never_like(token.id))
        assert (one.status_code, one.json()["error"]["code"]) == (404, "NotFound.BytedToken"), one.text
        if token.owner is not self.holders[who]:
            assert without_id(one, token.id) == without_id(two, never_like(token.id))

    # -- what must always hold ----------------------------------------------------------------------------------

    @rule(who=TENANTS, key=KEYS)
    def list_everything(self, who: int, key: int) -> None:
        client = self.holders[who].clients[key]
        named = [("filter.task_ids", thing.id) for thing in self.things if thing.kind == "task"][:400]
        for query in ([], named):
            listed = client.get(TASKS, params=[("page_size", "500"), *query]).json()
            own = {thing.id for thing in self._own("task", who)}
            if named or not query:
                assert {item["id"] for item in listed["items"]} == own
                assert listed["total"] == len(own)
        for kind, action in (("group", "ListAssetGroups"), ("asset", "ListAssets")):
            body = {"Filter": {"GroupType": "AIGC"}, **PAGE}
            items = client.post(f"/api/v3/open/{action}", json=body).json()
            assert {item["Id"] for item in items["Items"]} == {thing.id for thing in self._own(kind, who)}
            assert items["TotalCount"] == len(self._own(kind, who))

    @invariant()
    def no_id_has_two_owners(self) -> None:
        ids = [thing.id for thing in self.things]
        assert len(ids) == len(set(ids))

    # -- the model --------------------------------------------------------------------------------------------

    def _own(self, kind: str, who: int) -> list[Thing]:
        return [t for t in self.things if t.kind == kind and t.owner is self.holders[who] and not t.is_gone]

    def _made(self, who: int, response: httpx.Response) -> Thing:
        return self._thing("task", who, response, "id")

    def _thing(self, kind: str, who: int, response: httpx.Response, member: str) -> Thing:
        assert response.status_code == 200, response.text
        thing = Thing(kind, response.json()[member], self.holders[who])
        self.things.append(thing)
        return thing

    def _acted(self, thing: Thing, who: int, action: str, member: str, **body: Any) -> httpx.Response | None:
        def act(client: httpx.Client, name: str) -> httpx.Response:
            return client.post(f"/api/v3/open/{action}", json={member: name, **body})

        return self._compared(thing, who, act)

    def _compared(self, thing: Thing, who: int, send: Any) -> httpx.Response | None:
        """Sends a request about a thing: its owner is served, for the other tenants it never existed."""
        client = self.holders[who].clients[0]
        response: httpx.Response = send(client, thing.id)
        if thing.owner is self.holders[who] and not thing.is_gone:
            assert response.status_code == 200, response.text
            return response
        never = never_like(thing.id)
        assert response.status_code == 404, response.text
        assert without_id(response, thing.id) == without_id(send(client, never), never)
        return None

    def _refused_when_foreign(self, thing: Thing, who: int, content: list[dict[str, Any]], **body: Any) -> None:
        if thing.owner is self.holders[who] and not thing.is_gone:
            return  # the upstream decides whether it accepts the reference

        def create(name: str) -> httpx.Response:
            (item,) = content
            payload = {
                key: {inner: text_.replace("$id", name) for inner, text_ in value.items()}
                for key, value in item.items()
                if isinstance(value, dict)
            }
            return self.holders[who].create(content=[{**item, **payload}], **body)

        response, never = create(thing.id), never_like(thing.id)
        assert response.status_code == 400, response.text
        assert response.json()["error"]["code"] == "InvalidParameter.content"
        assert without_id(response, thing.id) == without_id(create(never), never)


def _check(access: GatewayAccess, *, examples: int, steps: int) -> None:
    limits = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine: type[Interleaving] = type("Machine", (Interleaving,), {"access": access})
    run_machine(machine, settings=limits)


def test_no_tenant_reaches_anothers_objects(access: GatewayAccess) -> None:
    _check(access, examples=4, steps=20)


@pytest.mark.slow
def test_no_tenant_reaches_anothers_objects_in_many_more_interleavings(access: GatewayAccess) -> None:
    _check(access, examples=100, steps=40)
