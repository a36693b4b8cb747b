"""Undeclared query parameters are refused on every route with authentication."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from app.errors import InvalidParameterError, top_level_field
from app.http.query import MAX_PARAMETERS, MAX_QUERY_BYTES, Query
from app.main import create_app
from app.settings import Settings
from tests.support.answers import check_error
from tests.support.gateway import MODEL, TASKS, Gateway, Tenant, text
from tests.support.signing import Signing

STRICT = ("/api/v3/", "/admin/v1/", "/v1/")
UNKNOWN = "neverheardof"
# Its routes come before authentication and refuse undeclared parameters; they answer only the console's page.
SESSION = "/console/session"
OF_CONSOLE = {"Sec-Fetch-Site": "same-origin", "X-Seedgate-Console": "1"}


@dataclass(frozen=True)
class Route:
    """A route: method, path with ``x`` for each parameter, and its declared query parameters."""

    method: str
    path: str
    parameters: dict[str, Any]

    @property
    def is_strict(self) -> bool:
        """Whether it must refuse unknown query parameters."""
        return self.path.startswith(STRICT) or (self.path.strip("/") == "" and self.method == "POST")


def routes() -> Iterator[Route]:
    """Yields every route of the application, undocumented ones included."""
    for route in iter_route_contexts(create_app(Settings(_env_file=None)).routes):
        declared = (getattr(route, "openapi_extra", None) or {}).get("parameters", [])
        path = "/".join("x" if part.startswith("{") else part for part in str(route.path).split("/"))
        for method in sorted(route.methods or {"GET"}):
            yield Route(method, path, {each["name"]: each for each in declared if each["in"] == "query"})


ROUTES = list(routes())


async def ask(gateway: Gateway, client: httpx.AsyncClient, route: Route, query: str) -> httpx.Response:
    """Calls a route; httpx folds two slashes at the start of a path into the host, so the whole URL is given."""
    body = b"{}" if route.method in {"POST", "PUT", "PATCH"} else None
    headers = {"Content-Type": "application/json", **OF_CONSOLE}
    return await client.request(
        f"{route.method}", f"{gateway.base_url}{route.path}?{query}", content=body, headers=headers
    )


def test_the_walk_finds_every_kind_of_route() -> None:
    strict = {(route.method, route.path) for route in ROUTES if route.is_strict}
    assert strict >= {
        ("POST", TASKS),
        ("GET", TASKS),
        ("POST", "/"),
        ("POST", "/api/v3/assets"),
        ("POST", "/api/v3/open/x"),
        ("GET", "/api/v3/whoami"),
        ("GET", "/admin/v1/keys"),
        ("POST", "/admin/v1/keys/x/rotate"),
    }
    assert len(strict) > 40


async def test_every_route_refuses_undeclared_parameters_after_authentication(gateway: Gateway, tenant: Tenant) -> None:
    for route in ROUTES:
        is_admins = route.path.startswith("/admin/")
        answer = await ask(gateway, gateway.admin if is_admins else tenant.http, route, f"{UNKNOWN}=1")
        case = f"{route.method} {route.path}: {answer.text}"
        if not route.is_strict and route.path != SESSION:
            assert UNKNOWN not in answer.text, case
            continue
        assert answer.status_code == 400, case
        error = answer.json()["error"]
        assert (error["code"], error["param"]) == (f"InvalidParameter.{UNKNOWN}", UNKNOWN), case
        assert all(f"`{name}`" in error["message"] for name in route.parameters), case
        if route.path == SESSION:
            continue
        stranger = await ask(gateway, gateway.anonymous, route, f"{UNKNOWN}=1&{'x' * MAX_QUERY_BYTES}")
        assert (stranger.status_code, stranger.json()["error"]["code"]) == (401, "AuthenticationError"), case
        assert UNKNOWN not in stranger.text, case


async def test_every_declared_parameter_is_accepted_and_only_once_unless_it_is_an_array(
    gateway: Gateway, tenant: Tenant
) -> None:
    for route in ROUTES:
        client = gateway.admin if route.path.startswith("/admin/") else tenant.http
        for name, declared in route.parameters.items():
            once = await ask(gateway, client, route, f"{name}=")
            assert "is not a query parameter" not in once.text, f"{route.method} {route.path} {name}"
            if declared["schema"]["type"] != "array":
                twice = await ask(gateway, client, route, f"{name}=x&{name}=x")
                check = twice.json()["error"]
                assert (check["code"], check["param"]) == (f"InvalidParameter.{name.split('.')[0]}", name), twice.text
                assert "more than once" in check["message"]


async def test_the_query_that_the_docs_page_fills_in_is_accepted(gateway: Gateway, tenant: Tenant) -> None:
    """It fills in the example of each parameter, else the default."""
    for route in ROUTES:
        filled = {
            name: schema.get("example", schema.get("default"))
            for name, schema in ((name, declared["schema"]) for name, declared in route.parameters.items())
            if schema.keys() & {"example", "default"}
        }
        query = urlencode({name: json.dumps(value).strip('"') for name, value in filled.items()})
        client = gateway.admin if route.path.startswith("/admin/") else tenant.http
        answer = await ask(gateway, client, route, query)
        is_refused = answer.status_code == 400 and "InvalidParameter" in answer.text
        assert route.method != "GET" or not is_refused, f"{route.path}?{query}: {answer.text}"


@pytest.mark.parametrize(
    ("query", "shown", "meant"),
    [
        ("dryrun=true", "dryrun", "dry_run"),
        ("Dry_Run=true", "Dry_Run", "dry_run"),
        ("dry_run[]=true", "dry_run[]", "dry_run"),
        ("dry%5Frunn=true", "dry_runn", "dry_run"),
        (f"model={MODEL}", "model", None),
        ("X-Signature=0", "X-Signature", None),
        ("=true", "?", None),
        ("%00%0d%0aSet-Cookie:x=1", "???Set-Cookie?x", None),
        ("%e2%80%aedry_run=true", "?dry_run", "dry_run"),
        ("[a]=1", "?a]", None),
        (".a=1", "?a", None),
        ("a" * 200 + "=1", "a" * 64, None),
    ],
)
async def test_a_misspelt_dry_run_is_no_paid_task(
    gateway: Gateway, tenant: Tenant, query: str, shown: str, meant: str | None
) -> None:
    before = (await tenant.http.get(TASKS)).json()["total"]
    answer = await tenant.http.post(f"{TASKS}?{query}", json={"model": MODEL, "content": text("a kitten")})
    check_error(answer, 400, f"InvalidParameter.{top_level_field(shown)}", shown)
    message = answer.json()["error"]["message"]
    assert message.startswith(
        f"`{shown}` is not a query parameter of this request."
        f"{'' if meant is None else f' Did you mean `{meant}`?'} Its query parameters are: `dry_run`."
    )
    assert (await tenant.http.get(TASKS)).json()["total"] == before


@pytest.mark.parametrize("value", ["", "yes", "TRUE", "2", "true,false", "%20true", "on"])
async def test_a_dry_run_that_is_neither_true_nor_false_is_refused(tenant: Tenant, value: str) -> None:
    for query in (f"dry_run={value}", *(["dry_run"] if not value else [])):
        answer = await tenant.http.post(f"{TASKS}?{query}", json={"model": MODEL, "content": text("a kitten")})
        check_error(answer, 400, "InvalidParameter.dry_run", "dry_run")


@pytest.mark.parametrize(("value", "is_dry"), [("true", True), ("1", True), ("false", False), ("0", False)])
async def test_dry_run_accepts_words_and_numbers(tenant: Tenant, value: str, *, is_dry: bool) -> None:
    answer = await tenant.http.post(f"{TASKS}?dry_run={value}", json={"model": MODEL, "content": text("a kitten")})
    assert answer.status_code == 200, answer.text
    assert ("dry_run" in answer.json()) is is_dry


async def test_a_signature_is_verified_before_the_query(gateway: Gateway, tenant: Tenant) -> None:
    """Java's SDK sends no hash of the body, so that its signature is verified after the body has arrived."""
    pair = (await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")).json()
    wrong = {**pair, "secret_access_key": "not-it"}
    for names in (["host", "x-date"], None):
        for signing, status, code in (
            (wrong, 401, "SignatureDoesNotMatch"),
            (pair, 400, f"InvalidParameter.{UNKNOWN}"),
        ):
            auth = Signing(signing) if names is None else Signing(signing, names=names)
            answer = await gateway.anonymous.post(f"/?Action=NoSuch&{UNKNOWN}=1", content=b"{}", auth=auth)
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text


@pytest.mark.parametrize(
    ("query", "action"),
    [("Action=Get%00Asset%E2%80%AE", "Get?Asset?"), ("Action=" + "x" * 1000, "x" * 64), ("Action=%ff", "")],
)
async def test_an_error_shows_the_action_cut_and_in_plain_characters(
    gateway: Gateway, tenant: Tenant, query: str, action: str
) -> None:
    for client in (gateway.anonymous, tenant.http):
        answer = await client.post(f"/api/v3/assets?{query}", content=b"{}")
        assert answer.status_code in {400, 401, 404}
        assert answer.json()["ResponseMetadata"]["Action"] == action
        assert "x" * 65 not in answer.text


async def test_an_action_in_the_query_must_equal_the_one_in_the_path(gateway: Gateway, tenant: Tenant) -> None:
    url = f"{gateway.base_url}/api/v3/open/ListAssetGroups"
    body = {"Filter": {"GroupType": "AIGC"}}
    for path in (url, url + "/"):
        same = await tenant.http.post(f"{path}?Action=ListAssetGroups&Version=2024-01-01", json=body)
        assert same.status_code == 200, same.text
        check_error(
            await tenant.http.post(f"{path}?Action=ListAssets", json=body), 400, "InvalidParameter.Action", "Action"
        )


WORST = {
    "percent signs": b"%" * MAX_QUERY_BYTES,
    "broken escapes": b"%zz" * (MAX_QUERY_BYTES // 3),
    "escapes apart": b"%41x" * (MAX_QUERY_BYTES // 4),
    "escapes": b"%41" * (MAX_QUERY_BYTES // 3),
    "names": b"&".join(b"%5B%5D" * 8 for _ in range(MAX_PARAMETERS)),
    "separators": b"&" * MAX_QUERY_BYTES,
    "equals signs": b"=" * MAX_QUERY_BYTES,
    "too long": b"%" * 60 * 1024,
}


@pytest.mark.parametrize("name", WORST)
def test_no_query_holds_the_event_loop(name: str) -> None:
    """Measured in processor time. A query of 60 KB of percent signs once took 40 ms."""
    best = 1.0
    for _ in range(5):
        started = time.thread_time()
        with suppress(InvalidParameterError):
            Query(WORST[name]).pairs()
        best = min(best, time.thread_time() - started)
    assert best < 0.02


def test_a_query_is_parsed_once() -> None:
    query = Query(b"a=1&b=%C3%A9+x")
    assert query.pairs() is query.pairs() == (("a", "1"), ("b", "é x"))
    assert query.first("b", "") == "é x"
    broken = Query(b"a=%ff")
    assert broken.first("a", "default") == "default"
    with pytest.raises(InvalidParameterError):
        broken.pairs()
