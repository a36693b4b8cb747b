"""The samples in docs/sdks.md: each is shown as it stands in ``examples/``.

``python -m tests.sdk.page`` writes them into the page.
"""

import re
import sys

from tests.sdk.table import PAGE
from tests.support.toolchains import ROOT

_SAMPLE = re.compile(r"<!-- sample: (?P<file>\S+) -->\n```(?P<language>\w+)\n.*?\n```\n", re.DOTALL)


def shown(page: str) -> list[str]:
    """Returns the files that the page shows, relative to the root."""
    return [found["file"] for found in _SAMPLE.finditer(page)]


def with_samples(page: str) -> str:
    """Returns the page with every sample as it is in its file now."""

    def show(found: re.Match[str]) -> str:
        source = (ROOT / found["file"]).read_text(encoding="utf-8").rstrip("\n")
        return f"<!-- sample: {found['file']} -->\n```{found['language']}\n{source}\n```\n"

    return _SAMPLE.sub(show, page)


def main() -> int:
    """Writes the samples into the page."""
    PAGE.write_text(with_samples(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
