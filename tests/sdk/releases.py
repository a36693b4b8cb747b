"""The releases of the matrix: the current one of each SDK, and an older line where it behaves differently."""

from tests.sdk.builds import GO_PROBES, JAVA_PROBES, JAVA_SAMPLES, NODE_PROBES, PYTHON_PROBES
from tests.sdk.clients import Client
from tests.support.locks import go_version, maven_version, node_range, npm_version, pip_version
from tests.support.toolchains import BUILT


def _python(name: str, probe: str) -> tuple[str, ...]:
    return str(BUILT / name / "bin" / "python"), f"{PYTHON_PROBES}/{probe}.py"


def _pip(lock: str, package: str) -> str:
    return pip_version(f"{PYTHON_PROBES}/{lock}", package)


def _go(name: str, probe: str, *arguments: str) -> tuple[str, ...]:
    return str(BUILT / name / probe), *arguments


def _java(classes: str, libraries: str, probe: str) -> tuple[str, ...]:
    # A virtual machine that lives for one call need not learn to be fast.
    return "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{classes}:{libraries}/*", probe


def _npm(package: str) -> str:
    """Returns the version of a package in the probes' lock file."""
    return npm_version(f"{NODE_PROBES}/package-lock.json", package)


def _node(probe: str, *arguments: str) -> tuple[str, ...]:
    return "node", f"{NODE_PROBES}/{probe}.mjs", *arguments


_PYTHON_ATTEMPTS = {"429": 3, "500": 3, "503": 3, "cut": 2, "slow": 2}

PYTHON_ARK = Client(
    name="volcengine-python-sdk[ark]",
    version=_pip("requirements.lock", "volcengine-python-sdk"),
    build="python",
    command=_python("python", "probe_ark"),
    attempts=_PYTHON_ATTEMPTS,
)
PYTHON_OLD_ARK = Client(
    name="volcengine-python-sdk[ark]",
    version=_pip("requirements-old.lock", "volcengine-python-sdk"),
    build="python-old",
    command=_python("python-old", "probe_ark"),
    attempts=_PYTHON_ATTEMPTS,
)
PYTHON_ARKRUNTIME = Client(
    name="arkruntime (Python)",
    version=_pip("requirements.lock", "arkruntime"),
    build="python",
    command=_python("python", "probe_arkruntime"),
    attempts=_PYTHON_ATTEMPTS,
    marks_retries=True,
)
PYTHON_OPENAI = Client(
    name="openai (Python)",
    version=_pip("requirements.lock", "openai"),
    build="python",
    command=_python("python", "probe_openai"),
    attempts=_PYTHON_ATTEMPTS,
    marks_retries=True,
)
PYTHON_UNIVERSAL = Client(
    name="volcenginesdkcore (Python)",
    version=_pip("requirements.lock", "volcenginesdk-core"),
    build="python",
    command=_python("python", "probe_universal"),
    attempts={"429": 4, "500": 4, "503": 4, "cut": 2, "slow": 2},
    reads_bare=False,
    marks_retries=True,
)
PYTHON_OLD_UNIVERSAL = Client(
    name="volcenginesdkcore (Python)",
    version=_pip("requirements-old.lock", "volcengine-python-sdk"),
    build="python-old",
    command=_python("python-old", "probe_universal"),
    reads_bare=False,
)
_GO_ATTEMPTS = {"429": 4, "500": 4, "503": 4, "cut": 2, "slow": 2}

