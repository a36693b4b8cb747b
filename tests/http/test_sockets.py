"""The permissions of the gateway's sockets."""

import asyncio
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.http.sockets import bind_unix_socket
from app.settings import SettingError


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for a unix socket."""
    with tempfile.TemporaryDirectory(prefix="seedgate-listening-") as made:
        yield Path(made)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_owner_and_group_may_connect_to_a_unix_socket_and_others_not(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with bind_unix_socket(folder / "s"):
            mode = (folder / "s").stat().st_mode
    finally:
        after = os.umask(before)
    assert (stat.S_ISSOCK(mode), oct(stat.S_IMODE(mode))) == (True, oct(0o660))
    assert after == umask


async def test_a_socket_that_a_killed_process_left_is_replaced(folder: Path) -> None:
    bind_unix_socket(folder / "s").close()
    with bind_unix_socket(folder / "s") as again:
        again.listen()
        _, writer = await asyncio.open_unix_connection(folder / "s")
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("name", ["file", "folder", "missing/s", "x" * 200])
def test_what_is_no_socket_is_left_alone_and_the_option_is_named(folder: Path, name: str) -> None:
    (folder / "file").write_text("kept")
    (folder / "folder").mkdir()
    with pytest.raises(SettingError, match="--uds"):
        bind_unix_socket(folder / name)
    assert (folder / "file").read_text() == "kept"
