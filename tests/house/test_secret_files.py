"""Settings as files of a folder: each counts as its variable would, and none is ignored in silence."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from app import secret_files
from app.cli.admin_client import AdminClient
from app.settings import Settings
from tests.house.judging import Judge
from tests.support.sample_settings import samples

TOKEN = "an admin token of at least 32 characters"


@pytest.fixture
def folder(judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of secrets that the environment names."""
    made = tmp_path / "secrets"
    made.mkdir()
    monkeypatch.setenv("SEEDGATE_SECRETS_DIR", str(made))
    return made


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("name", ["SEEDGATE_ADMIN_TOKEN", "seedgate_admin_token"])
def test_a_file_is_a_setting_without_its_line_ends(folder: Path, name: str, end: str) -> None:
    (folder / name).write_bytes(f" {TOKEN} {end}".encode())
    token = Settings.from_environment().admin_token
    assert token is not None
    assert token.get_secret_value() == f" {TOKEN} "


@pytest.mark.parametrize("by_parts", [False, True])
def test_every_setting_may_stand_in_a_file(folder: Path, by_parts: bool) -> None:  # noqa: FBT001 - a parameter
    given = samples(by_parts=by_parts)
    for field, text in given.items():
        (folder / f"SEEDGATE_{field.upper()}").write_text(f"{text}\n")
    read, default = Settings.from_environment(), Settings.model_construct()
    assert [field for field in given if getattr(read, field) == getattr(default, field)] == []


def test_the_environment_comes_before_the_file_of_the_folder_and_so_does_env(
    judge: Judge, folder: Path, tmp_path: Path
) -> None:
    for name in ("SEEDGATE_REGION", "SEEDGATE_LOG_LEVEL", "SEEDGATE_LOG_FORMAT", "SEEDGATE_QUEUE"):
        (folder / name).write_text({"SEEDGATE_LOG_LEVEL": "loud", "SEEDGATE_QUEUE": ""}.get(name, "json"))
    (tmp_path / ".env").write_text("SEEDGATE_LOG_LEVEL=error\n")
    code, out, _ = judge(SEEDGATE_REGION="ap-southeast-1", SEEDGATE_LOG_FORMAT="")
    assert code == 0
    read = Settings.from_environment()
    assert (read.region, read.log_level, read.log_format) == ("ap-southeast-1", "error", "json")
    assert out.splitlines()[2:] == [
        f"File: {folder}/SEEDGATE_LOG_FORMAT",
        f"File: {folder}/SEEDGATE_LOG_LEVEL, not used: the environment or .env sets it too",
        f"File: {folder}/SEEDGATE_QUEUE, empty: counts as unset",
        f"File: {folder}/SEEDGATE_REGION, not used: the environment or .env sets it too",
    ]


def test_the_folder_may_be_named_in_env(judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "SEEDGATE_REGION").write_text("ap-southeast-1")
    (tmp_path / ".env").write_text("SEEDGATE_SECRETS_DIR=here\n")
    assert judge()[0] == 0
    assert Settings.from_environment().region == "ap-southeast-1"


def test_what_kubernetes_and_others_keep_in_the_folder_is_left_alone(judge: Judge, folder: Path) -> None:
    """Each file of a mounted secret is a link into ``..data``, itself a link to a folder of the secret's version."""
    version = folder / "..2026_11_29_00_00_00.1"
    version.mkdir()
    (version / "SEEDGATE_REGION").write_text("ap-southeast-1\n")
    (version / "tls.key").write_bytes(b"\xff")
    (folder / "..data").symlink_to(version.name)
    (folder / "SEEDGATE_REGION").symlink_to("..data/SEEDGATE_REGION")
    (folder / "tls.key").symlink_to("..data/tls.key")
    (folder / "kubernetes.io").mkdir()
    assert judge()[0] == 0
    assert Settings.from_environment().region == "ap-southeast-1"


def test_the_default_folder_need_not_exist_and_is_read_where_it_does(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(secret_files, "DEFAULT_FOLDER", tmp_path / "run")
    assert judge()[0] == 0
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "SEEDGATE_REGION").write_text("ap-southeast-1")
    assert Settings.from_environment().region == "ap-southeast-1"


def test_models_may_have_several_lines(folder: Path) -> None:
    (folder / "SEEDGATE_MODELS").write_text("[\n]\n")
    assert Settings.from_environment().models == "[\n]"


