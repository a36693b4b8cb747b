"""What a list costs a tenant of 1,000 rows when other tenants have many more.

Two gateways run side by side, each with a database of its own: one with the rows of a single tenant, one with a
million, in which the rows of a thousand tenants stand mixed, as they were made. Both are asked in turn over one
connection by twenty keys in turn, in the large one those of twenty tenants; the goal is a ratio of the medians.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace

from app.db.engine import connect, to_dsn
from bench.document import Document
from bench.load import Request
from bench.process import temporary_folder
from bench.rounds import Subject
from bench.rounds import measure as measure_rounds
from bench.site import TASKS, Site, Tenant, running_site

ROWS = 1_000_000
"""Of the large tables."""

_OF_A_TENANT = 1000
_KEYS = 20
_SMALL, _LARGE = "small", "large"
_LIST_ASSETS = "/api/v3/open/ListAssets"
_SIZE = 10

_SEED = (
    """
    INSERT INTO tenants (id, name, status, metadata, created_at, updated_at)
    SELECT id, id, 'active', '{}', now(), now() FROM unnest($1::text[]) AS id ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO asset_groups
        (tenant_id, id, channel_id, name, project_name, extra, created_at, updated_at, description, group_type)
    SELECT id, 'growth-' || id, (SELECT id FROM channels LIMIT 1), 'g', 'default', '{}', now(), now(), '', 'AIGC'
    FROM unnest($1::text[]) AS id
    """,
    """
    INSERT INTO assets
        (tenant_id, id, channel_id, name, project_name, extra, created_at, updated_at, group_id, url, asset_type,
         status, group_type)
    SELECT id, 'growth-' || number || '-' || id, (SELECT id FROM channels LIMIT 1),
        CASE WHEN number % 2 = 0 THEN 'Night city ' ELSE '城市夜景 ' END || number, 'default', '{}',
        now() - number * interval '1 minute', now(), 'growth-' || id, 'https://example.com/' || number || '.png',
        'Image', 'Active', 'AIGC'
    FROM generate_series(1, $2) AS number CROSS JOIN unnest($1::text[]) AS id
    """,
    """
    INSERT INTO tasks
        (tenant_id, id, upstream_id, key_id, channel_id, model, upstream_model, service_tier, status, parameters,
         request_hash, snapshot, created_at, updated_at, finished_at)
    SELECT id, 'growth-' || number || '-' || id, 'up-' || number || '-' || id, (SELECT id FROM api_keys LIMIT 1),
        (SELECT id FROM channels LIMIT 1), 'doubao-seedance-2', 'doubao-seedance-2', 'default', 'succeeded', '{}', '',
        jsonb_build_object(
            'status', 'succeeded', 'model', 'doubao-seedance-2', 'updated_at', 1790000000, 'duration', 5,
            'content', jsonb_build_object('video_url', 'https://example.com/v.mp4?' || repeat('x', 400))),
        now() - number * interval '1 minute', now(), now()
    FROM generate_series(1, $2) AS number CROSS JOIN unnest($1::text[]) AS id
    """,
    "VACUUM (ANALYZE) assets",
    "VACUUM (ANALYZE) tasks",
)


def _list_assets(page: int = 1, **filter_: str) -> Request:
    body = {"Filter": {"GroupType": "AIGC", **filter_}, "PageNumber": page, "PageSize": _SIZE}
    headers = {"Content-Type": "application/json"}
    text = json.dumps(body, ensure_ascii=False)
    return Request((_LIST_ASSETS,), method="POST", headers=headers, body=text)


def _list_tasks(page: int = 1) -> Request:
    return Request((f"{TASKS}?page_size={_SIZE}&page_num={page}",))


REQUESTS = {
    "growth-assets": _list_assets(),
    "growth-assets-page-90": _list_assets(90),
    "growth-assets-name": _list_assets(Name="ght city 7"),
    "growth-assets-chinese": _list_assets(Name="夜景 7"),
    "growth-tasks": _list_tasks(),
    "growth-tasks-page-90": _list_tasks(90),
}
"""By the keys of ``goals.GOALS``."""


async def _seed(site: Site, tenants: Sequence[Tenant], *, rows: int) -> None:
    """Gives each of these tenants its assets and tasks, and others so many that there are ``rows`` of either."""
    others = [f"growth-{number}" for number in range(rows // _OF_A_TENANT - len(tenants))]
    ids = [*(tenant.id for tenant in tenants), *others]
    connection = await connect(to_dsn(site.database_url), command_timeout_seconds=None)
    try:
        for statement in _SEED:
            await connection.execute(statement, *(ids, _OF_A_TENANT)[: statement.count("$1") + statement.count("$2")])
    finally:
        await connection.close()


def _subject(key: str, size: str, site: Site, keys: Sequence[str]) -> Subject:
    request = replace(REQUESTS[key], keys=tuple(keys))
    return Subject(f"{key}, {size}", site.program, site.port, request, connections=1)


def measure(document: Document, *, number: int, seconds: float, tell: Callable[[str], None]) -> None:
    """Adds the rows of all lists to a document; seeding takes some minutes.

    Args:
        document: gets the ratio of each round.
        number: of rounds.
        seconds: of load for each list in each round.
        tell: told of each measurement.
    """
    subjects: dict[str, list[Subject]] = {key: [] for key in REQUESTS}
    with temporary_folder() as folder, ExitStack() as stack:
        for size, rows, readers in ((_SMALL, _OF_A_TENANT, 1), (_LARGE, ROWS, _KEYS)):
            own_folder = folder / size
            own_folder.mkdir(mode=0o711)
            site = stack.enter_context(running_site(own_folder))
            tenants = site.new_tenants(readers)
            keys = [key for tenant in tenants for key in (tenant.key, *site.new_keys(tenant, _KEYS // readers - 1))]
            tell(f"lists-growth: making {rows:,} assets and as many tasks")
            asyncio.run(_seed(site, tenants, rows=rows))
            for key, sizes in subjects.items():
                sizes.append(_subject(key, size, site, keys))
        found = measure_rounds(
            [subject for sizes in subjects.values() for subject in sizes],
            rounds=number,
            seconds=seconds,
            folder=folder,
            tell=tell,
        )
    for key in REQUESTS:
        small, large = found[f"{key}, {_SMALL}"], found[f"{key}, {_LARGE}"]
        document.rows[key] = [b / a for a, b in zip(small.p50, large.p50, strict=True)]
        document.errors[key] = small.errors + large.errors
    document.series |= {name: asdict(series) for name, series in found.items()}
