"""What is built for samples and probes, for each language from its own lock files."""

from tests.sdk.toolchains import Build, Step

NODE_PROBES = "tests/sdk/probes/node"
OLD_PYTHON_PINS = "tests/sdk/probes/python/requirements-old.txt"
PYTHON_PINS = "examples/python/requirements.txt"


def _python(name: str, requirements: str) -> Build:
    """An environment of its own, as the samples' readers make one."""
    python = f"{{built}}/{name}/bin/python"
    return Build(
        name=name,
        programs={"python3": "Python 3.11"},
        sources=(requirements,),
        steps=(
            Step(("python3", "-m", "venv", "--clear", f"{{built}}/{name}")),
            Step((python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements)),
        ),
        outcome=f".sdk/{name}/bin/python",
    )


def _node(name: str, folder: str) -> Build:
    """What a folder's lock file names, beside it, as ``npm ci`` puts it there for anybody."""
    return Build(
        name=name,
        programs={"node": "Node.js 20", "npm": "Node.js 20"},
        sources=(f"{folder}/package.json", f"{folder}/package-lock.json"),
        steps=(Step(("npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"), folder),),
        outcome=f"{folder}/node_modules/.package-lock.json",
    )


BUILDS = {
    each.name: each
    for each in (
        _python("python", PYTHON_PINS),
        _python("python-old", OLD_PYTHON_PINS),
        _node("node", "examples/node"),
        _node("node-probes", NODE_PROBES),
    )
}
"""All builds, by name."""
