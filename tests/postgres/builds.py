"""The programs of PostgreSQL's older major versions, from a lock file; the newest one is the wheel of every test.

``python -m tests.postgres.builds`` installs them.
"""

import sys
from dataclasses import replace
from pathlib import Path

from tests.support.toolchains import ROOT, Build, Step, build_all, node_modules

MAJORS = (15, 16, 17)
"""The supported ones beside the wheel's."""
TOO_OLD = 14
_FOLDER = "tests/postgres/servers"


def _package(major: int) -> str:
    return f"{_FOLDER}/node_modules/postgresql-{major}"


def programs(major: int) -> Path:
    """Returns the folder that holds the ``bin``, ``lib`` and ``share`` of a version, once it has been built."""
    return ROOT / _package(major) / "native"


def _build() -> Build:
    installed = node_modules("postgresql", _FOLDER)
    # A package cannot hold symbolic links; its own script makes them.
    links = (Step(("node", "scripts/hydrate-symlinks.js"), _package(major)) for major in (TOO_OLD, *MAJORS))
    return replace(installed, steps=(*installed.steps, *links))


BUILD = _build()

if __name__ == "__main__":
    sys.exit(build_all({BUILD.name: BUILD}))
