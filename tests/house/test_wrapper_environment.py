"""Which environment the wrapper uses, when it replaces it, and what it leaves alone."""

import fcntl
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.wrapper import THIS_PYTHON, WRAPPER, fabricate


def test_an_environment_is_made_anew_when_the_lock_file_or_the_folder_changes(wrapper: ModuleType) -> None:
    stamps = {
        wrapper.stamp(b"a==1", Path("/repo")),
        wrapper.stamp(b"a==2", Path("/repo")),
        wrapper.stamp(b"a==1", Path("/elsewhere")),
    }
    assert len(stamps) == 3
    assert wrapper.stamp(b"a==1", Path("/repo")) in stamps


def test_only_a_whole_environment_with_the_right_stamp_is_current(wrapper: ModuleType, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    fabricate(wrapper, tmp_path / "venv")
    for stage in (wrapper.RUNNING, wrapper.DEVELOPING):
        stamp = tmp_path / "venv" / stage.stamp_name
        right = stamp.read_text()
        assert wrapper.is_current(tmp_path / "venv", stage)
        for wrong in ("0" * 64, f"{'0' * 64} {THIS_PYTHON}", "", right.split()[0], f"{stage.wanted()} 3.99"):
            stamp.write_text(wrong)
            assert not wrapper.is_current(tmp_path / "venv", stage), wrong
        stamp.unlink()
        assert not wrapper.is_current(tmp_path / "venv", stage)
        stamp.write_text(right)
    python.unlink()
    assert not wrapper.is_current(tmp_path / "venv", wrapper.RUNNING)
    python.symlink_to("/no/such/python")
    assert not wrapper.is_current(tmp_path / "venv", wrapper.RUNNING)


def test_an_environment_of_another_python_serves_as_long_as_that_python_runs(
    wrapper: ModuleType, tmp_path: Path
) -> None:
    fabricate(wrapper, tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    (tmp_path / "venv" / wrapper.RUNNING.stamp_name).write_text(f"{wrapper.RUNNING.wanted()} 3.99")
    answers = {"#!/bin/sh\necho 3.99\n": True, "#!/bin/sh\necho 4.0\n": False, "#!/bin/sh\nexit 1\n": False}
    for script, expected in answers.items():
        python.unlink()
        python.write_text(script)
        python.chmod(0o755)
        assert wrapper.is_current(tmp_path / "venv", wrapper.RUNNING) is expected, script


@pytest.mark.parametrize("failure", ["SetupError", "KeyboardInterrupt"])
def test_the_environment_before_comes_back_when_the_new_one_cannot_be_made(
    miniature: ModuleType, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    fabricate(miniature, miniature.VENV, "before")
    (miniature.ROOT / "requirements.txt").write_text("# changed\n")

    def make(venv: Path) -> None:
        (venv / "lib").mkdir(parents=True)
        (venv / "pyvenv.cfg").touch()
        assert (miniature.OLD / "content").read_text() == "before"
        raise miniature.SetupError("no network") if failure == "SetupError" else KeyboardInterrupt

    monkeypatch.setattr(miniature, "make", make)
    with pytest.raises((miniature.SetupError, KeyboardInterrupt)) as caught:
        miniature.prepare(miniature.RUNNING)
    assert (miniature.VENV / "content").read_text() == "before"
    assert not (miniature.VENV / "lib").exists()
    assert not miniature.OLD.exists()
    if failure == "SetupError":
        assert str(caught.value) == "no network\nThe .venv of before is back in its place."


def test_a_replacement_that_was_killed_is_ended_by_the_next_run(miniature: ModuleType) -> None:
    for half_made in (False, True):
        fabricate(miniature, miniature.OLD, "before")
        if half_made:
            miniature.VENV.mkdir()
            (miniature.VENV / "pyvenv.cfg").touch()
        miniature.prepare(miniature.RUNNING)
        assert (miniature.VENV / "content").read_text() == "before"
        assert not miniature.OLD.exists()
        shutil.rmtree(miniature.VENV)
    # Killed after the new one was complete.
    fabricate(miniature, miniature.OLD, "before")
    fabricate(miniature, miniature.VENV, "new")
    miniature.prepare(miniature.RUNNING)
    assert (miniature.VENV / "content").read_text() == "new"
    assert not miniature.OLD.exists()


def test_a_changed_list_of_the_developers_adds_to_the_environment_in_its_place(
    miniature: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway may be running in it. Running does not depend on the list of the developers."""
    fabricate(miniature, miniature.VENV, "running")
    (miniature.ROOT / "requirements-dev.txt").write_text("# other\n")
    assert miniature.is_ready(miniature.RUNNING)
    assert not miniature.is_ready(miniature.DEVELOPING)

    def fail(*_: object) -> None:
        raise miniature.SetupError("no network")

    monkeypatch.setattr(miniature, "install", fail)
    with pytest.raises(miniature.SetupError, match="The gateway runs as before"):
        miniature.prepare(miniature.DEVELOPING)
    assert miniature.is_ready(miniature.RUNNING)
    monkeypatch.setattr(miniature, "install", lambda *_: None)
    miniature.prepare(miniature.DEVELOPING)
    assert miniature.is_ready(miniature.DEVELOPING)
    assert (miniature.VENV / "content").read_text() == "running"


def test_a_checkout_that_cannot_be_written_is_refused_with_the_remedy(
    miniature: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write everywhere, so what fails here is a move to a file system that takes no files."""
    fabricate(miniature, miniature.VENV)
    (miniature.ROOT / "requirements.txt").write_text("# changed\n")
    monkeypatch.setattr(miniature, "OLD", Path("/proc/no-such-folder/old"))
    with pytest.raises(miniature.SetupError, match="Run this as the user to whom the checkout belongs"):
        miniature.prepare(miniature.RUNNING)
    assert (miniature.VENV / "content").exists()


def test_a_second_installation_says_that_it_waits_for_the_first(
    miniature: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    fabricate(miniature, miniature.VENV)
    first = (miniature.ROOT / "seedgate").open("rb")
    fcntl.flock(first, fcntl.LOCK_EX)
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        first.close()

    monkeypatch.setattr(miniature, "say", say)
    miniature.prepare(miniature.RUNNING)
    miniature.prepare(miniature.RUNNING)
    assert told == ["waiting for the other installation ..."]


def test_what_running_needs_is_the_same_in_both_lists(wrapper: ModuleType) -> None:
    """So `test` and `check` add to an environment in which a gateway may be running, and change nothing in it."""
    pins = [
        {
            line.split()[0]
            for name in stage.files
            for line in (WRAPPER.parent / name).read_text().splitlines()
            if "==" in line
        }
        for stage in (wrapper.RUNNING, wrapper.DEVELOPING)
    ]
    assert pins[0] < pins[1]


def test_a_folder_that_is_no_environment_is_not_removed(wrapper: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(wrapper.SetupError, match="Move it away"):
        wrapper.remove(tmp_path)
    assert (tmp_path / "file").exists()


def test_of_a_linked_environment_only_the_link_is_removed(wrapper: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "pyvenv.cfg").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    wrapper.remove(tmp_path / "link")
    assert [path.name for path in tmp_path.iterdir()] == ["real"]
