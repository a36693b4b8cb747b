import fcntl
import hashlib
import importlib.machinery
import importlib.util
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.patience import HANG_SECONDS

WRAPPER = Path(__file__).parents[2] / "seedgate"


THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture(scope="module")
def wrapper() -> ModuleType:
    return load(WRAPPER)


@pytest.fixture
def miniature(tmp_path: Path) -> ModuleType:
    """The wrapper of a checkout with nothing to install, in ``checkout`` below the test's folder."""
    return load(checkout(tmp_path / "checkout", "# nothing to install\n"))


def load(path: Path) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("seedgate_wrapper", str(path))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "SEEDGATE_ADMIN_TOKEN",
        "SEEDGATE_SECRET_KEY",
        "SEEDGATE_DATABASE_URL",
        "SEEDGATE_DATA_DIR",
        "SEEDGATE_ACCESS_KEY_ID",
        "ARK_API_KEY",
        "VOLC_ACCESSKEY",
        "VOLCENGINE_ACCESS_KEY",
        "PGPASSWORD",
        "PGHOST",
        "ANY_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "DATABASE_URL",
        "volc_secretkey",
    ],
)
def test_tests_see_no_credential_and_no_database_of_the_environment(wrapper: ModuleType, name: str) -> None:
    assert wrapper.blind({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize("name", ["SEEDGATE_PG_BIN", "SEEDGATE_PG_USER", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE"])
def test_tests_keep_what_they_need_of_the_environment(wrapper: ModuleType, name: str) -> None:
    assert wrapper.blind({name: "x"}) == {name: "x"}


def test_tests_may_keep_bytecode(wrapper: ModuleType) -> None:
    assert wrapper.for_tests({"PYTHONDONTWRITEBYTECODE": "1", "ARK_API_KEY": "x", "HOME": "/h"}) == {"HOME": "/h"}


def test_an_environment_is_made_anew_when_the_lock_file_or_the_folder_changes(wrapper: ModuleType) -> None:
    stamps = {
        wrapper.stamp(b"a==1", Path("/repo")),
        wrapper.stamp(b"a==2", Path("/repo")),
        wrapper.stamp(b"a==1", Path("/elsewhere")),
    }
    assert len(stamps) == 3
    assert wrapper.stamp(b"a==1", Path("/repo")) in stamps


def fabricate(wrapper: ModuleType, venv: Path, content: str = "x") -> None:
    """Makes what the wrapper takes for a complete environment; it has this Python, and a file to know it by."""
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "pyvenv.cfg").touch()
    (venv / "content").write_text(content)
    for stage in (wrapper.RUNNING, wrapper.DEVELOPING):
        (venv / stage.stamp_name).write_text(f"{stage.wanted()} {THIS_PYTHON}")


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
    """A gateway may be running in it. Running costs nothing, whatever the developers' list says."""
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


@pytest.mark.slow
def test_ctrl_c_ends_an_installation_with_one_line(tmp_path: Path) -> None:
    pins = "".join(f"{name}==1 --hash=sha256:{'0' * 64}\n" for name in ("aa", "bb"))
    command = checkout(tmp_path / "repo", pins)
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(HANG_SECONDS)
        address = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        # As a terminal does, the signal goes to the whole process group.
        with subprocess.Popen(
            [sys.executable, command],
            env={**without_uv(), "PIP_INDEX_URL": address, "PIP_RETRIES": "0"},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            downloads = [index.accept()[0] for _ in range(min(2, os.cpu_count() or 1))]
            os.killpg(process.pid, signal.SIGINT)
            _, told = process.communicate(timeout=HANG_SECONDS)
    for download in downloads:
        download.settimeout(HANG_SECONDS)
        while download.recv(4096):  # ends with the process
            pass
        download.close()
    lines = ["seedgate: making .venv (once) ...", "seedgate: the installation was stopped; run this again"]
    assert (process.returncode, told.splitlines()) == (130, lines)
    assert not (tmp_path / "repo" / ".venv").exists()


def make_wheel(folder: Path, name: str, files: dict[str, str]) -> str:
    """Makes a wheel, of which files in a folder ``bin`` are programs; returns its requirement with its hash."""
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-1-py3-none-any.whl"
    about = {
        f"{name}-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{name}-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}-1.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in {**files, **about}.items():
            member = zipfile.ZipInfo(path)
            member.external_attr = (0o755 if "/bin/" in path else 0o644) << 16
            archive.writestr(member, content)
    return f"{name}==1 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


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


@pytest.mark.parametrize(
    ("answer", "version"),
    [("pip 23.2.1 from /x (python 3.11)", (23, 2)), ("pip 9.0", (9, 0)), ("", ()), ("No module named pip", ())],
)
def test_the_version_of_pip_is_read_from_what_it_says(
    wrapper: ModuleType, answer: str, version: tuple[int, ...]
) -> None:
    assert wrapper.pip_version(answer) == version


def checkout(folder: Path, requirements: str, for_developers: str = "# nothing\n") -> Path:
    """A checkout in miniature: the wrapper, a lock file and a program that tells what it was given."""
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "__init__.py").touch()
    (folder / "app" / "__main__.py").write_text("import sys\nprint('program', sys.argv[1:], sys.prefix)\nsys.exit(7)\n")
    (folder / "requirements.txt").write_text(requirements)
    (folder / "requirements-embedded.txt").write_text("# nothing\n")
    (folder / "requirements-dev.txt").write_text(for_developers)
    copy = folder / "seedgate"
    shutil.copy(WRAPPER, copy)
    return copy


def without_uv() -> dict[str, str]:
    """The environment of a machine without uv."""
    folders = os.environ["PATH"].split(os.pathsep)
    kept = os.pathsep.join(folder for folder in folders if not (Path(folder) / "uv").exists())
    return {**os.environ, "PATH": kept}


def run(command: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, command, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=without_uv(),
        timeout=120,
    )


@pytest.mark.slow
def test_the_first_run_makes_the_environment_and_runs_the_program_from_any_folder(tmp_path: Path) -> None:
    command = checkout(tmp_path / "with space", "# nothing to install\n")
    half = tmp_path / "with space" / ".venv"
    half.mkdir()
    for name in ("pyvenv.cfg", "leftover"):
        (half / name).touch()
    # Strangers' modules of the same names, where the user stands.
    for name in ("app", "venv", "pip"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__main__.py").write_text("raise SystemExit(99)\n")
    first = run(command, "--flag", "value", cwd=tmp_path)
    assert first.returncode == 7, first.stderr
    assert first.stdout == f"program ['--flag', 'value'] {half}\n"
    assert "making .venv" in first.stderr
    assert not (half / "leftover").exists(), "a half-made environment is replaced"
    assert not (tmp_path / "with space" / ".venv.old").exists()
    again = run(command, "again", cwd=Path("/"))
    assert (again.returncode, again.stderr) == (7, ""), "later runs make nothing"


def compiled(folder: Path) -> list[Path]:
    return [*folder.rglob("__pycache__/??.*.pyc"), *folder.glob("__pycache__/__*.pyc")]


@pytest.mark.slow
def test_packages_are_downloaded_unpacked_and_compiled_and_those_of_another_hash_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    pins = [make_wheel(tmp_path / "wheels", name, {f"{name}.py": "print('imported')\n"}) for name in ("aa", "bb")]
    command = checkout(tmp_path / "repo", "".join(pins))
    (tmp_path / "repo" / "app" / "__main__.py").write_text("import aa, bb\n")
    first = run(command, cwd=tmp_path)
    assert (first.returncode, first.stdout) == (0, "imported\nimported\n"), first.stderr
    assert "seedgate: 2 of 2 packages\n" in first.stderr
    deadline = time.monotonic() + HANG_SECONDS
    # Beside the packages, the two files of the program.
    while len(compiled(tmp_path / "repo" / ".venv") + compiled(tmp_path / "repo" / "app")) < len(pins) + 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    (tmp_path / "repo" / "requirements.txt").write_text(pins[0] + f"bb==1 --hash=sha256:{'0' * 64}\n")
    other = run(command, cwd=tmp_path)
    assert other.returncode == 1
    assert "The .venv of before is back in its place" in other.stderr


@pytest.mark.slow
def test_a_failing_check_is_named_and_those_after_it_do_not_run(tmp_path: Path) -> None:
    command = checkout(tmp_path / "repo", "# nothing to install\n")
    run(command, cwd=tmp_path)
    programs = tmp_path / "repo" / ".venv" / "bin"
    for name, code in (("ruff", 0), ("mypy", 1), ("lint-imports", 0)):
        (programs / name).write_text(f"#!/bin/sh\necho ran {name}\nexit {code}\n")
        (programs / name).chmod(0o755)
    answer = run(command, "check", cwd=Path("/"))
    assert answer.returncode == 1
    assert answer.stdout == "ran ruff\nran ruff\nran mypy\n"
    assert answer.stderr.startswith("seedgate: adding what `test` and `check` need")
    assert answer.stderr.endswith("seedgate check: types failed\n")
    again = run(command, "check", cwd=Path("/"))
    assert again.stderr.startswith("seedgate check: format\n")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), [("requirements.txt", ["again"]), ("requirements-dev.txt", ["check"])])
def test_a_list_that_cannot_be_installed_leaves_the_environment_that_there_is(
    tmp_path: Path, name: str, arguments: list[str]
) -> None:
    command = checkout(tmp_path / "repo", "# nothing to install\n")
    run(command, cwd=tmp_path)
    venv = tmp_path / "repo" / ".venv"
    (venv / "kept").touch()
    before = (tmp_path / "repo" / name).read_text()
    (tmp_path / "repo" / name).write_text("without-hash-or-version\n")
    failed = run(command, *arguments, cwd=tmp_path)
    assert failed.returncode == 1
    assert "--require-hashes" in failed.stderr
    assert (venv / "kept").exists()
    (tmp_path / "repo" / name).write_text(before)
    again = run(command, "again", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (7, "")


@pytest.mark.slow
def test_an_environment_that_cannot_be_made_leaves_nothing_and_says_which_step_failed(tmp_path: Path) -> None:
    command = checkout(tmp_path / "repo", "without-hash-or-version\n")
    answer = run(command, cwd=tmp_path)
    assert answer.returncode == 1
    assert "--require-hashes" in answer.stderr
    assert not (tmp_path / "repo" / ".venv").exists()


def test_the_wrapper_is_a_program() -> None:
    assert os.access(WRAPPER, os.X_OK)
    assert WRAPPER.read_text().startswith("#!/usr/bin/env python3\n")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["--dist", "loadfile", "--no-loadscope-reorder", "-n", "4"]),
        (["--", "-k", "keys"], ["--dist", "loadfile", "--no-loadscope-reorder", "-n", "4", "-k", "keys"]),
        (["--", "-m", "slow"], ["--dist", "loadfile", "--no-loadscope-reorder", "-n", "auto", "-m", "slow"]),
        (["--", "-n0", "tests/http"], ["-n0", "tests/http"]),
    ],
)
def test_tests_use_every_core_unless_told_otherwise(
    wrapper: ModuleType, monkeypatch: pytest.MonkeyPatch, given: list[str], expected: list[str]
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert wrapper.pytest_arguments(given) == expected


@pytest.mark.parametrize(("cores", "workers"), [(None, "2"), (1, "2"), (2, "4"), (6, "8"), (16, "16")])
def test_a_small_machine_gets_two_workers_a_core_and_a_large_one_no_fewer_than_cores(
    wrapper: ModuleType, monkeypatch: pytest.MonkeyPatch, cores: int | None, workers: str
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert wrapper.pytest_arguments([])[-1] == workers
