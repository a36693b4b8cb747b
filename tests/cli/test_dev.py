"""What ends ``dev`` before it makes or removes anything."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.dev import dev
from app.cli.dev_folder import DevSecrets, alone, kept_secrets, write_secrets
from app.devdb import EmbeddedPostgresError
from tests.support.ports import free_port

Dev = Callable[..., tuple[int, str]]


@pytest.fixture
def run_dev(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Dev:
    """Returns what runs ``dev`` in ``data`` of an empty folder; it returns exit code and message."""
    for name in [name for name in os.environ if name.startswith("SEEDGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*, port: int | None = None, is_reset: bool = False) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            dev(port=port or free_port(), data_dir=tmp_path / "data", is_reset=is_reset, is_real=False, is_sure=True)
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err

    return run


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """The folder of a ``dev`` that has run."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "users.lock").touch()
    (folder / "sandbox.sqlite3").touch()
    write_secrets(folder, DevSecrets(admin_token="token", secret_key="key"))
    return folder


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"5",
        b"null",
        b"[]",
        b"\xff",
        b'{"admin_token": 5, "secret_key": "b"}',
        b'{"admin_token": "a", "secret_key": "b", "sandbox_port": "x"}',
        b'{"admin_token": "a", "secret_key": "b", "of_a_newer_version": 1}',
    ],
)
@pytest.mark.parametrize("is_reset", [False, True])
def test_damaged_secrets_are_reported_and_kept(run_dev: Dev, used: Path, *, content: bytes, is_reset: bool) -> None:
    (used / "dev.json").write_bytes(content)
    code, output = run_dev(is_reset=is_reset)
    assert (code, "dev.json is damaged or of a newer version" in output, output.count("\n")) == (1, True, 1), output
    assert (used / "dev.json").read_bytes() == content


def test_secrets_are_read_as_they_were_written(used: Path) -> None:
    written = DevSecrets(admin_token="a", secret_key="b", api_key="c", is_real=True, sandbox_port=20_000)
    write_secrets(used, written)
    assert kept_secrets(used) == written


@pytest.mark.parametrize("is_reset", [False, True])
def test_nothing_is_removed_while_another_one_runs_in_the_folder(run_dev: Dev, used: Path, *, is_reset: bool) -> None:
    with alone(used):
        code, output = run_dev(is_reset=is_reset)
    assert (code, "is running in" in output, output.count("\n")) == (1, True, 1), output
    assert {path.name for path in used.iterdir()} == {"users.lock", "sandbox.sqlite3", "dev.json", "dev.lock"}


def test_a_reset_excludes_a_start_at_the_same_time(run_dev: Dev, used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start_another(_: Path) -> None:
        with alone(used):
            pass

    monkeypatch.setattr("app.cli.dev.reset", start_another)
    code, output = run_dev(is_reset=True)
    assert (code, "is running in" in output) == (1, True), output


def test_a_port_in_use_is_reported_before_anything_is_made(run_dev: Dev, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        code, output = run_dev(port=port)
    assert (code, output.count("\n")) == (1, 1), output
    assert f"port {port} on 127.0.0.1 cannot be used" in output
    assert "--port" in output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_reported_with_the_option_that_names_another(
    run_dev: Dev, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file")
    code, output = run_dev()
    assert (code, "--data-dir" in output, "SEEDGATE_DATA_DIR" in output) == (1, True, False), output


def test_a_full_disk_is_reported_with_the_option_that_names_another(
    used: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", fail)
    with pytest.raises(SystemExit):
        write_secrets(used, DevSecrets(admin_token="a", secret_key="b"))
    assert f"{used} cannot be written: No space left on device" in capsys.readouterr().err


def test_an_error_of_the_embedded_server_has_its_remedy_apart() -> None:
    error = EmbeddedPostgresError("It is gone", "Look for it")
    assert str(error).startswith(f"{error.what}. {error.remedy}, ")
