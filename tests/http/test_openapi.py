"""``/openapi.json`` is complete, and the gateway behaves as it says."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from app.http.pages import HOME_PATH
from tests.http.operations import document, operations
from tests.support.gateway import Gateway
from tests.support.threaded import GatewayAccess

EXAMPLES = 2
ADMIN = "/admin/"
OPENAI = "/v1/"
OPEN = {"/healthz", "/readyz"}
# The rules are stricter than a schema can say, and in places more lenient (null means absent).
BEYOND_THE_DOCUMENT: list[Any] = [positive_data_acceptance, negative_data_rejection]
# It repeats each request without credentials; tests/flows does that once for every route.
SEEN_TO_ELSEWHERE: list[Any] = [ignored_auth]
# `Allow` names GET there, which answers a page for people that is no part of the API.
BESIDE_A_PAGE: list[Any] = [allow_header_conformance]
schema = schemathesis.openapi.from_dict(document())
schema.config.phases.coverage.enabled = False

# The same examples every time: what is found here must not depend on luck.
few = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

# pytest names an item by its function and by parameters of its own kind, so that schemathesis' items would all have one
# name, and xdist would run one of them. With a parameter of that kind the operation is part of the name.
each_operation_by_name = pytest.mark.parametrize("upstream", ["sandbox"])


def test_every_operation_has_a_name_a_summary_and_its_errors() -> None:
    found = operations()
    assert len({operation.id for operation in found}) == len(found)
    for operation in found:
        described = operation.documented
        assert described["summary"]
        assert described["tags"]
        if operation.path not in OPEN:
            # Without a database there are still the metrics that it does not keep.
            expected = {"401"} if operation.path == "/metrics" else {"401", "503"}
            assert expected <= described["responses"].keys(), operation.id
        if operation.method in {"POST", "PUT", "PATCH"} and "requestBody" in described:
            assert {"400", "413", "415"} <= described["responses"].keys(), operation.id


def test_each_action_is_an_operation_of_its_own() -> None:
    actions = {operation.path.rsplit("/", 1)[-1] for operation in operations() if "/open/" in operation.path}
    assert len(actions) == 12


async def test_the_document_is_served(gateway: Gateway) -> None:
    served = await gateway.anonymous.get("/openapi.json")
    assert served.json() == document()
    assert "text/html" in (await gateway.anonymous.get("/docs")).headers["content-type"]


@schema.parametrize()
@each_operation_by_name
@few
def test_no_generated_request_causes_a_server_error(case: Case[Any], access: GatewayAccess, upstream: str) -> None:
    check(case, access)


def check(case: Case[Any], access: GatewayAccess) -> None:
    """Sends a request and checks that its answer is one that the document allows."""
    is_admins = case.path.startswith(ADMIN)
    token = access.admin_token if is_admins else access.key
    response = case.call(base_url=access.base_url, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code < httpx.codes.INTERNAL_SERVER_ERROR, response.text
    page = BESIDE_A_PAGE if case.path == HOME_PATH else []
    case.validate_response(response, excluded_checks=[*BEYOND_THE_DOCUMENT, *SEEN_TO_ELSEWHERE, *page])
    if response.status_code >= httpx.codes.BAD_REQUEST:
        body: dict[str, Any] = response.json()
        assert body.keys() == (
            {"error"} if is_admins or case.path.startswith(OPENAI) else {"error", "ResponseMetadata"}
        )
        assert body["error"].keys() == {"code", "message", "param", "type"}
