"""The wrapper ``./seedgate`` for its tests: loaded as a module, and in a checkout in miniature."""

import hashlib
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

WRAPPER = Path(__file__).parents[2] / "seedgate"


THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def load(path: Path) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("seedgate_wrapper", str(path))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def fabricate(wrapper: ModuleType, venv: Path, content: str = "x") -> None:
    """Makes what the wrapper takes for a complete environment; it has this Python, and a file to know it by."""
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "pyvenv.cfg").touch()
    (venv / "content").write_text(content)
    for stage in (wrapper.RUNNING, wrapper.DEVELOPING):
        (venv / stage.stamp_name).write_text(f"{stage.wanted()} {THIS_PYTHON}")


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
