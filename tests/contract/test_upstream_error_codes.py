"""The table of the upstream's error codes, walked through HTTP: tasks, and Assets on all three entries."""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from app.db.engine import open_engine
from app.sandbox.faults import Effect, FaultScript
from app.upstream.error_codes import TABLE, Category, category_of, classify, failure_for_tenant, message_for_tenant
from tests.contract.upstream_codes import (
    ASSET_REASONS,
    LEAKING,
    OPERATORS_TEXTS,
    TENANTS_TEXTS,
    Row,
    every_code,
    every_quota,
    some_codes,
)
from tests.support.answers import check_error
from tests.support.driving import new_asset, new_group
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.support.timeouts import HANG_SECONDS

OF_CLIENT = Row("client", 400, "InvalidParameter")
PLAIN_WORDS = "The parameter is not what it should be."
OPERATORS = re.compile(r"\b2100\d{6}\b|\bconsole\b|\bprojects?\b|\baccounts?\b|账号|控制台", re.IGNORECASE)
PLANES = ("tasks", "open", "query", "native")
MEANINGS = {
    "client": Category.CLIENT,
    "rate": Category.RATE,
    "account": Category.ACCOUNT,
    "unserved": Category.UNSERVED,
    "overloaded": Category.UPSTREAM,
    "failure": Category.UPSTREAM,
}

Step = dict[str, Row]
"""Which row each plane is answered with at once."""


def some_steps() -> Iterator[Step]:
    """Yields the first row of each group and status, each for one plane, four at once."""
    rows = list(some_codes())
    for start in range(0, len(rows), len(PLANES)):
        yield dict(zip(PLANES, rows[start : start + len(PLANES)], strict=False))


def all_steps() -> Iterator[Step]:
    """Yields every row, for each plane."""
    yield from (dict.fromkeys(PLANES, row) for row in every_code())


# The everyday run walks through a part of the table, CI through all of it.
WALKS = pytest.mark.parametrize(
    "steps_of", [pytest.param(some_steps, id="some"), pytest.param(all_steps, id="all", marks=pytest.mark.slow)]
)

_numbers = itertools.count()

Call = Callable[[], Awaitable[httpx.Response]]


class Planes:
    """One call of each plane and entry, which the upstream answers as a row says.

    No two creates are alike: one that is, and was answered with 500 or more, would be the next one's first try.
    """

    def __init__(self, gateway: Gateway, tenant: Tenant, group_id: str) -> None:
        self._gateway = gateway
        query = {"Version": "2024-01-01"}
        self.calls: dict[str, tuple[str, Call]] = {
            "tasks": ("create_task", lambda: tenant.create_task(seed=next(_numbers))),
            "open": (
                "CreateAssetGroup",
                lambda: tenant.action("CreateAssetGroup", Name=f"group {next(_numbers)}", GroupType="AIGC"),
            ),
            "query": (
                "UpdateAssetGroup",
                lambda: tenant.http.post(
                    "/api/v3/assets",
                    params={**query, "Action": "UpdateAssetGroup"},
                    json={"Id": group_id, "Name": "b"},
                ),
            ),
            "native": (
                "CreateVisualValidateSession",
                lambda: tenant.http.post(
                    "/",
                    params={**query, "Action": "CreateVisualValidateSession"},
                    json={"CallbackURL": "https://example.com"},
                ),
            ),
        }

    async def answer(self, rows: dict[str, Row]) -> dict[str, httpx.Response]:
        """Makes all calls at once, each of which the upstream refuses as its row says; returns the answers."""
        faults = self._gateway.sandbox.store.faults
        added = [
            faults.add(
                FaultScript(
                    operation=self.calls[plane][0],
                    effect=Effect(kind="error", status=row.status, code=row.code, message=row.message),
                )
            )
            for plane, row in rows.items()
        ]
        answers = await asyncio.gather(*(self.calls[plane][1]() for plane in rows))
        assert [fault.hits for fault in added] == [1] * len(rows)
        faults.clear()
        return dict(zip(rows, answers, strict=True))


