"""ListAssets and ListAssetGroups, answered without the framework (``app.http.fast_path``) by the actions' use cases.

Left to the routes is what is not written in one of the usual ways, or has a mistake. On a busy machine ListAssets with
a page of 10 took 240 to 270 µs of CPU in place of the 1,300 that were left of 3,840 with ``app.assets.lists`` alone.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from app.assets.actions import ACTIONS, VERSION, AssetService
from app.assets.responses import Reply
from app.assets.schemas import ActionRequest, parse_request
from app.core.strict_json import parse_json_object, to_json_bytes
from app.errors import SeedgateError
from app.http.errors import response_metadata
from app.http.fast_path import Later
from app.http.head_parser import RequestHead
from app.http.media_type import Reading, reading_of
from app.http.query import Query
from app.ids import new_request_id
from app.observability.access_log import to_json_text
from app.tenants.fast_request import FastRequest, FastRoute, Signed
from app.tenants.fast_requests import FastRequests
from app.tenants.fast_responses import FastResponses
from app.tenants.permissions import Permission
from app.tenants.principal import Principal

_UseCase = Callable[[AssetService, Principal, Any], Awaitable[Reply]]
_USE_CASES: Mapping[str, _UseCase] = {
    "ListAssets": lambda service, principal, request: service.assets.page(principal, request),
    "ListAssetGroups": lambda service, principal, request: service.groups.page(principal, request),
}
_NATIVE_PATH = "/"
# Longer ones are parsed each time, so that the parsed ones in memory are small.
_MAX_KEPT_BYTES = 512


class _Entry(NamedTuple):
    """A way to write the request of a list."""

    name: str
    path: str
    route: FastRoute
    log_fields: str
    query_pairs: Sequence[tuple[str, str]]


class FastLists:
    """Answers both lists on their three entries. One per process.

    Args:
        requests: reads the requests.
        responses: writes the responses.
        service: has the use cases.
        region: for the metadata of native responses.
    """

    def __init__(self, requests: FastRequests, responses: FastResponses, service: AssetService, *, region: str) -> None:
        self._requests = requests
        self._responses = responses
        self._service = service
        self._region = region
        self._entries = {
            (path.encode("ascii"), query): _Entry(
                name, path, FastRoute("POST", path), f', "action": "{name}"', Query(query).pairs()
            )
            for name in _USE_CASES
            for path, is_name_in_query in ((f"/api/v3/open/{name}", False), ("/api/v3/assets", True), ("/", True))
            for query in _queries(name, is_name_in_query=is_name_in_query)
        }

    def awaits_body(self, head: RequestHead) -> bool:
        """As ``FastPath.awaits_body``."""
        return head.method == "POST" and (head.raw_path, head.query) in self._entries

    def answer(
        self,
        head: RequestHead,
        body: bytes,
        *,
        peer: str,
        port: int | None,
        default_headers: Iterable[tuple[bytes, bytes]],
        respond: Callable[[bytes | None], None],
    ) -> bytes | Later | None:
        """As ``FastPath.answer``."""
        if not body or head.method != "POST":
            return None
        entry = self._entries.get((head.raw_path, head.query))
        if entry is None or not _is_json(head.headers):
            return None
        return self._requests.answer(
            head,
            lambda request: self._requests.answer_later(request, lambda: self._page(request, entry, head, body)),
            peer=peer,
            port=port,
            default_headers=default_headers,
            respond=respond,
            needed=Permission.READ,
            signed=Signed(entry.query_pairs, body, is_native=entry.path == _NATIVE_PATH),
        )

    async def _page(self, request: FastRequest, entry: _Entry, head: RequestHead, body: bytes) -> bytes | None:
        parse = _parse_kept if len(body) <= _MAX_KEPT_BYTES else _parse
        parsed = parse(entry.name, body)
        if parsed is None:
            return None
        reply = await _USE_CASES[entry.name](self._service, request.principal, parsed)
        result, request_id = reply.body.to_wire(), new_request_id(self._requests.now())
        if entry.path == _NATIVE_PATH:
            state = {"request_id": request_id, "region": self._region, "query": Query(head.query)}
            metadata = response_metadata({"path": entry.path, "state": state}).model_dump(by_alias=True)
            result = {"ResponseMetadata": metadata, "Result": result}
        return self._responses.success(
            request,
            entry.route,
            to_json_bytes(result),
            log_path=to_json_text(entry.path),
            log_fields=entry.log_fields,
            request_id=request_id,
        )


def _queries(name: str, *, is_name_in_query: bool) -> Iterable[bytes]:
    """Returns the usual queries of an entry; the SDKs sort their parameters."""
    action, version = f"Action={name}", f"Version={VERSION}"
    written = [action, f"{action}&{version}", f"{version}&{action}", *([] if is_name_in_query else ["", version])]
    return [query.encode("ascii") for query in written]


def _is_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a body is read as JSON, by its headers alone."""
    types: list[bytes] = []
    for name, value in headers:
        if name == b"content-type":
            types.append(value)
        elif name == b"content-encoding":
            return False
    return types == [b"application/json"] or reading_of([value.decode("latin-1") for value in types]) is Reading.JSON


def _parse(name: str, body: bytes) -> ActionRequest | None:
    """Returns a request, or None when the route has to say what is wrong with it."""
    try:
        return parse_request(ACTIONS[name].request, parse_json_object(body))
    except SeedgateError:
        return None


_parse_kept = lru_cache(maxsize=256)(_parse)
