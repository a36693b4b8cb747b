"""No cache, of the gateway or of a library, keeps a client's data after its request."""

import asyncio
import gc
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.gateway import TASKS, Gateway, Tenant, serve_gateway
from tests.support.timeouts import HANG_SECONDS

APP = Path(__file__).resolve().parents[2] / "app"
# SQLAlchemy keeps, with each form of a statement, the parameters with which it was first compiled: ids and short names.
MAX_KEPT_CHARACTERS = 300
_CACHED = re.compile(r"\b(?:urlsplit|urlparse|urljoin|urldefrag)\b|\brequest\.(?:url|base_url)\b")


def kept(halves: tuple[str, str]) -> list[str]:
    """Returns every long text in this process that contains the marker; the caller must not hold the marker itself."""
    gc.collect()
    text = "".join(halves)
    data = text.encode()
    return [
        f"{str(container)[:300].replace(text, '*')}: {str(item)[:80].replace(text, '*')}"
        for container in gc.get_objects()
        for item in _inside(container)
        if len(item) > MAX_KEPT_CHARACTERS and (text in item if isinstance(item, str) else data in item)
    ]


def _inside(container: object, depth: int = 3) -> Iterator[str | bytes]:
    """Yields the texts that an object refers to, those in tuples and dictionaries that the collector ignores too."""
    for item in gc.get_referents(container):
        if isinstance(item, str | bytes):
            yield item
        elif depth and isinstance(item, tuple | dict) and not gc.is_tracked(item):
            yield from _inside(item, depth - 1)


async def test_no_part_of_a_request_outlives_it(gateway: Gateway, tenant: Tenant) -> None:
    halves = (secrets.token_hex(16), secrets.token_hex(16))
    address = urlsplit(gateway.base_url)
    for request in requests("".join(halves), tenant.key):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(request)
        async with asyncio.timeout(HANG_SECONDS):
            assert (await reader.read()).startswith(b"HTTP/1.1 ")
        writer.close()
        await writer.wait_closed()
    del request, reader, writer
    await asyncio.sleep(0.01)
    leftovers = kept(halves)
    assert not leftovers, "\n".join(leftovers)


async def test_no_forwarded_addresses_outlive_their_request(gateway: Gateway) -> None:
    halves = (secrets.token_hex(16), secrets.token_hex(16))
    trusting = gateway.settings.model_copy(update={"trusted_proxies": gateway.settings.channel_allow})
    async with serve_gateway(trusting, gateway.clock, gateway.seconds) as base_url:
        address = urlsplit(base_url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        fields = ["Host: gateway", "Authorization: Bearer x", f"X-Forwarded-For: {''.join(halves) * 10}, 203.0.113.7"]
        writer.write("\r\n".join([f"GET {TASKS}/x HTTP/1.1", *fields, "", ""]).encode())
        async with asyncio.timeout(HANG_SECONDS):
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 401")
        writer.close()
        await writer.wait_closed()
        del fields, reader, writer
        await asyncio.sleep(0.01)
        leftovers = kept(halves)
    assert not leftovers, "\n".join(leftovers)


def requests(marker: str, key: str) -> Iterator[bytes]:
    """Yields requests with a long text in every place that a client fills; most of them are refused."""
    marker *= 10
    url = f"https://example.com/{marker}?{marker}"
    task = '{"model":"doubao-seedance-2","content":[{"type":"text","text":"x"}%s]%s}'
    media = ',{"type":"%s","%s":{"url":"%s"}}'
    dry = f"{TASKS}?dry_run=true"
    yield from (
        _request(key, dry, task % (media % (kind, kind, address), ""))
        for kind in ("image_url", "video_url", "audio_url")
        for address in (url, f"https://[{marker}", f"asset://{marker}", f"data:{marker}", f"ftp://{marker}/")
    )
    yield _request(key, dry, task % ("", f',"callback_url":"{url}"'))
    yield _request(key, dry, task % ("", f',"callback_url":"https://{marker}.example"'))
    yield _request(key, dry, task % ("", f',"{marker}":"{marker}"'))
    yield _request(key, dry, f'{{"model":"{marker}"}}')
    yield _request(key, f"{dry}&x={marker}", task % ("", ""))
    yield _request(key, f"/{marker}", "")
    yield _request(key, f"{TASKS}/{marker}", "", method="GET")
    yield _request(key, f"{TASKS}?filter.task_ids={marker}&filter.model={marker}", "", method="GET")
    yield _request(key, f"/api/v3/open/{marker}", "{}")
    yield _request(key, f"/?Action={marker}&Version={marker}", "{}")
    asset = '{"GroupId":"%s","AssetType":"Image","Name":"%s","URL":"%s"}'
    yield _request(key, "/api/v3/open/CreateAsset", asset % (marker, marker, url))
    yield _request(key, "/api/v3/open/CreateAsset", asset % (marker, marker, f"https://[{marker}"))
    yield _request(key, "/api/v3/open/CreateVisualValidateSession", f'{{"CallbackURL":"https://[{marker}"}}')
    yield _request(key, "/api/v3/open/ListAssets", f'{{"{marker}":1,"Filter":{{"GroupType":"{marker}"}}}}')
    yield _request(marker, TASKS, "", method="GET")
    yield _request(f"sg-{marker}-{marker}", TASKS, "", method="GET")
    yield _request(key, "/callbacks/" + marker[:43], f'{{"id":"{marker}","{marker}":1}}')


def _request(key: str, target: str, body: str, *, method: str = "POST") -> bytes:
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: gateway",
        f"Authorization: Bearer {key}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", body]).encode()


def test_the_search_finds_what_a_cache_keeps() -> None:
    halves = (secrets.token_hex(16), secrets.token_hex(16))
    urlsplit("https://example.com/" + "".join(halves) * 10)
    assert kept(halves) != []
    urlsplit.cache_clear()  # type: ignore[attr-defined]
    assert kept(halves) == []


def test_no_module_splits_urls_by_the_cache_and_none_asks_the_framework_for_one() -> None:
    # ``request.url`` of Starlette goes through the cache of ``urllib.parse``, too.
    users = [
        str(path.relative_to(APP))
        for path in sorted(APP.rglob("*.py"))
        if path.relative_to(APP).parts[0] not in {"cli", "urls.py"}
        for line in path.read_text().splitlines()
        if _CACHED.search(line.partition("#")[0])
    ]
    # The sandbox shares no code with the gateway, so it has its own function below the cache.
    assert set(users) == {"sandbox/test_triggers.py"}
