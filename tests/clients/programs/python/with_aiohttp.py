"""Makes a video with aiohttp, and asks for the list in each way in which aiohttp and yarl write an array."""

import asyncio
from typing import Any

import aiohttp
from making import BEARER, make_video
from multidict import MultiDict
from yarl import URL

NAME = "filter.task_ids"


def lists(url: str, ids: list[str]) -> list[URL]:
    """Returns the same list's address as each of the libraries' spellings of an array makes it."""
    address = URL(url)
    pairs = [(NAME, each) for each in ids]
    return [
        address.with_query(pairs),
        address.with_query({NAME: ids}),
        address.with_query(MultiDict(pairs)),
        address % {NAME: ids},
        address.update_query({NAME: ids[0]}).extend_query({NAME: ids[1]}),
        URL(f"{url}?filter%2Etask_ids={ids[0]}&filter%2Etask_ids={ids[1]}", encoded=True),
        address.with_query([(f"{NAME}[]", each) for each in ids]),
        address.with_query([(f"{NAME}[{place}]", each) for place, each in enumerate(ids)]),
        address.with_query({NAME: ",".join(ids)}),
        URL(f"{url}?{NAME}={ids[0]}%2C{ids[1]}", encoded=True),
    ]


async def send(method: str, url: str | URL, body: Any = None, params: Any = None) -> Any:
    async with (
        aiohttp.ClientSession(headers={"Authorization": BEARER}, raise_for_status=True) as session,
        session.request(method, url, json=body, params=params) as answer,
    ):
        return await answer.json()


async def list_in_each_way(url: str, ids: list[str]) -> Any:
    pages = [await send("GET", address) for address in lists(url, ids)]
    pages += [await send("GET", url, params=params) for params in ([(NAME, each) for each in ids], {NAME: ids})]
    found = {tuple(task["id"] for task in page["items"]) for page in pages}
    assert len(found) == 1, found
    return pages[0]


async def get(link: str) -> bytes:
    async with aiohttp.ClientSession(raise_for_status=True) as session, session.get(link) as answer:
        return await answer.read()


def call(method: str, url: str, *, body: Any = None, ids: list[str] | None = None) -> Any:
    return asyncio.run(list_in_each_way(url, ids) if ids else send(method, url, body))


make_video(call, lambda link: asyncio.run(get(link)))
