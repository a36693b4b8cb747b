"""The list of tasks, answered without the framework (``app.http.fast_path``) by the use case of the route.

With ``app.tasks.lists``, a page of 10 takes 180 µs of CPU on a busy machine (``2026-11-30-lists``) in place of 4,900
(``2026-11-29-baseline``); the share of each of the two was measured with assets only (``app.assets.fast_lists``).
"""

from collections.abc import Callable, Iterable
from functools import lru_cache

from app.errors import SeedgateError
from app.http.fast_path import Later
from app.http.head_parser import RequestHead
from app.http.query import declared_query
from app.observability.access_log import to_json_text
from app.tasks.ready_answers import COLLECTION
from app.tasks.request_params import LIST_QUERY, ListQuery, parse_list
from app.tasks.service import TaskService
from app.tenants.fast_request import FastRequest, FastRoute
from app.tenants.fast_requests import FastRequests
from app.tenants.fast_responses import FastResponses
from app.tenants.permissions import Permission

_PATH = COLLECTION.encode("ascii")
_LOG_PATH = to_json_text(COLLECTION)
# Longer ones are left to the route, so that the parsed ones in memory are small.
_MAX_QUERY_BYTES = 512


class FastList:
    """Answers lists of tasks. One per process.

    Args:
        requests: reads the requests.
        responses: writes the responses.
        tasks: reads the pages.
    """

    def __init__(self, requests: FastRequests, responses: FastResponses, tasks: TaskService) -> None:
        self._requests = requests
        self._responses = responses
        self._route = FastRoute("GET", COLLECTION)
        self._tasks = tasks

    @staticmethod
    def awaits_body(_head: RequestHead) -> bool:
        """As ``FastPath.awaits_body``."""
        return False

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
        if head.raw_path != _PATH or head.method != "GET" or body:
            return None
        query = _parse(head.query) if len(head.query) <= _MAX_QUERY_BYTES else None
        if query is None:
            return None
        return self._requests.answer(
            head,
            lambda request: self._requests.answer_later(request, lambda: self._page(request, query)),
            peer=peer,
            port=port,
            default_headers=default_headers,
            respond=respond,
            needed=Permission.READ,
        )

    async def _page(self, request: FastRequest, query: ListQuery) -> bytes:
        page = await self._tasks.page(
            request.principal, query.wanted, page_num=query.page_num, page_size=query.page_size
        )
        return self._responses.success(request, self._route, page, log_path=_LOG_PATH)


@lru_cache(maxsize=256)
def _parse(query: bytes) -> ListQuery | None:
    """Returns a query, or None when the route has to say what is wrong with it."""
    try:
        return parse_list(declared_query(query, LIST_QUERY))
    except SeedgateError:
        return None
