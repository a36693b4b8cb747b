"""A ledger of a million rows is summed from its indexes, and exported in flat memory while requests are served."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from app.db.engine import open_engine, session_factory
from app.http.paging import PageRequest
from app.settings import Settings
from app.usage.export import ExportFormat
from app.usage.repository import AllUsage
from app.usage.request_params import GroupBy, UsageFilter
from tests.devdb.children import query
from tests.support.database import as_superuser, own_database
from tests.support.gateway import Gateway
from tests.support.plans import executed_plan, nodes, statements_of
from tests.support.process import GatewayProcess, gateway_process
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.slow

ROWS = 1_000_000
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_MIB = 1024 * 1024
# The rows of an export have some 400 MB as CSV, and more as NDJSON.
_MAX_GROWTH_BYTES = 48 * _MIB
_FILL = f"""
    INSERT INTO ledger (kind, tenant_id, key_id, task_id, upstream_id, channel_id, model, upstream_model, resolution,
                        service_tier, has_video_input, has_audio, status, total_tokens, web_searches, currency,
                        micros_per_million_tokens, cost_micros, is_estimated, created_at, settled_at)
    SELECT 'settlement', 'tenant_' || lpad((n % 20)::text, 20, '0'), 'key_' || lpad((n % 60)::text, 20, '0'),
           'cgt-20260101000000-' || n, 'cgt-20260101000001-' || n, 'ch_' || lpad((n % 3)::text, 20, '0'),
           'doubao-seedance-2-0-260128', 'doubao-seedance-2-0-260128', '720p', 'default', false, true, 'succeeded',
           108900, 0, 'CNY', 46000000, 5009400, false,
           timestamptz '{_FIRST.isoformat()}' + n * interval '20 seconds', now()
    FROM generate_series(1, {ROWS}) AS n
"""
_IS_VACUUMED = "SELECT relallvisible = relpages AND relpages > 0 FROM pg_class WHERE relname = 'ledger'"


@pytest_asyncio.fixture(scope="module")
async def url(database_url: str) -> AsyncIterator[str]:
    """A database with such a ledger, as a vacuum leaves it."""
    async with own_database(database_url) as made:
        await as_superuser(made, _FILL)
        async with asyncio.timeout(HANG_SECONDS):
            while not await query(made, _IS_VACUUMED):
                # An analysis by the server itself, which begins at any time, keeps a vacuum from completing.
                await as_superuser(made, "VACUUM ANALYZE ledger")
        yield made


@pytest.mark.parametrize("group_by", GroupBy)
@pytest.mark.parametrize("tenant_id", [None, "tenant_" + "7".rjust(20, "0")])
async def test_sums_read_an_index_and_no_row(url: str, group_by: GroupBy, tenant_id: str | None) -> None:
    engine = open_engine(url, pool_size=1)
    wanted = UsageFilter(
        begins_at=_FIRST + timedelta(days=30), ends_at=_FIRST + timedelta(days=60), tenant_id=tenant_id
    )
    with statements_of(engine) as seen:
        async with session_factory(engine)() as session:
            sums = await AllUsage(session).sums(group_by, wanted, PageRequest(limit=100, after=None))
    await engine.dispose()
    expected = 30 * 86_400 // 20 // (1 if tenant_id is None else 20)
    assert sum(row.tasks for row in sums) == expected
    statement, parameters = next(found for found in seen if "GROUP BY" in found[0])
    plan = await executed_plan(url, statement, parameters, "force_custom_plan")
    read = [node for node in nodes(plan) if node.get("Relation Name") == "ledger"]
    assert {node["Node Type"] for node in read} == {"Index Only Scan"}
    assert all(node["Heap Fetches"] == 0 for node in read)
    # Those of the period and of the tenant alone.
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in read) <= expected + 1


@pytest.mark.parametrize(
    ("export_format", "heading_lines"),
    [pytest.param(ExportFormat.CSV, 1, id="CSV"), pytest.param(ExportFormat.NDJSON, 0, id="NDJSON")],
)
async def test_an_export_of_all_rows_grows_the_gateway_by_no_more_than_a_step(
    url: str, gateway: Gateway, tmp_path: Path, export_format: ExportFormat, heading_lines: int
) -> None:
    settings = gateway.settings.model_copy(update={"database_url": Settings(database_url=url).database_url})
    token = gateway.admin.headers["Authorization"].removeprefix("Bearer ")
    async with gateway_process(tmp_path, settings) as process, process.client(token) as client:
        await _export(client, export_format, to="2026-01-02")
        before = _peak_bytes(process)
        exporting = asyncio.create_task(_export(client, export_format))
        answered = 0
        while not exporting.done():
            assert (await client.get("/admin/v1/tenants")).status_code == 200
            assert (await client.get("/readyz")).status_code == 200
            answered += 1
            await asyncio.sleep(0.1)
        assert await exporting == ROWS + heading_lines
        assert answered > 10
        assert _peak_bytes(process) - before < _MAX_GROWTH_BYTES


async def _export(client: httpx.AsyncClient, export_format: ExportFormat, **period: str) -> int:
    """Reads an export, and returns the number of its lines."""
    lines, headers = 0, {"Accept": export_format.value}
    async with client.stream("GET", "/admin/v1/usage", params=period, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(export_format.value)
        async for piece in answer.aiter_bytes():
            lines += piece.count(b"\n")
    return lines


def _peak_bytes(process: GatewayProcess) -> int:
    """Returns the most memory that a process has had."""
    status = Path(f"/proc/{process.process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024
