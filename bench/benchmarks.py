"""What is measured: named requests to the gateway, each with the request to nginx that it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.load import Request
from bench.site import TASKS, Site, create_body

NGINX_GET = "nginx GET"
NGINX_POST = "nginx POST"
_JSON = {"Content-Type": "application/json"}

REFERENCES = {
    NGINX_GET: Request((f"{TASKS}/cgt-20260101000000-abcde",)),
    NGINX_POST: Request((TASKS,), method="POST", headers=_JSON, body=create_body("running %d")),
}
"""The requests to nginx."""


@dataclass(frozen=True)
class Benchmark:
    """One kind of request to the gateway.

    Attributes:
        title: for the table.
        reference: the name of its request to nginx.
        request: returns the request.
        leaves_tasks: it makes tasks, which must be ended after a round.
    """

    title: str
    reference: str
    request: Callable[[Site], Request]
    leaves_tasks: bool = False


def _finished(site: Site) -> Request:
    return Request(tuple(f"{TASKS}/{each}" for each in site.finished), headers=site.reader.headers)


def _unfinished(site: Site) -> Request:
    return Request(tuple(f"{TASKS}/{each}" for each in site.unfinished), headers=site.reader.headers)


def _limited_get(site: Site) -> Request:
    return Request(tuple(f"{TASKS}/{each}" for each in site.limited_finished), headers=site.limited.headers)


def _create(site: Site) -> Request:
    return Request((TASKS,), method="POST", headers=_JSON | site.creator.headers, body=create_body("running %d"))


def _limited_create(site: Site) -> Request:
    headers = _JSON | site.limited.headers
    return Request((TASKS,), method="POST", headers=headers, body=create_body("running %d"))


def _identical(site: Site) -> Request:
    # In one run. The clients of a run leave at its end, and the next one would be given what they began.
    return Request((TASKS,), method="POST", headers=_JSON | site.creator.headers, body=create_body("running %r"))


def _list_tasks(site: Site) -> Request:
    return Request((f"{TASKS}?page_size=10",), headers=site.reader.headers)


def _list_assets(site: Site) -> Request:
    body = '{"Filter": {"GroupType": "AIGC"}, "PageNumber": 1, "PageSize": 10}'
    headers = _JSON | site.reader.headers
    return Request(("/api/v3/open/ListAssets",), method="POST", headers=headers, body=body)


BENCHMARKS = {
    "get-finished": Benchmark("GET of a finished task", NGINX_GET, _finished),
    "get-unfinished": Benchmark("GET of an unfinished task", NGINX_GET, _unfinished),
    "get-limited": Benchmark("GET of a finished task, with budgets, a cap and a limit", NGINX_GET, _limited_get),
    "create": Benchmark("create, bodies that differ", NGINX_POST, _create, leaves_tasks=True),
    "create-limited": Benchmark(
        "create with budgets, a cap and a limit", NGINX_POST, _limited_create, leaves_tasks=True
    ),
    "create-identical": Benchmark("create, identical bodies", NGINX_POST, _identical, leaves_tasks=True),
    "list-tasks": Benchmark("list tasks, page of 10", NGINX_GET, _list_tasks),
    "list-assets": Benchmark("ListAssets, page of 10 of 1,000", NGINX_GET, _list_assets),
}
"""By name, as the command takes it."""
