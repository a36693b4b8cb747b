"""What is built for other people's programs, from their lock files.

``python -m tests.clients.builds`` builds what every run of CI needs.
"""

import sys

from tests.support.toolchains import build_all, node_modules

JAVASCRIPT = "tests/clients/programs/javascript"

EVERY_RUN = {each.name: each for each in (node_modules("clients-javascript", JAVASCRIPT),)}
"""The builds of the programs of every run of CI, by name."""
BUILDS = {**EVERY_RUN}
"""All builds, by name. What the other programs need is built when one of them runs."""

if __name__ == "__main__":
    sys.exit(build_all(EVERY_RUN))
