"""``./seedgate bench plot RUN``: draws a run, by matplotlib in an environment of its own."""

import argparse
import subprocess

from bench.document import RESULTS
from tests.support.toolchains import BUILT, ROOT, build, python_environment

_NAME = "bench-plots"


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="seedgate bench plot", description="Draws a run as PNG and SVG, below bench/results."
    )
    parser.add_argument("run", help="the name of a file below bench/results, without .json")
    wanted = parser.parse_args(arguments)
    build(python_environment(_NAME, "bench/environments/plots.lock"))
    command = [str(BUILT / _NAME / "bin" / "python"), "-m", "bench.drawing", str(RESULTS / f"{wanted.run}.json")]
    return subprocess.run(command, cwd=ROOT, check=False).returncode