GO_ARK = Client(
    name="volcengine-go-sdk arkruntime",
    version=go_version(f"{GO_PROBES}/go.mod", "volcengine-go-sdk"),
    build="go-probes",
    command=_go("go-probes", "ark"),
    attempts={"429": 3, "500": 3, "503": 3, "cut": 2, "slow": 2},
)
GO_UNIVERSAL = Client(
    name="volcengine-go-sdk DoCall",
    version=go_version(f"{GO_PROBES}/go.mod", "volcengine-go-sdk"),
    build="go-probes",
    command=_go("go-probes", "universal"),
    attempts=_GO_ATTEMPTS,
    marks_retries=True,
)
GO_TYPED = Client(
    name="volcengine-go-sdk DoCallWithType",
    version=go_version(f"{GO_PROBES}/go.mod", "volcengine-go-sdk"),
    build="go-probes",
    command=_go("go-probes", "universal", "-typed"),
    attempts=_GO_ATTEMPTS,
    marks_retries=True,
    reads_bare=False,
)
GO_OLD_UNIVERSAL = Client(
    name="volcengine-go-sdk DoCall",
    version=go_version(f"{GO_PROBES}/go.old.mod", "volcengine-go-sdk"),
    build="go-old",
    command=_go("go-old", "universal"),
    attempts=_GO_ATTEMPTS,
)
JAVA_ARK = Client(
    name="volcengine-java-sdk-ark-runtime",
    version=maven_version(f"{JAVA_SAMPLES}/pom.xml", "volcengine-java-sdk-ark-runtime"),
    build="java",
    command=_java(f"{JAVA_PROBES}/target/current", f"{JAVA_SAMPLES}/target/lib", "ArkProbe"),
    # Its timeout is that of all tries together.
    attempts={"429": 3, "500": 3, "503": 3, "cut": 2},
)
JAVA_UNIVERSAL = Client(
    name="volcengine-java-sdk-core",
    version=maven_version(f"{JAVA_SAMPLES}/pom.xml", "volcengine-java-sdk-core"),
    build="java",
    command=_java(f"{JAVA_PROBES}/target/current", f"{JAVA_SAMPLES}/target/lib", "UniversalProbe"),
    # A connection that ends in order is no reason to try again for it; a reset one is.
    attempts={"429": 4, "500": 4, "503": 4, "slow": 2},
)
JAVA_OLD_UNIVERSAL = Client(
    name="volcengine-java-sdk-core",
    version=maven_version(f"{JAVA_PROBES}/pom-old.xml", "volcengine-java-sdk-core"),
    build="java-old",
    command=_java(f"{JAVA_PROBES}/target/old/classes", f"{JAVA_PROBES}/target/old/lib", "UniversalProbe"),
    shows=frozenset({"status", "message"}),
)
NODE_FETCH = Client(
    name="fetch (Node.js)",
    version=node_range(f"{NODE_PROBES}/package.json"),
    build="node-probes",
    command=_node("probe_fetch"),
)
NODE_CORE = Client(
    name="@volcengine/sdk-core (Node.js)",
    version=_npm("@volcengine/sdk-core"),
    build="node-probes",
    command=_node("probe_sdk_core"),
    attempts={"429": 4, "500": 4, "503": 4, "cut": 2, "slow": 2},
)
NODE_OPENAPI = Client(
    name="@volcengine/openapi (Node.js)",
    version=_npm("@volcengine/openapi"),
    build="node-probes",
    command=_node("probe_openapi"),
    shows=frozenset({"code", "message", "request_id"}),
    ways=("access_key", "x_api_key"),
)
NODE_OLD_OPENAPI = Client(
    name="@volcengine/openapi (Node.js)",
    version=_npm("openapi-old"),
    build="node-probes",
    command=_node("probe_openapi", "openapi-old"),
    shows=frozenset({"code", "message", "request_id"}),
    ways=("access_key", "x_api_key"),
)

_OPENAI_ATTEMPTS = {"429": 3, "500": 3, "503": 3, "cut": 2, "slow": 2}

PYTHON_OPENAI_VIDEOS = Client(
    name="openai (Python)",
    version=_pip("requirements-openai.lock", "openai"),
    build="python-openai",
    command=_python("python-openai", "probe_openai_videos"),
    attempts=_OPENAI_ATTEMPTS,
    marks_retries=True,
)
PYTHON_OPENAI_2_VIDEOS = Client(
    name="openai (Python)",
    version=_pip("requirements-openai-2.lock", "openai"),
    build="python-openai-2",
    command=_python("python-openai-2", "probe_openai_videos"),
    attempts=_OPENAI_ATTEMPTS,
    marks_retries=True,
)
NODE_OPENAI_VIDEOS = Client(
    name="openai (Node.js)",
    version=_npm("openai"),
    build="node-probes",
    command=_node("probe_openai_videos", "openai"),
    attempts=_OPENAI_ATTEMPTS,
    marks_retries=True,
    has_poll_helper=False,
)
NODE_OPENAI_6_VIDEOS = Client(
    name="openai (Node.js)",
    version=_npm("openai-6"),
    build="node-probes",
    command=_node("probe_openai_videos", "openai-6"),
    attempts=_OPENAI_ATTEMPTS,
    marks_retries=True,
    has_poll_helper=False,
)

CLIENTS = {
    "tasks": (PYTHON_ARK, PYTHON_OLD_ARK, PYTHON_ARKRUNTIME, PYTHON_OPENAI, GO_ARK, JAVA_ARK, NODE_FETCH),
    "assets": (
        PYTHON_UNIVERSAL,
        PYTHON_OLD_UNIVERSAL,
        GO_UNIVERSAL,
        GO_TYPED,
        GO_OLD_UNIVERSAL,
        JAVA_UNIVERSAL,
        JAVA_OLD_UNIVERSAL,
        NODE_CORE,
        NODE_OPENAPI,
        NODE_OLD_OPENAPI,
    ),
    "videos": (PYTHON_OPENAI_VIDEOS, PYTHON_OPENAI_2_VIDEOS, NODE_OPENAI_VIDEOS, NODE_OPENAI_6_VIDEOS),
}
"""Every release of the matrix, by what its SDK is for."""
