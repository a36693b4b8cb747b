"""The ledger is exported as CSV or NDJSON, of any length, without holding rows, a transaction or a connection."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from app.usage.export import ExportFormat, wanted_format
from app.usage.service import MAX_EXPORTS, ROWS_OF_A_STEP
from tests.support.gateway import Gateway
from tests.usage.rows import NOON, UNPRICED, row, write

CSV, NDJSON = {"Accept": "text/csv"}, {"Accept": "application/x-ndjson"}


async def export(gateway: Gateway, headers: dict[str, str], **query: Any) -> httpx.Response:
    """Returns an export."""
    answer = await gateway.admin.get("/usage", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


async def test_both_formats_hold_every_row_with_the_same_values(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await write(
        gateway,
        row(tenant.id, has_video_input=True, resolution="720p"),
        row(tenant.id, model='of "Zhang, 三"', total_tokens=None, is_estimated=True, **UNPRICED),
        row(tenant.id, kind="correction", total_tokens=-1, cost_micros=-1, note="=1+1\nwas lost"),
    )
    as_csv, as_json = [await export(gateway, headers, tenant=tenant.id) for headers in (CSV, NDJSON)]
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert as_csv.headers["content-disposition"] == 'attachment; filename="usage.csv"'
    assert as_json.headers["content-type"] == "application/x-ndjson"
    objects = [json.loads(line) for line in as_json.text.splitlines()]
    assert [found["total_tokens"] for found in objects] == [100, None, -1]
    assert (objects[0]["has_video_input"], objects[0]["resolution"], objects[0]["cost_micros"]) == (True, "720p", 10)
    lines = list(csv.DictReader(io.StringIO(as_csv.text)))
    assert [line["has_video_input"] for line in lines] == ["true", "", ""]
    for line, found in zip(lines, objects, strict=True):
        assert list(line) == list(found)
        assert line["model"] == found["model"]
        assert line["created_at"] == NOON.isoformat() == found["created_at"]
    assert (lines[2]["note"], objects[2]["note"]) == ("'=1+1\nwas lost", "=1+1\nwas lost"), "no cell is a formula"
    assert lines[2]["total_tokens"] == "-1"


async def test_an_export_of_many_steps_holds_each_row_once_in_the_order_of_creation(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    count = 2 * ROWS_OF_A_STEP
    await write(gateway, *(row(tenant.id) for _ in range(count)))
    lines = (await export(gateway, NDJSON, tenant=tenant.id)).text.splitlines()
    ids = [json.loads(line)["id"] for line in lines]
    assert len(ids) == count
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("name", ["group_by", "limit", "after"])
async def test_what_an_export_has_not_is_refused(gateway: Gateway, name: str) -> None:
    value = {"group_by": "day", "limit": "5", "after": "YQ"}[name]
    refused = await gateway.admin.get("/usage", params={name: value}, headers=CSV)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, name)


async def test_more_exports_than_a_process_makes_at_a_time_are_told_to_wait(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    # More than the buffers of a connection hold, so that an export that is not read does not end.
    note = "x" * 1024
    await write(gateway, *(row(tenant.id, kind="correction", note=note) for _ in range(3 * ROWS_OF_A_STEP)))
    query = {"tenant": tenant.id}
    opened = [
        await gateway.admin.send(gateway.admin.build_request("GET", "/usage", params=query, headers=CSV), stream=True)
        for _ in range(MAX_EXPORTS)
    ]
    refused = await gateway.admin.get("/usage", params=query, headers=CSV)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RateLimitExceeded")
    assert refused.headers["retry-after"] == "10"
    assert (await gateway.admin.get("/usage", params=query)).status_code == 200, "sums are not exports"
    for response in opened:
        await response.aclose()
    while (answer := await gateway.admin.get("/usage", params=query, headers=NDJSON)).status_code == 429:
        pass
    assert len(answer.text.splitlines()) == 3 * ROWS_OF_A_STEP


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, None),
        ("*/*", None),
        ("application/json", None),
        ("text/csv", ExportFormat.CSV),
        ("TEXT/CSV; charset=utf-8", ExportFormat.CSV),
        ("application/x-ndjson", ExportFormat.NDJSON),
        ("application/json;q=0.5, text/csv", ExportFormat.CSV),
        ("application/json, text/csv;q=0.9", None),
        ("text/csv;q=0", None),
        ("text/csv;q=many", None),
        ("text/html, application/xhtml+xml, */*;q=0.8", None),
    ],
)
def test_the_format_is_what_the_client_prefers(accept: str | None, expected: ExportFormat | None) -> None:
    assert wanted_format(accept) is expected
