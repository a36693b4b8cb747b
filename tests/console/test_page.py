"""The page and its files: which addresses there are, and the headers of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.console import static_files
from app.console.csp import policy
from app.console.routes import PAGES
from tests.console.browser import check_refused
from tests.support.gateway import Gateway

INDEX = "<!doctype html><title>console</title>"
SCRIPT = "console.log(1);" * 100
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https: data: blob:{origins}; media-src 'self' https: data: blob:{origins}; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A page of two files, in place of the one that was built."""
    folder = tmp_path / "static"
    (folder / "files").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "files" / "main-Abc123.js").write_text(SCRIPT)
    (folder / "files" / "picture-Abc123.png").write_bytes(b"png")
    monkeypatch.setattr(static_files, "FOLDER", folder)
    static_files.static_files.cache_clear()
    yield folder
    static_files.static_files.cache_clear()


async def test_every_address_of_the_page_is_good_after_a_reload(gateway: Gateway) -> None:
    for path in ("", *(f"/{name}" for name in sorted(PAGES)), "/tasks/cgt-1", "/tasks?state=running"):
        answer = await gateway.anonymous.get(f"/console{path}")
        assert (answer.status_code, answer.text) == (200, INDEX), path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"


async def test_an_unknown_address_gets_the_pages_own_not_found(gateway: Gateway) -> None:
    for path in ("/nowhere", "/index.html", "/files/main-Abc124.js", "/files", "/tasks.html"):
        answer = await gateway.anonymous.get(f"/console{path}")
        assert (answer.status_code, answer.text) == (404, INDEX), path


async def test_no_path_leaves_the_folder(gateway: Gateway, built: Path) -> None:
    (built.parent / "secret.txt").write_text("secret")
    for path in (
        "/console/../secret.txt",
        "/console/files/../../secret.txt",
        "/console/%2e%2e/secret.txt",
        "/console/..%2fsecret.txt",
        "/console//etc/passwd",
        "/console/",
        "/Console",
        "//console",
        "/%63onsole",
    ):
        # httpx resolves dots itself.
        answer = await gateway.anonymous.send(
            gateway.anonymous.build_request("GET", gateway.base_url, extensions={"target": path.encode()})
        )
        assert answer.status_code == 404, path
        assert "secret" not in answer.text


async def test_hashed_files_are_kept_for_good_and_compressed(gateway: Gateway) -> None:
    for headers, encoding in (({"Accept-Encoding": "br, gzip"}, "gzip"), ({"Accept-Encoding": "gzip;q=0, br"}, None)):
        answer = await gateway.anonymous.get("/console/files/main-Abc123.js", headers=headers)
        assert (answer.status_code, answer.text) == (200, SCRIPT)
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    picture = await gateway.anonymous.get("/console/files/picture-Abc123.png")
    assert "content-encoding" not in picture.headers
    icon = await gateway.anonymous.get("/console/icon.svg")
    assert (icon.status_code, icon.headers["cache-control"]) == (200, "no-cache")


async def test_every_answer_has_the_headers_that_shield_it(gateway: Gateway) -> None:
    for path in ("/console", "/console/nowhere", "/console/files/main-Abc123.js", "/console/icon.svg"):
        answer = await gateway.anonymous.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
        if "html" in answer.headers["content-type"]:
            origins = f" {gateway.sandbox.origin}"
            assert answer.headers["content-security-policy"] == POLICY.format(origins=origins)


def test_the_policy_names_plain_upstreams_and_nothing_that_could_add_to_it() -> None:
    odd = [
        "https://ark.example",
        "http://a.example; script-src *",
        "http://[::1]:9",
        "http://b.example:8090",
        "http://*",
    ]
    assert policy(odd) == POLICY.format(origins=" http://b.example:8090")
    assert policy() == POLICY.format(origins="")


async def test_a_version_without_the_page_says_so(gateway: Gateway, built: Path) -> None:
    (built / "index.html").unlink()
    check_refused(await gateway.anonymous.get("/console"), 404)


async def test_a_file_that_vanishes_while_the_gateway_runs_is_not_found_until_it_is_back(
    gateway: Gateway, built: Path
) -> None:
    file, path = built / "files" / "main-Abc123.js", "/console/files/main-Abc123.js"
    static_files.static_files()
    file.unlink()
    for encoding in ("gzip", "identity"):
        answer = await gateway.anonymous.get(path, headers={"Accept-Encoding": encoding})
        check_refused(answer, 404)
        assert "immutable" not in answer.headers.get("cache-control", "")
    file.write_text(SCRIPT)
    assert (await gateway.anonymous.get(path)).text == SCRIPT


async def test_a_file_that_cannot_be_read_is_unavailable(gateway: Gateway, built: Path) -> None:
    path = built / "index.html"
    path.unlink()
    path.mkdir()
    check_refused(await gateway.anonymous.get("/console"), 404)
    file = built / "files" / "picture-Abc123.png"
    static_files.static_files()
    file.unlink()
    file.mkdir()
    answer = await gateway.anonymous.get("/console/files/picture-Abc123.png")
    check_refused(answer, 503, "ServiceUnavailable")
