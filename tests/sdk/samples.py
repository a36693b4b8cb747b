"""The samples of ``examples/``: how each is run, and what it must have done."""

from dataclasses import dataclass
from enum import StrEnum

from tests.sdk.builds import GO_SAMPLES, JAVA_SAMPLES
from tests.support.toolchains import BUILT, ROOT


class Job(StrEnum):
    """What a sample does from beginning to end."""

    VIDEO = "video"
    ASSETS = "assets"
    FACE = "face"


@dataclass(frozen=True)
class Sample:
    """One program.

    Attributes:
        file: its source, relative to the root.
        job: what it does.
        build: the name of the build that makes it runnable.
        command: runs it, from any folder.
    """

    file: str
    job: Job
    build: str
    command: tuple[str, ...]


def _python(name: str) -> Sample:
    file = f"examples/python/{name}.py"
    return Sample(file, Job(name.partition("_")[0]), "python", (str(BUILT / "python/bin/python"), str(ROOT / file)))


PYTHON = [
    _python(name)
    for name in (
        "video_ark",
        "video_arkruntime",
        "video_openai",
        "video_openai_videos",
        "assets_universal",
        "assets_http",
        "face_universal",
        "face_http",
    )
]


def _go(name: str) -> Sample:
    return Sample(f"{GO_SAMPLES}/{name}/main.go", Job(name.partition("_")[0]), "go", (str(BUILT / "go" / name),))


GO = [_go(name) for name in ("video", "assets", "assets_native", "face")]


def _java(name: str) -> Sample:
    classes, libraries = f"{ROOT}/{JAVA_SAMPLES}/target/classes", f"{ROOT}/{JAVA_SAMPLES}/target/lib/*"
    file = f"{JAVA_SAMPLES}/src/main/java/{name}.java"
    return Sample(file, Job(name.lower()), "java", ("java", "-cp", f"{classes}:{libraries}", name))


JAVA = [_java(name) for name in ("Video", "Assets", "Face")]


def _node(name: str) -> Sample:
    file = f"examples/node/{name}.mjs"
    return Sample(file, Job(name.partition("_")[0]), "node", ("node", str(ROOT / file)))


NODE = [
    _node(name)
    for name in ("video_fetch", "video_openai", "assets_sdk_core", "face_sdk_core", "assets_openapi", "face_openapi")
]

SAMPLES = {"python": PYTHON, "go": GO, "java": JAVA, "node": NODE}
"""All samples, by language."""