def _failing(error: OSError) -> Callable[[Path], NoReturn]:
    def fail(_: Path) -> NoReturn:
        raise error

    return fail


def test_a_default_folder_that_is_closed_to_this_user_is_ignored_and_named(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(secret_files, "DEFAULT_FOLDER", tmp_path)
    monkeypatch.setattr(secret_files, "_list", _failing(PermissionError(13, "Permission denied")))
    code, _, err = judge()
    assert (code, err.count(f"{tmp_path} cannot be read by the user {os.geteuid()}")) == (0, 1)
    with pytest.raises(SystemExit):
        AdminClient()
    assert f"{tmp_path} cannot be read" in capsys.readouterr().err


def test_any_other_fault_of_the_default_folder_is_refused(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(secret_files, "DEFAULT_FOLDER", tmp_path)
    monkeypatch.setattr(secret_files, "_list", _failing(OSError(5, "Input/output error")))
    assert judge() == (2, "", f"seedgate: SEEDGATE_SECRETS_DIR: {tmp_path} cannot be read: Input/output error\n")


def test_a_misspelt_file_is_refused_with_the_nearest_name(judge: Judge, folder: Path) -> None:
    (folder / "seedgate_admin_tokn").write_text(TOKEN)
    (folder / "SEEDGATE_URL").write_text("http://gateway.example")
    message = f"seedgate: {folder}/seedgate_admin_tokn is no setting; did you mean SEEDGATE_ADMIN_TOKEN?\n"
    assert judge() == (2, "", message)


def test_a_wrong_value_in_a_file_is_refused_by_the_name_of_its_variable(judge: Judge, folder: Path) -> None:
    (folder / "SEEDGATE_ADMIN_TOKEN").write_text("secret-value\n")
    code, out, err = judge()
    assert (code, out) == (2, "")
    assert err.startswith("seedgate: SEEDGATE_ADMIN_TOKEN: ")
    assert "secret-value" not in err


NO_VALUES: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a large file": lambda path: path.write_bytes(b"secret-value" * 100_000),
    "latin-1": lambda path: path.write_bytes("secret-value é".encode("latin-1")),
    "utf-16": lambda path: path.write_bytes("secret-value".encode("utf-16")),
    "utf-16 without a mark": lambda path: path.write_bytes("secret-value".encode("utf-16-le")),
    "two lines": lambda path: path.write_text(f"{TOKEN}\nsecret-value\n"),
    "two lines of old Macs": lambda path: path.write_bytes(f"{TOKEN}\rsecret-value".encode()),
}


@pytest.mark.parametrize("what", NO_VALUES)
def test_a_file_that_cannot_be_a_value_is_refused_by_its_path(judge: Judge, folder: Path, what: str) -> None:
    path = folder / "SEEDGATE_ADMIN_TOKEN"
    NO_VALUES[what](path)
    code, out, err = judge()
    assert (code, out) == (2, "")
    assert err.startswith(f"seedgate: {path} ")
    assert "secret-value" not in err
    assert err.count("\n") == 1


def test_two_files_for_one_setting_and_a_folder_within_the_folder_are_refused(judge: Judge, folder: Path) -> None:
    (folder / "SEEDGATE_REGION").write_text("a")
    (folder / "seedgate_region").write_text("b")
    assert judge()[2] == (
        f"seedgate: {folder}/SEEDGATE_REGION and {folder}/seedgate_region stand for one setting; remove one of them\n"
    )
    (folder / "seedgate_region").rename(folder / "SEEDGATE_SECRETS_DIR")
    assert judge()[0] == 2


def test_the_operator_s_commands_find_the_token_and_send_it_to_no_address_of_an_env_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "SEEDGATE_ADMIN_TOKEN").write_text(f"{TOKEN}\n")
    (folder / "SEEDGATE_SECRET_KEY").symlink_to("nothing")  # which is none of their business
    AdminClient()
    (tmp_path / ".env").write_text("SEEDGATE_URL=http://elsewhere.example\n")
    with pytest.raises(SystemExit):
        AdminClient()
    assert "set both in one place" in capsys.readouterr().err
    (tmp_path / ".env").write_text(f"SEEDGATE_URL=http://elsewhere.example\nSEEDGATE_ADMIN_TOKEN={TOKEN}\n")
    AdminClient()
