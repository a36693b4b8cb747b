"""How the wrapper installs packages: uv or pip, downloads, progress, wheels."""

import os
import pty
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.wrapper import WRAPPER, make_wheel


def put_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Puts a program named uv in front of all others."""
    folder.mkdir()
    (folder / "uv").write_text(script)
    (folder / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_uv_reads_no_configuration_of_where_the_user_stands_and_pip_follows_when_it_fails(
    miniature: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    put_on_path(monkeypatch, tmp_path / "bin", f'#!/bin/sh\necho "$PWD" "$@" > {tmp_path}/called\nexit 3\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert not miniature.install_with_uv(Path("/venv"), ["requirements.txt"])
    called = (tmp_path / "called").read_text()
    expected = "pip install --no-config --python /venv/bin/python --only-binary :all: --require-hashes --no-deps"
    assert called == f"{miniature.ROOT} {expected} --requirement {miniature.ROOT}/requirements.txt\n"
    assert capfd.readouterr().err.endswith("seedgate: uv has failed; trying pip ...\n")
    put_on_path(monkeypatch, tmp_path / "works", "#!/bin/sh\n")
    assert miniature.install_with_uv(Path("/venv"), [])


def test_uv_reads_the_configuration_of_its_user_where_a_mirror_may_be_named(
    wrapper: ModuleType, tmp_path: Path
) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert wrapper.uv_configuration(environ) == ["--no-config"]
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").touch()
    assert wrapper.uv_configuration(environ) == ["--config-file", str(tmp_path / "uv" / "uv.toml")]
    (tmp_path / "own.toml").touch()
    environ["UV_CONFIG_FILE"] = str(tmp_path / "own.toml")
    assert wrapper.uv_configuration(environ) == ["--config-file", str(tmp_path / "own.toml")]


LOCK = """a==1 ; python_version == '3.11' \\
    --hash=sha256:== \\
    --hash=sha256:x
# x==1
b-c[d]==2 \\
    # via a==1
"""


def test_a_requirement_is_read_with_its_hashes_and_without_comments(miniature: ModuleType) -> None:
    (miniature.ROOT / "requirements.txt").write_text(LOCK)
    first, second = miniature.requirements(miniature.RUNNING.files)
    assert first == LOCK[: LOCK.index("\n# x")]
    assert second.startswith("b-c[d]==2")


def test_what_is_downloaded_at_once_holds_every_requirement_once(wrapper: ModuleType) -> None:
    wanted = wrapper.requirements(wrapper.RUNNING.files)
    assert len(wanted) == sum("==" in line for name in wrapper.RUNNING.files for line in lines_of(name))
    for count in (1, 2, 4):
        shares = wrapper.shared_out(wanted, count)
        assert sorted(requirement for share in shares for requirement in share) == sorted(wanted)
        sizes = [sum(map(len, share)) for share in shares]
        assert len(shares) == count
        assert max(sizes) < 1.2 * min(sizes)
    assert wrapper.shared_out([], 2) == []


def lines_of(name: str) -> list[str]:
    return (WRAPPER.parent / name).read_text().splitlines()


PIP_SAYS = (
    "Collecting a==1 (from -r x (line 1))\n",
    "  Using cached a-1-py3-none-any.whl (10 kB)\n",
    "  Downloading big_one-1.2-py3-none-any.whl.metadata (10 kB)\n",
    "  Downloading big_one-1.2-py3-none-any.whl (13.6 MB)\n",
    "Requirement already satisfied: c==1\n",
    "Ignoring d: markers ... don't match\n",
)


def test_progress_counts_packages_and_names_what_takes_long_to_download(
    wrapper: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = wrapper.Progress(3)
    for line in PIP_SAYS:
        progress.read(line)
    progress.end()
    expected = ["1 of 3 packages; downloading big_one, 13.6 MB", "3 of 3 packages"]
    assert capsys.readouterr().err.splitlines() == [f"seedgate: {line}" for line in expected]


def test_on_a_terminal_progress_is_one_line_that_ends(wrapper: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, its = pty.openpty()
    with os.fdopen(its, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        progress = wrapper.Progress(3)
        for line in PIP_SAYS:
            progress.read(line)
        progress.end()
        monkeypatch.undo()
        print("END", file=terminal, flush=True)
        shown = ""
        while "END" not in shown:  # a terminal may hand over what was written in several pieces
            shown += os.read(ours, 4096).decode()
    os.close(ours)
    assert shown.startswith(
        "\rseedgate: 1 of 3 packages\x1b[K\rseedgate: 1 of 3 packages; downloading big_one, 13.6 MB"
    )
    assert shown.endswith("\rseedgate: 3 of 3 packages\x1b[K\r\nEND\r\n")


def test_a_step_that_fails_shows_all_that_it_said(wrapper: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    for code in (0, 1):
        try:
            wrapper.run(["sh", "-c", f"echo Collecting a; echo why; exit {code}"], progress=wrapper.Progress(20))
        except wrapper.SetupError:
            assert code == 1
        assert capfd.readouterr().err == ("Collecting a\nwhy\n" if code else "")


def test_a_wheel_is_unpacked_with_its_programs_and_without_headers(wrapper: ModuleType, tmp_path: Path) -> None:
    files = {"a/__init__.py": "", "a/bin/tool": "#!/bin/sh\n", "a-1.data/headers/a.h": "", "a/include/b.py": ""}
    make_wheel(tmp_path, "a", files)
    (tmp_path / "to").mkdir()
    wrapper.unpack(tmp_path / "a-1-py3-none-any.whl", tmp_path / "to")
    made = {str(path.relative_to(tmp_path / "to")) for path in (tmp_path / "to").rglob("*") if path.is_file()}
    assert {path for path in made if "dist-info" not in path} == {"a/__init__.py", "a/bin/tool", "a/include/b.py"}
    assert os.access(tmp_path / "to" / "a" / "bin" / "tool", os.X_OK)
    assert not os.access(tmp_path / "to" / "a" / "__init__.py", os.X_OK)


def test_a_wheel_with_parts_for_other_folders_is_refused(wrapper: ModuleType, tmp_path: Path) -> None:
    make_wheel(tmp_path, "a", {"a-1.data/scripts/tool": ""})
    with pytest.raises(wrapper.SetupError, match=r"a-1\.data/scripts/tool, which only pip can put in its place"):
        wrapper.unpack(tmp_path / "a-1-py3-none-any.whl", tmp_path)


@pytest.mark.parametrize(
    ("answer", "version"),
    [("pip 23.2.1 from /x (python 3.11)", (23, 2)), ("pip 9.0", (9, 0)), ("", ()), ("No module named pip", ())],
)
def test_the_version_of_pip_is_read_from_what_it_says(
    wrapper: ModuleType, answer: str, version: tuple[int, ...]
) -> None:
    assert wrapper.pip_version(answer) == version