@pytest_asyncio.fixture
async def planes(gateway: Gateway, tenant: Tenant) -> AsyncIterator[Planes]:
    yield Planes(gateway, tenant, await new_group(tenant))
    gateway.sandbox.store.faults.clear()


def test_the_table_holds_every_code() -> None:
    sorted_so = {row.code: category_of(row.code) for row in every_code()}
    assert sorted_so == {row.code: MEANINGS[row.group] for row in every_code()}
    assert category_of("QuotaExceeded") is Category.QUOTA


def test_every_code_of_the_table_is_tried() -> None:
    tried = {code for row in every_code() for code in (row.code, row.code.rpartition(".")[0])}
    assert set(TABLE) - tried == ASSET_REASONS | {"QuotaExceeded"}


@WALKS
async def test_every_code_gets_the_error_of_its_category(
    planes: Planes, tenant: Tenant, steps_of: Callable[[], Iterator[Step]]
) -> None:
    # The control plane reports one code with several statuses, so there only the code may count.
    statuses = {"query": 400, "native": 200}
    for step in steps_of():
        sent = {
            plane: replace(row, status=statuses.get(plane, row.status)) if row.group in {"rate", "account"} else row
            for plane, row in step.items()
        }
        for plane, answer in (await planes.answer(sent)).items():
            check(plane, step[plane], answer)
        if step.get("tasks", OF_CLIENT).group == "failure":
            await tenant.new_task()  # or the fifth of them would have the channel given no more creates


@WALKS
async def test_a_clients_mistake_passes_in_the_upstreams_words(
    planes: Planes, steps_of: Callable[[], Iterator[Step]]
) -> None:
    for step in steps_of():
        rows = {plane: replace(row, message=PLAIN_WORDS) for plane, row in step.items() if row.group == "client"}
        for plane, answer in (await planes.answer(rows)).items():
            row = rows[plane]
            if not is_gone(plane, row):
                error = check_error(answer, row.status, row.code, is_upstreams=plane == "tasks")
                assert error["message"].startswith(PLAIN_WORDS)


async def test_the_three_meanings_of_one_code_are_distinguished_by_its_message(planes: Planes) -> None:
    for row in every_quota():
        for plane, answer in (await planes.answer(dict.fromkeys(("tasks", "open"), row))).items():
            check(plane, row, answer)


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (400, PLAIN_WORDS, (400, "SomethingNew")),
        (400, LEAKING, (502, "InternalServiceError")),
        (401, PLAIN_WORDS, (502, "InternalServiceError")),
        (402, PLAIN_WORDS, (502, "InternalServiceError")),
        (403, PLAIN_WORDS, (502, "InternalServiceError")),
        (404, PLAIN_WORDS, (404, "SomethingNew")),
        (409, PLAIN_WORDS, (409, "SomethingNew")),
        (418, PLAIN_WORDS, (418, "SomethingNew")),
        (422, LEAKING, (502, "InternalServiceError")),
        (429, LEAKING, (429, "SomethingNew")),
    ],
)
async def test_an_unknown_code_counts_by_its_status_and_its_words(
    planes: Planes, status: int, message: str, expected: tuple[int, str]
) -> None:
    row = Row("unknown", status, "SomethingNew", message)
    for answer in (await planes.answer(dict.fromkeys(planes.calls, row))).values():
        assert (answer.status_code, answer.json()["error"]["code"]) == expected
        assert not OPERATORS.search(answer.text)
        assert (answer.headers.get("x-should-retry") == "false") is (expected[0] in {409, 502})


@pytest.mark.parametrize("message", OPERATORS_TEXTS)
def test_no_spelling_of_the_operators_things_reaches_a_tenant(message: str) -> None:
    assert message_for_tenant("InvalidParameter.x", message) == "The request was refused: InvalidParameter.x."
    assert failure_for_tenant("InvalidParameter.x", message)[1] == "The upstream gave InvalidParameter.x as the reason."
    hidden = ("InternalServiceError", "The service could not complete the request.")
    assert failure_for_tenant("SomethingNew", message) == failure_for_tenant("", message) == hidden


