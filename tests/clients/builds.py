"""What is built for other people's programs, from their lock files.

``python -m tests.clients.builds`` builds what every run of CI needs.
"""

import sys

from tests.support.toolchains import build_all, go_programs, node_modules

GO = "tests/clients/programs/go"
JAVASCRIPT = "tests/clients/programs/javascript"
JAVASCRIPT_LIBRARIES = "tests/clients/programs/javascript_libraries"

EVERY_RUN = {each.name: each for each in (node_modules("clients-javascript", JAVASCRIPT),)}
"""The builds of the programs of every run of CI, by name."""
_ONCE = (node_modules("clients-javascript-libraries", JAVASCRIPT_LIBRARIES), go_programs("clients-go", GO, "main.go"))
BUILDS = EVERY_RUN | {each.name: each for each in _ONCE}
"""All builds, by name. What the other programs need is built when one of them runs."""

if __name__ == "__main__":
    sys.exit(build_all(EVERY_RUN))
