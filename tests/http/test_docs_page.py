"""``/docs`` consists of our own, pinned files; no other script can run there, and no other server is called."""

import hashlib
import re
from pathlib import Path

import pytest

from app.http import pages
from app.http.pages import ASSETS, SWAGGER_UI_VERSION
from tests.http.operations import Operation, document, operations
from tests.support.gateway import Gateway

FOLDER = Path(pages.__file__).with_name("swagger_ui")
# Of the npm package swagger-ui-dist; the README beside them tells how they are renewed.
PINNED_VERSION = "5.35.0"
PINNED = {
    "LICENSE": "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
    "NOTICE": "0d20d1adef18aee3f40dd258172155521ce702ac445cb5f7b7d60ed32dad2fb2",
    "favicon-32x32.png": "3ed612f41e050ca5e7000cad6f1cbe7e7da39f65fca99c02e99e6591056e5837",
    "swagger-ui-bundle.js": "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    "swagger-ui-bundle.js.LICENSE.txt": "37eb6e7e59aed57b2c1acf076574b818ea07b74265717e0bd67b59e0baf9abbb",
    "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
}
OURS = {"README.md", "start.js"}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
}
TENANTS: list[dict[str, list[str]]] = [{"TenantKey": []}, {"TenantKeyHeader": []}]
PROBES = {"/healthz", "/readyz"}
OPERATIONS = operations()


def test_the_files_of_others_are_those_of_one_release_byte_for_byte() -> None:
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FOLDER.iterdir()}
    assert {name: digest for name, digest in found.items() if name not in OURS} == PINNED
    assert SWAGGER_UI_VERSION == PINNED_VERSION
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\d+\.\d+\.\d+", readme)) == {PINNED_VERSION}


async def test_each_file_is_loaded_by_its_tag(gateway: Gateway) -> None:
    page = await gateway.anonymous.get("/docs")
    found = re.findall(r'<(?:link rel="(\w+)"|(script)).*? (?:src|href)="[^"]*/([^"/]+)"', page.text)
    assert [(link or script, file) for link, script, file in found] == [
        ("icon", "favicon-32x32.png"),
        ("stylesheet", "swagger-ui.css"),
        ("script", "swagger-ui-bundle.js"),
        ("script", "start.js"),
    ]


async def test_the_page_loads_its_own_files_and_nothing_else(gateway: Gateway) -> None:
    page = await gateway.anonymous.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert {f"/{path}" for path in named} == {*ASSETS, "/openapi.json"}
    assert "//" not in page.text
    for path, (file, media_type) in ASSETS.items():
        answer = await gateway.anonymous.get(path)
        assert (answer.status_code, answer.content) == (200, file.read_bytes())
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-length"] == str(len(answer.content))


async def test_the_page_holds_no_script_and_no_style_of_its_own(gateway: Gateway) -> None:
    page = (await gateway.anonymous.get("/docs")).text
    assert re.findall(r"<script(?![^>]* src=)[^>]*>|<style| style=| on\w+=|javascript:", page, re.IGNORECASE) == []


@pytest.mark.parametrize("path", ["/docs", *ASSETS])
async def test_the_page_allows_no_other_scripts_calls_or_referrers(gateway: Gateway, path: str) -> None:
    for method in ("GET", "HEAD"):
        headers = (await gateway.anonymous.request(method, path)).headers
        assert set(headers["content-security-policy"].split("; ")) == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        is_page = path == "/docs"
        assert headers["cache-control"] == ("no-cache" if is_page else "public, max-age=31536000, immutable")


def test_a_change_of_a_file_changes_its_address() -> None:
    for path, (file, _) in ASSETS.items():
        version = path.split("/")[2]
        assert version in {SWAGGER_UI_VERSION, hashlib.sha256(file.read_bytes()).hexdigest()[:12]}
        assert (version == SWAGGER_UI_VERSION) is (file.name in PINNED)


@pytest.mark.parametrize(
    "path", ["/redoc", "/docs/oauth2-redirect", "/docs/", "/docs/index.html", "/docs/5.35.0/LICENSE"]
)
async def test_nothing_else_is_served(gateway: Gateway, path: str) -> None:
    answer = await gateway.anonymous.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")


def test_tenants_and_operators_have_their_own_security_schemes() -> None:
    schemes = document()["components"]["securitySchemes"]
    assert {name: (scheme["type"], scheme.get("scheme") or scheme["name"]) for name, scheme in schemes.items()} == {
        "TenantKey": ("http", "bearer"),
        "TenantKeyHeader": ("apiKey", "X-Api-Key"),
        "AdminToken": ("http", "bearer"),
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
async def test_an_operation_names_the_credential_that_opens_it(gateway: Gateway, operation: Operation) -> None:
    is_admins = operation.is_admins or operation.path == "/metrics"
    expected = [] if operation.path in PROBES else [{"AdminToken": []}] if is_admins else TENANTS
    assert operation.documented.get("security", []) == expected
    answer = await gateway.anonymous.request(operation.method, operation.url)
    assert (answer.status_code == 401) is bool(expected)


async def test_each_documented_credential_of_a_tenant_is_accepted(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    for headers in ({"Authorization": f"Bearer {tenant.key}"}, {"X-Api-Key": tenant.key}):
        assert (await gateway.anonymous.get("/api/v3/whoami", headers=headers)).status_code == 200
