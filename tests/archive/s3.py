"""A real S3 server that checks signatures (Versity Gateway over a folder), and servers that misbehave."""

import asyncio
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from tests.sdk.builds import BUILDS
from tests.support.plain import PLAIN
from tests.support.ports import free_port
from tests.support.timeouts import HANG_SECONDS
from tests.support.toolchains import BUILT, build, require

ACCESS_KEY, SECRET_KEY, REGION, BUCKET = "AKTESTING", "a-secret-of-the-store", "cn-north-1", "clips"
_MEMORY = Path("/dev/shm")


class S3Server:
    """A running server and the folder that has its objects."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def objects(self) -> dict[str, bytes]:
        """Returns every object by its key."""
        bucket = self.folder / "data" / BUCKET
        files = (path for path in bucket.rglob("*") if path.is_file() and ".sgwtmp" not in path.parts)
        return {str(path.relative_to(bucket)): path.read_bytes() for path in files}

    def parts(self) -> list[Path]:
        """Returns the parts of uploads that are neither complete nor aborted."""
        uploads = self.folder / "data" / BUCKET / ".sgwtmp" / "multipart"
        return [path for path in uploads.rglob("*") if path.is_file()]

    async def start(self) -> None:
        """Starts it; returns once it answers."""
        options = ["--port", f"127.0.0.1:{self.port}", "--access", ACCESS_KEY, "--secret", SECRET_KEY]
        program = BUILT / "versitygw" / "versitygw"
        self._process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
            [program, *options, "--region", REGION, "--quiet", "posix", self.folder / "data"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        async with httpx.AsyncClient(verify=PLAIN, timeout=HANG_SECONDS) as client:

            async def answers() -> bool:
                try:
                    await client.get(self.url)
                except httpx.TransportError:
                    return False
                return True

            async with asyncio.timeout(HANG_SECONDS):
                while not await answers():  # noqa: ASYNC110 - the server says nothing when it is ready
                    await asyncio.sleep(0.05)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Lets it answer nothing meanwhile; connections stay, and are answered afterwards."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Kills it; its objects stay."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@asynccontextmanager
async def s3_server() -> AsyncIterator[S3Server]:
    """Runs a server with an empty bucket."""
    wanted = BUILDS["versitygw"]
    require(wanted.programs)
    build(wanted)
    with _folder() as folder:
        (folder / "data" / BUCKET).mkdir(parents=True)
        server = S3Server(folder, free_port())
        try:
            await server.start()
            yield server
        finally:
            server.stop()


@asynccontextmanager
async def answering(
    answer: bytes, *, to_head: bytes | None = None, is_slow: bool = False, seen: list[bytes] | None = None
) -> AsyncIterator[str]:
    """Runs a server that answers every request with these bytes, or with nothing at all; yields its URL.

    ``to_head`` is the answer to HEAD instead; ``seen`` gets the heads of the requests.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if seen is not None:
                seen.append(head)
            if is_slow:
                await reader.read()
            else:
                writer.write(to_head if to_head is not None and head.startswith(b"HEAD ") else answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="seedgate-s3-", dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