@pytest.mark.parametrize("message", TENANTS_TEXTS)
def test_words_of_the_client_hide_no_reason(message: str) -> None:
    assert message_for_tenant("InvalidParameter.x", message) == message
    assert failure_for_tenant("SomethingNew", message) == ("SomethingNew", message)
    assert classify(400, "SomethingNew", message) is Category.CLIENT


def test_what_an_unknown_code_is_about_decides_whose_affair_it_is() -> None:
    for code in ("ProjectNotFound", "AccountFrozen", "UserApiKeyExpired"):
        assert classify(404, code, "It does not exist.") is Category.ACCOUNT
        assert failure_for_tenant(code, "It does not exist.")[0] == "InternalServiceError"
    # A client may write of a console.
    assert classify(400, "InvalidPrompt", "A game console and a project are not enough.") is Category.CLIENT
    for message in ("Your account has no right.", "account 3000123456 is frozen", "Visit the Ark Console."):
        assert classify(400, "SomethingNew", message) is Category.ACCOUNT
    own = "The duration is not valid for ep-20250101123456-abcde."
    assert message_for_tenant("InvalidParameter", own, "ep-20250101123456-abcde") == own


async def test_the_operators_things_stay_hidden_over_http(planes: Planes) -> None:
    rows = zip(planes.calls, itertools.repeat("InvalidParameter.x"), OPERATORS_TEXTS, strict=False)
    answers = await planes.answer({plane: Row("client", 400, code, message) for plane, code, message in rows})
    for answer in answers.values():
        error = check_error(answer, 400, "InvalidParameter.x")
        assert error["message"].startswith("The request was refused: InvalidParameter.x.")
    unknown = await planes.answer(
        {"tasks": Row("unknown", 404, "ProjectNotFound", "ProjectName ops-internal: absent.")}
    )
    check_error(unknown["tasks"], 502, "InternalServiceError")


async def test_the_error_of_a_failed_task_hides_the_operators_account(gateway: Gateway, tenant: Tenant) -> None:
    async def fail(row: Row) -> tuple[str, dict[str, Any]]:
        task_id = await tenant.new_task(callback_url="https://tenant.example/hook")
        failed = {"status": "failed", "code": row.code, "message": row.message}
        assert (await gateway.control.post(f"/tasks/{task_id}", json=failed)).status_code == 200
        async with asyncio.timeout(HANG_SECONDS):
            while True:
                body = (await tenant.http.get(f"{TASKS}/{task_id}")).json()
                if body["status"] == "failed":
                    return task_id, body
                # Without a token for the account's rate the gateway shows what it knew before.
                await asyncio.sleep(0.05)

    rows = (
        Row("client", 0, "OutputVideoSensitiveContentDetected", "The video may hold violence."),
        Row("client", 0, "InvalidParameter.TaskTypeConstraint", LEAKING),
        Row("account", 0, "SetLimitExceeded", LEAKING),
        Row("failure", 0, "InternalServiceError", "Try again."),
        Row("unknown", 0, "SomethingNew", LEAKING),
    )
    bodies = dict(await asyncio.gather(*(fail(row) for row in rows)))
    ids = list(bodies)
    shown: dict[str, tuple[str, str]] = {}
    listed = (await tenant.http.get(TASKS, params={"filter.task_ids": ids})).json()["items"]
    told_in_list = {task["id"]: task for task in listed}
    sent = await _delivered(gateway, ids)
    for task_id, row in zip(ids, rows, strict=True):
        error, in_list = bodies[task_id]["error"], told_in_list[task_id]
        assert error == in_list["error"] == in_list["failure_reason"] == sent[task_id]["error"]
        assert not OPERATORS.search(str(error))
        shown[row.code] = (error["code"], error["message"])
    for_operator = (await gateway.admin.get(f"/tasks/{ids[-1]}")).json()
    assert for_operator["error"] == {"code": rows[-1].code, "message": rows[-1].message}
    documented = {code: name for code, (name, _) in shown.items()}
    hidden = {"SetLimitExceeded", "InternalServiceError", "SomethingNew"}
    assert {code for code, name in documented.items() if name == "InternalServiceError"} == hidden
    neutral = "The service could not complete the request."
    for code in ("AccountOverdueError", "QuotaExceeded"):
        assert failure_for_tenant(code, "Nothing is said here.") == ("InternalServiceError", neutral)
    rate = "ModelAccountRpmRateLimitExceeded"
    assert failure_for_tenant(rate, LEAKING) == (rate, neutral)
    assert shown["OutputVideoSensitiveContentDetected"][1] == "The video may hold violence."
    assert shown["InternalServiceError"][1] == "Try again."


