"""Programs in Python."""

from tests.clients.builds import PYTHON as FOLDER
from tests.clients.builds import python_lock
from tests.clients.program import EVERY_STEP, Mark, Program, Step
from tests.support.locks import pip_version
from tests.support.toolchains import BUILT, ROOT

_NO_DOWNLOAD = EVERY_STEP - {Step.DOWNLOAD}


def command(environment: str, file: str, *arguments: str) -> tuple[str, ...]:
    """Returns what runs a file of ``programs/python`` in an environment."""
    return str(BUILT / f"clients-{environment}" / "bin" / "python"), f"{ROOT}/{FOLDER}/{file}", *arguments


def _program(
    package: str,
    setting: str,
    file: str,
    *arguments: str,
    environment: str | None = None,
    mark: Mark = "programs",
    steps: frozenset[Step] = EVERY_STEP,
    lists_by_ids: bool = True,
    videos: int = 1,
    path: str = "/api/v3/contents/generations/tasks",
) -> Program:
    """Returns a program of a package.

    Args:
        package: as PyPI knows it.
        setting: what its user sets.
        file: runs it, in ``programs/python``.
        arguments: the arguments of the file.
        environment: what its lock file is called, if not as the package.
        mark: when it runs.
        steps: what it can do.
        lists_by_ids: see ``Program``.
        videos: see ``Program``.
        path: see ``Program``.
    """
    lock = environment or package
    return Program(
        name=package,
        version=pip_version(python_lock(lock), package),
        setting=setting,
        mark=mark,
        command=command(lock, file, *arguments),
        steps=steps,
        lists_by_ids=lists_by_ids,
        videos=videos,
        path=path,
        build=f"clients-{lock}",
    )


_URL = "`$SEEDGATE_URL/api/v3/…`"
_API_V3 = "`$SEEDGATE_URL/api/v3`"
_NO_PATH = "`$SEEDGATE_URL`"

APIYI_SDK = _program(
    "apiyi-sdk",
    f"`base_url`: {_NO_PATH}, and its path",
    "with_apiyi_sdk.py",
    "/api/v3/contents/generations/tasks",
    steps=frozenset({Step.CREATE, Step.POLL, Step.DOWNLOAD}),
)
SD2 = _program("sd2", f"its two hosts: {_NO_PATH}", "with_sd2.py", steps=_NO_DOWNLOAD)

PYTHON = [
    _program("aiohttp", _URL, "with_aiohttp.py", environment="http", mark="clients"),
    _program(
        "litellm",
        f"`api_base`: {_API_V3}",
        "with_litellm.py",
        "/api/v3",
        mark="clients",
        steps=EVERY_STEP - {Step.DELETE},
    ),
    _program(
        "litellm", f"`api_base`: {_NO_PATH}", "with_litellm.py", "", mark="clients", steps=EVERY_STEP - {Step.DELETE}
    ),
    _program(
        "litellm",
        "`openai/`, `api_base`: `$SEEDGATE_URL/v1`",
        "with_litellm_openai.py",
        mark="clients",
        steps=EVERY_STEP - {Step.DELETE},
        lists_by_ids=False,
        path="/v1/videos",
    ),
    APIYI_SDK,
    _program("byteplus-py", f"`base_url`: {_API_V3}", "with_byteplus_py.py"),
    _program("httpie", _URL, "with_httpie.py"),
    _program("httpx", _URL, "with_httpx.py", environment="http"),
    _program("requests", _URL, "with_requests.py", environment="http"),
    SD2,
    _program(
        "seedance-mcp-server",
        f"`ARK_BASE_URL`: {_API_V3}",
        "with_seedance_mcp_server.py",
        steps=_NO_DOWNLOAD,
    ),
    Program(
        name="urllib (Python)",
        version="",
        setting=_URL,
        mark="programs",
        command=command("http", "with_urllib.py"),
        build="clients-http",
    ),
    _program(
        "veadk-python",
        f"`MODEL_VIDEO_API_BASE`: {_API_V3}",
        "with_veadk.py",
        environment="veadk",
        steps=frozenset({Step.CREATE, Step.POLL}),
        videos=2,
    ),
    _program(
        "volcengine-ark-mcp",
        f"`ARK_BASE_URL`: {_API_V3}",
        "with_volcengine_ark_mcp.py",
        steps=EVERY_STEP - {Step.LIST, Step.DELETE},
    ),
    _program("volcengine-video-mcp", f"`ARK_BASE_URL`: {_NO_PATH}", "with_volcengine_video_mcp.py", steps=_NO_DOWNLOAD),
    _program(
        "zjandrew-seedance-cli",
        f"`SEEDANCE_ENDPOINT`: {_API_V3}",
        "with_zjandrew_seedance_cli.py",
        lists_by_ids=False,
    ),
]
