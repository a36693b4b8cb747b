"""The spec's own script, run as a program of its own, down to the video on disk."""

import asyncio
import sys
from pathlib import Path

from tests.support.gateway import Gateway
from tests.support.timeouts import HANG_SECONDS

SCRIPT = Path(__file__).with_name("complete_workflow.py.txt")
REPLACED = {
    "https://api.wisgate.ai": "{base_url}",
    "<YOUR_API_KEY>": "{key}",
    "time.sleep(10)": "time.sleep(0.2)",
}


async def test_the_specs_script_ends_with_a_playable_video_on_disk(gateway: Gateway, tmp_path: Path) -> None:
    tenant = await gateway.tenant()
    script = SCRIPT.read_text(encoding="utf-8")
    for old, new in REPLACED.items():
        assert script.count(old) == 1
        script = script.replace(old, new.format(base_url=gateway.base_url, key=tenant.key))

    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", script),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(HANG_SECONDS):
        out, err = await program.communicate()

    assert program.returncode == 0, err.decode()
    assert err == b""
    lines = out.decode().splitlines()
    assert lines[0].startswith("Task created: cgt-")
    assert lines[-2:] == ["Status: succeeded", "Video downloaded successfully!"]
    assert set(lines[1:-2]) <= {"Status: queued", "Status: running"}
    video = (tmp_path / "generated_video.mp4").read_bytes()
    assert video[4:8] == b"ftyp"
    assert len(video) > 1000
