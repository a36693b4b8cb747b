"""Each row of the spec's task tables: what passes reaches the upstream as sent, what fails is not sent."""

import json

import pytest
import pytest_asyncio

from tests.contract.task_rows import DRAFTING, NO_TASK, ROWS, Row
from tests.contract.templates import filled
from tests.support.answers import check_error
from tests.support.driving import count_received, force, received
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.tasks.bodies import ALIAS, FAST, OLDEST, body

UPSTREAM_IDS = {
    ALIAS: "doubao-seedance-2-0-260128",
    FAST: "doubao-seedance-2-0-fast-260128",
    DRAFTING: DRAFTING,
    OLDEST: OLDEST,
}


@pytest_asyncio.fixture(scope="module")
async def ids(gateway: Gateway, tenant: Tenant, assets: dict[str, str], foreign_asset: str) -> dict[str, str]:
    """What ``$name`` stands for in a row."""
    drafted = await tenant.new_task(model=DRAFTING, draft=True, resolution="480p")
    await force(gateway, tenant, drafted, "succeeded")
    return {**assets, "foreign": foreign_asset, "draft": drafted}


@pytest.mark.parametrize("row", [row for row in ROWS if row.passing], ids=str)
async def test_what_a_row_allows_reaches_the_upstream_as_sent(
    gateway: Gateway, tenant: Tenant, ids: dict[str, str], row: Row
) -> None:
    for template in row.passing:
        request = filled(template, ids)
        created = await tenant.http.post(TASKS, json=request)
        assert created.status_code == 200, f"{request}: {created.text}"
        sent = received(gateway, created.json()["id"])
        assert sent.pop("model") == UPSTREAM_IDS[request.pop("model")]
        if "generate_audio" not in request and sent.get("generate_audio") is False:
            del sent["generate_audio"]
        assert sent == request


@pytest.mark.parametrize("row", [row for row in ROWS if row.accepted], ids=str)
async def test_what_a_row_leaves_to_the_upstream_is_passed_on(tenant: Tenant, row: Row) -> None:
    for request in row.accepted:
        answer = await tenant.http.post(TASKS, json=request, params={"dry_run": "true"})
        assert answer.status_code == 200, f"{request}: {answer.text}"
        sent = answer.json()["body"]
        assert {**sent, **request} == {**sent, "model": request["model"]}


@pytest.mark.parametrize("row", [row for row in ROWS if row.failing], ids=str)
async def test_what_a_row_forbids_is_refused_by_name_and_sent_nowhere(
    gateway: Gateway, tenant: Tenant, ids: dict[str, str], row: Row
) -> None:
    before = count_received(gateway, "create_task")
    for template, code, param, words in row.failing:
        error = check_error(await tenant.http.post(TASKS, json=filled(template, ids)), 400, code, param)
        assert words in error["message"]
    assert count_received(gateway, "create_task") == before


async def test_an_unknown_model_is_not_found(tenant: Tenant) -> None:
    refused = await tenant.http.post(TASKS, json=body(model="doubao-seedance-9"))
    check_error(refused, 404, "InvalidEndpointOrModel.NotFound", "model")


async def test_the_documented_content_type_is_json(tenant: Tenant) -> None:
    text = json.dumps(body()).encode()
    for kind in ("application/json", "application/json; charset=utf-8"):
        created = await tenant.http.post(TASKS, content=text, headers={"Content-Type": kind})
        assert created.status_code == 200, created.text
    form = await tenant.http.post(TASKS, data={"model": ALIAS, "content": "a kitten"})
    check_error(form, 415, "UnsupportedMediaType")


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_every_method_needs_the_authorization_header(gateway: Gateway, tenant: Tenant, method: str) -> None:
    path = TASKS if method == "POST" else f"{TASKS}/{await tenant.new_task()}"
    content = json.dumps(body()).encode() if method == "POST" else None
    check_error(await gateway.anonymous.request(method, path, content=content), 401, "AuthenticationError")
    headers = {"Authorization": f"bearer {tenant.key}"}
    known = await gateway.anonymous.request(method, path, content=content, headers=headers)
    assert known.status_code in {200, 409}, known.text


async def test_the_path_parameter_is_a_task_of_ones_own(tenant: Tenant) -> None:
    task_id = await tenant.new_task()
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).json()["id"] == task_id
    for unknown in (NO_TASK, "x", task_id.upper(), "%00", "a" * 500, "%F0%9F%98%80"):
        check_error(await tenant.http.get(f"{TASKS}/{unknown}"), 404, "NotFound.id", "id")
