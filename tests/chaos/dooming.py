"""Gateways that are killed at one await after another."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.chaos.launcher import Fault, Process
from tests.chaos.site import Site, Tenant

_TIMEOUT_SECONDS = 0.5


async def doomed_gateways(
    site: Site,
    point: str,
    *,
    timeout_seconds: float = _TIMEOUT_SECONDS,
    most: int | None = None,
    step: int = 1,
    **settings: Any,
) -> AsyncIterator[Process]:
    """Yields a gateway that is killed at the first suspension of a point, then one for the second, and so on.

    It ends after the first gateway that is still running when the caller, having given it the work, asks for the next
    one: then every suspension of the work has been tried. ``most`` limits the number of gateways, for work that grows
    with what the killed ones have left; ``step`` skips suspensions, for work that has hundreds of them.
    """
    for at in itertools.count(1, step) if most is None else range(1, most + 1, step):
        doomed = await site.gateway(fault=Fault(point, at), **settings)
        yield doomed
        if not await doomed.dies(timeout_seconds=timeout_seconds):
            await doomed.stop()
            return


async def ask_doomed(
    site: Site, doomed: Process, tenant: Tenant, method: str, path: str, **options: Any
) -> httpx.Response | None:
    """Sends a request to a gateway that may die of it; returns None when there is no answer."""
    headers = {**tenant.headers, **options.pop("headers", {})}
    try:
        return await site.http.request(method, doomed.url + path, headers=headers, **options)
    except httpx.TransportError:
        await doomed.ended
        return None
