"""The operator's and the public routes accept only their own spelling; an encoded slash is no separator."""

import itertools
import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import unquote_to_bytes

import pytest
import pytest_asyncio

from app.http.exact_paths import routed_path, unescaped
from tests.http.wires import Wire, connected
from tests.support.gateway import TASKS, Gateway

CALLBACK = "/callbacks/" + "fa-l_SE" * 6 + "0"
EXACT = {
    "/admin/v1/tenants": "GET",
    "/admin/v1/channels": "GET",
    "/metrics": "GET",
    "/healthz": "GET",
    "/readyz": "GET",
    "/docs": "GET",
    "/openapi.json": "GET",
    CALLBACK: "POST",
}
# Texts that some program on the way reads as a slash, or leaves out.
SLASHES = (
    "//",
    "/./",
    "/x/../",
    "/%2e/",
    "/.%2E/",
    "\\",
    "/\\",
    "%2f",
    "%2F",
    "%5c",
    "%252f",
    "%c0%af",
    "%e0%80%af",
    "/;a=b/",
)
ENDS = ("/", "//", "/.", "/..", "/%2e", "%2f", "%2F", "\\", ";", ";a=b", "%3b")


def in_every_encoding(character: str) -> Iterator[str]:
    """Yields the ways to encode a character that some program would decode."""
    number = ord(character)
    yield f"%{number:02x}"
    yield f"%{number:02X}"
    yield f"%25{number:02x}"
    yield f"%2525{number:02x}"
    yield f"%{0xC0 | number >> 6:02x}%{0x80 | number & 0x3F:02x}"
    yield f"%e0%{0x80 | number >> 6:02x}%{0x80 | number & 0x3F:02x}"
    yield f"%u{number:04x}"


def spellings(path: str) -> Iterator[str]:
    """Yields other spellings of a path."""
    for place, character in enumerate(path):
        if character == "/":
            # A target that does not begin with a slash is no request at all.
            usable = [slash for slash in SLASHES if place or slash.startswith("/")]
            yield from (path[:place] + slash + path[place + 1 :] for slash in usable)
        # Each character in two or three of the seven encodings, in turn.
        some = itertools.islice(in_every_encoding(character), place % 3, None, 3)
        yield from (path[:place] + encoded + path[place + 1 :] for encoded in some if place)
    for end in ENDS:
        yield path + end
    if "/" in path[1:]:
        yield "/" + path[1:].replace("/", ";x=1/")
    yield path[:2].upper() + path[2:]
    yield "/" + "".join(f"%{ord(character):02x}" for character in path[1:])
    for prefix in ("/..", "/x/..", "/api/v3/../..", "/.", "/%2e%2e"):
        yield prefix + path


async def ask(line: Wire, method: str, target: str, authorization: str) -> tuple[int, str]:
    """Sends one request as it is spelled; returns the status and the error's code."""
    await line.send_head(target, f"Authorization: {authorization}", "Content-Length: 0", method=method)
    answer = await line.read_answer()
    return answer.status_code, answer.json()["error"]["code"] if answer.is_error else ""


@pytest_asyncio.fixture
async def line(gateway: Gateway) -> AsyncIterator[Wire]:
    async with connected(gateway.base_url) as opened:
        yield opened


@pytest.mark.parametrize("path", EXACT)
async def test_a_path_with_one_spelling_is_reached_by_no_other(gateway: Gateway, line: Wire, path: str) -> None:
    method, token = EXACT[path], gateway.admin.headers["Authorization"]
    for target in (path, f"http://gateway{path}"):
        assert (await ask(line, method, target, token))[0] == 200
    others = list(spellings(path))
    assert path not in others
    for other in others:
        status, code = await ask(line, method, other, token)
        assert (other, status, code) == (other, 404, "NotFound")


async def test_a_path_with_one_spelling_is_reached_by_no_absolute_target_or_other_method(
    gateway: Gateway, line: Wire
) -> None:
    token = gateway.admin.headers["Authorization"]
    for method in ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"):
        for target in (
            "http://gateway/%61dmin/v1/tenants",
            "http://gateway//admin/v1/tenants",
            "/admin%2fv1%2ftenants",
        ):
            if method == "HEAD":
                continue
            assert (await ask(line, method, target, token))[0] == 404
    assert (await ask(line, "OPTIONS", "*", token))[0] == 404


