"""A GET of a finished task whose clip is in the archive, beside one whose clip is not, by the same gateway."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import httpx

from bench import rounds
from bench.benchmarks import BENCHMARKS
from bench.document import Document
from bench.load import Request
from bench.rounds import Subject
from bench.site import TASKS, Site, Tenant, finished_tasks

NAME = "get-archived"

SETTINGS: Mapping[str, str] = {
    "SEEDGATE_ARCHIVE_URL": "s3://clips",
    "SEEDGATE_ARCHIVE_ENDPOINT": "http://127.0.0.1:1",
    "SEEDGATE_ARCHIVE_ACCESS_KEY_ID": "bench",
    "SEEDGATE_ARCHIVE_SECRET_ACCESS_KEY": "bench",
    "SEEDGATE_PUBLIC_URL": "http://gateway.example",
    "SEEDGATE_BACKGROUND": "off",
}
"""An archive whose links the gateway signs itself. No job runs that would copy, since the store is not there."""

# As ``app.tasks.archived`` writes it when a copy is stored.
_MARK = """
    UPDATE tasks SET archived = '{"keys": {"video_url": "bench/clip.mp4"}}' WHERE tenant_id = $1
"""


def measure(
    document: Document, site: Site, *, number: int, seconds: float, folder: Path, tell: Callable[[str], None]
) -> None:
    """Measures both and adds the row to a document.

    Args:
        document: gets the row and the series.
        site: with the settings of an archive.
        number: of rounds.
        seconds: of each measurement.
        folder: for files of the load.
        tell: told of each measurement.
    """
    (tenant,) = site.new_tenants(1)
    usual, archived = BENCHMARKS["get-finished"].request(site), _archived(site, tenant)
    subjects = [
        Subject("get-finished, archive on", site.program, site.port, usual),
        Subject(NAME, site.program, site.port, archived),
    ]
    found = rounds.measure(subjects, rounds=number, seconds=seconds, folder=folder, tell=tell)
    plain, linked = (found[subject.name] for subject in subjects)
    document.rows[NAME] = [ours / others for ours, others in zip(linked.cpu, plain.cpu, strict=True)]
    document.errors[NAME] = plain.errors + linked.errors
    document.series |= {name: asdict(series) for name, series in found.items()}


def _archived(site: Site, tenant: Tenant) -> Request:
    # Before the first GET of the finished tasks, which keeps its answer in memory.
    task_ids = finished_tasks(site.port, tenant, made=lambda: site.execute(_MARK, tenant.id))
    paths = tuple(f"{TASKS}/{each}" for each in task_ids)
    shown = httpx.get(f"http://127.0.0.1:{site.port}{paths[0]}", headers=tenant.headers).json()
    if "/media/" not in shown["content"]["video_url"]:
        raise RuntimeError("the gateway shows no link to the archive")
    return Request(paths, headers=tenant.headers)
