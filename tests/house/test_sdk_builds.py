"""What the SDKs' samples and probes are built into is whole, or is built again."""

from pathlib import Path

import pytest

from tests.support import toolchains
from tests.support.toolchains import Build, Step, build


def test_a_build_that_failed_half_way_is_not_taken_for_the_whole_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a lock file is changed, its packages cannot be had, and the change is taken back."""
    monkeypatch.setattr(toolchains, "ROOT", tmp_path)
    monkeypatch.setattr(toolchains, "BUILT", tmp_path)
    source, outcome = tmp_path / "source", tmp_path / "outcome"
    # The outcome is emptied first, as an environment of Python is, and filled if the source agrees.
    wanted = Build(
        name="one",
        programs={},
        sources=("source",),
        steps=(Step(("cp", "/dev/null", "outcome")), Step(("sh", "-c", "grep good source > outcome"))),
        outcome="outcome",
    )
    source.write_text("good", encoding="ascii")
    build(wanted)
    source.write_text("bad", encoding="ascii")
    with pytest.raises(RuntimeError, match="ended with 1"):
        build(wanted)
    source.write_text("good", encoding="ascii")

    build(wanted)

    assert outcome.read_text(encoding="ascii") == "good\n"