@pytest.mark.parametrize("slash", ["%2f", "%2F"])
async def test_an_encoded_slash_is_part_of_an_id_and_no_separator(gateway: Gateway, line: Wire, slash: str) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    key = f"Bearer {tenant.key}"
    assert (await ask(line, "GET", f"{TASKS}/{task_id}", key))[0] == 200
    for place in (index for index, character in enumerate(TASKS) if character == "/" and index):
        target = TASKS[:place] + slash + TASKS[place + 1 :]
        status, code = await ask(line, "GET", target, key)
        assert (target, status, code) == (target, 404, "NotFound")
    for name in (f"{task_id}{slash}", f"{slash}{task_id}", f"x{slash}{task_id}", f"..{slash}tasks{slash}{task_id}"):
        status, code = await ask(line, "GET", f"{TASKS}/{name}", key)
        assert (name, status, code) == (name, 404, "NotFound.id")
    assert (await ask(line, "GET", f"/api/v3{slash}whoami", key))[0] == 404
    status, code = await ask(line, "POST", f"/api/v3/open{slash}ListAssets", key)
    assert (status, code) == (404, "NotFound")
    status, code = await ask(line, "POST", f"/api/v3/open/ListAssets{slash}", key)
    assert (status, code) == (404, "InvalidActionOrVersion")


@pytest.mark.parametrize(
    ("raw_path", "expected"),
    [
        (b"/", "/"),
        (b"//", "/"),
        (b"///", "/"),
        (b"/api/v3/whoami/", "/api/v3/whoami"),
        (b"//api///v3/whoami//", "/api/v3/whoami"),
        (b"/api/v3/contents/generations/tasks//a%2F%2Fb/", "/api/v3/contents/generations/tasks/a%2F%2Fb"),
        (b"/api/v3/./whoami", "/api/v3/./whoami"),
        (b"//nowhere//x", "/nowhere/x"),
        (b"//docs", None),
        (b"/docs/", None),
        (b"/api/v3/open/%4CistAssets", "/api/v3/open/ListAssets"),
        (b"/api/v3/contents/generations/tasks/a%2Fb%20c", "/api/v3/contents/generations/tasks/a%2Fb c"),
        (b"/api/v3/contents/generations/tasks/%ff", "/api/v3/contents/generations/tasks/\ufffd"),
        (b"/api/v3/admin%2fv1", "/api/v3/admin%2Fv1"),
        (b"/admin/v1/tenants/a:b@c", "/admin/v1/tenants/a:b@c"),
        (b"/admin/v1/channels/%E4%B8%BB%20%25", "/admin/v1/channels/主 %"),
        (b"/admin/v1/channels/%ff", None),
        (b"/admin/v1/channels/%zz", None),
        (b"/admin/v1/channels/%e", None),
        (b"/admin/v1/channels/..", None),
        (b"/admin/v1/channels/...", "/admin/v1/channels/..."),
        (b"/api/v3/contents/generations/tasks/" + b"x" * 8000, "/api/v3/contents/generations/tasks/" + "x" * 8000),
        (b"/" + b"%25" * 20_000, None),
        (b"*", None),
        (b"", None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_the_router_sees(raw_path: bytes, expected: str | None) -> None:
    assert routed_path(raw_path)[0] == expected


@pytest.mark.parametrize("unit", [b"/a/..", b"/%2525", b"//", b"/%c0%ae", b"/a;", b"/%41"])
def test_the_longest_path_costs_in_proportion_to_its_length(unit: bytes) -> None:
    nested = unit.partition(b"..")

    def path(count: int) -> bytes:
        return nested[0] * count + (nested[1] and b"/..") * count

    assert cost(path(8000)) < 12 * cost(path(2000)), "four times as long"


@pytest.mark.parametrize("unit", [b"%", b"%4", b"%zz"])
def test_a_percent_sign_that_begins_no_escape_costs_no_more_than_an_escape(unit: bytes) -> None:
    assert cost((b"/" + unit * 8000)[:8000]) < 3 * cost((b"/" + b"%41" * 8000)[:8000])


@pytest.mark.parametrize("path", [b"/%", b"/%%41", b"/%4", b"/%zz%41%e5%b0%8f", b"/%ff%41a%", b"/%2541%2f%00"])
def test_escapes_are_decoded_as_everywhere(path: bytes) -> None:
    assert unescaped(path) == unquote_to_bytes(path)


def cost(path: bytes) -> float:
    """Returns the processor time of the cheapest of several readings of a path."""
    seconds = []
    for _ in range(5):
        started = time.thread_time()
        routed_path(path)
        seconds.append(time.thread_time() - started)
    return min(seconds)
