"""What is built for other people's programs, from their lock files.

``python -m tests.clients.builds`` builds what every run of CI needs.
"""

import sys

from tests.support.toolchains import Build, build_all, go_programs, node_modules, python_environment

GO = "tests/clients/programs/go"
JAVASCRIPT = "tests/clients/programs/javascript"
JAVASCRIPT_LIBRARIES = "tests/clients/programs/javascript_libraries"
PYTHON = "tests/clients/programs/python"


def python_lock(name: str) -> str:
    """Returns the lock file of an environment of Python, made of the ``.txt`` beside it by ``uv pip compile``.

    Its options are ``--generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11``.
    """
    return f"{PYTHON}/locks/{name}.lock"


def _python(name: str, *options: str) -> Build:
    return python_environment(f"clients-{name}", python_lock(name), *options)


def _python_once(name: str) -> Build:
    # Most of what these bring is never imported.
    return _python(name, "--no-compile")


EVERY_RUN = {
    each.name: each for each in (node_modules("clients-javascript", JAVASCRIPT), _python("http"), _python("litellm"))
}
"""The builds of the programs of every run of CI, by name."""
_ONCE = (
    node_modules("clients-javascript-libraries", JAVASCRIPT_LIBRARIES),
    go_programs("clients-go", GO, "main.go"),
    # Each is alone: what they depend on clashes.
    _python_once("apiyi-sdk"),
    _python_once("byteplus-py"),
    _python_once("httpie"),
    _python_once("sd2"),
    _python_once("seedance-mcp-server"),
    _python_once("veadk"),
    _python_once("volcengine-ark-mcp"),
    _python_once("volcengine-video-mcp"),
    _python_once("zjandrew-seedance-cli"),
)
BUILDS = EVERY_RUN | {each.name: each for each in _ONCE}
"""All builds, by name. What the other programs need is built when one of them runs."""

if __name__ == "__main__":
    sys.exit(build_all(EVERY_RUN))