async def test_the_error_of_a_failed_asset_hides_the_operators_account(gateway: Gateway, tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    for code, message, expected in (
        ("WidthTooSmall", "It is 200 px wide.", ("WidthTooSmall", "It is 200 px wide.")),
        ("WidthTooSmall", LEAKING, ("WidthTooSmall", "The upstream gave WidthTooSmall as the reason.")),
        ("QuotaExceeded", LEAKING, ("InternalServiceError", "The service could not complete the request.")),
        ("SomethingNew", LEAKING, ("InternalServiceError", "The service could not complete the request.")),
    ):
        asset_id = await new_asset(tenant, group_id)
        failed = {"status": "Failed", "code": code, "message": message}
        assert (await gateway.control.post(f"/assets/{asset_id}", json=failed)).status_code == 200
        shown = (await tenant.action("GetAsset", Id=asset_id)).json()
        assert (shown["Status"], shown["Error"]) == ("Failed", dict(zip(("Code", "Message"), expected, strict=True)))


def is_gone(plane: str, row: Row) -> bool:
    """Whether the upstream says of the object to be changed that it is not there, which has an answer of its own."""
    return plane == "query" and row.code.startswith("NotFound") and row.group == "client"


def check(plane: str, row: Row, answer: httpx.Response) -> None:
    """Checks status, code, headers and words of the answer to a call that the upstream refused as a row says."""
    if is_gone(plane, row):
        check_error(answer, 503, "ServiceUnavailable")  # a group so new may not be seen yet
        return
    if row.group == "failure":
        check_unknown(plane, answer)
        return
    expected: dict[str, tuple[int, str]] = {
        "client": (row.status, row.code),
        "rate": (429, row.code),
        "overloaded": (429, row.code),
        "account": (502, "InternalServiceError"),
        "unserved": (row.status, row.code),
        "unclear": (503, "ServerOverloaded"),
    }
    status, code = expected[row.group]
    # Of a message in our own words the request id is ours, too.
    check_error(answer, status, code)
    assert not OPERATORS.search(answer.text), answer.text
    is_retry_refused = answer.headers.get("x-should-retry") == "false"
    assert is_retry_refused is (status in {409, 502}), row
    retry_after = answer.headers.get("retry-after")
    seconds = {429: "30" if code == "QuotaExceeded" else "1", 503: "30"}
    assert retry_after == seconds.get(status), row


def check_unknown(plane: str, answer: httpx.Response) -> None:
    """Checks that a call which may have been carried out is neither refused nor called done."""
    if plane == "tasks":
        assert (answer.status_code, set(answer.json())) == (200, {"id"})
    elif plane == "open":
        check_error(answer, 409, "OutcomeUnknown")
    else:
        check_error(answer, 503, "ServiceUnavailable")
    assert not OPERATORS.search(answer.text), answer.text


async def _delivered(gateway: Gateway, task_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Returns the messages to the tenant's endpoint about the end of tasks, by task id."""
    engine = open_engine(gateway.database_url, pool_size=1)
    try:
        async with engine.connect() as connection:
            bodies = await connection.scalars(text("SELECT body FROM deliveries ORDER BY created_at"))
            documented = {body["id"]: body for body in map(json.loads, bodies)}
            return {task_id: documented[task_id] for task_id in task_ids}
    finally:
        await engine.dispose()
