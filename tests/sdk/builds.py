"""What is built for samples and probes, for each language from its own lock files.

``python -m tests.sdk.builds`` builds all of it.
"""

import sys

from tests.support.toolchains import Build, Step, build_all, go_programs, node_modules, python_environment

GO_PROBES = "tests/sdk/probes/go"
GO_SAMPLES = "examples/go"
GO_PROXY = "tests/proxies/plain_go"
S3_SERVER = "tests/archive/versitygw"
JAVA_PROBES = "tests/sdk/probes/java"
JAVA_SAMPLES = "examples/java"
NODE_PROBES = "tests/sdk/probes/node"
PYTHON_PROBES = "tests/sdk/probes/python"


def _java(name: str, *, pom: str, libraries: str, classes: str, probes: tuple[str, ...]) -> Build:
    """The classes of some probes, and with the samples' own project those of the samples.

    Args:
        name: the name of the build.
        pom: the project that depends on the SDK.
        libraries: where it puts the SDK.
        classes: where the probes' classes go.
        probes: their names.
    """
    folder, _, file = pom.rpartition("/")
    sources = [f"{JAVA_PROBES}/{each}.java" for each in ("Probing", *probes)]
    compiling = ("javac", "--release", "17", "-d", classes, "-cp", f"{libraries}/*")
    return Build(
        name=name,
        programs={"javac": "JDK 17", "mvn": "Maven 3.8"},
        sources=(pom, JAVA_SAMPLES, JAVA_PROBES),
        steps=(Step(("mvn", "-B", "-q", "-f", file, "compile"), folder), Step((*compiling, *sources))),
        outcome=f"{classes}/{probes[0]}.class",
    )


BUILDS = {
    each.name: each
    for each in (
        go_programs("go", GO_SAMPLES, "./..."),
        go_programs("go-probes", GO_PROBES, "./ark", "./universal"),
        go_programs("go-old", GO_PROBES, "-modfile=go.old.mod", "./universal"),
        go_programs("go-proxy", GO_PROXY, "."),
        go_programs("versitygw", S3_SERVER, "github.com/versity/versitygw/cmd/versitygw"),
        _java(
            "java",
            pom=f"{JAVA_SAMPLES}/pom.xml",
            libraries=f"{JAVA_SAMPLES}/target/lib",
            classes=f"{JAVA_PROBES}/target/current",
            probes=("ArkProbe", "UniversalProbe"),
        ),
        _java(
            "java-old",
            pom=f"{JAVA_PROBES}/pom-old.xml",
            libraries=f"{JAVA_PROBES}/target/old/lib",
            classes=f"{JAVA_PROBES}/target/old/classes",
            probes=("UniversalProbe",),
        ),
        python_environment("python", f"{PYTHON_PROBES}/requirements.lock"),
        python_environment("python-old", f"{PYTHON_PROBES}/requirements-old.lock"),
        python_environment("python-openai", f"{PYTHON_PROBES}/requirements-openai.lock"),
        python_environment("python-openai-2", f"{PYTHON_PROBES}/requirements-openai-2.lock"),
        node_modules("node", "examples/node"),
        node_modules("node-probes", NODE_PROBES),
    )
}
"""All builds, by name."""

if __name__ == "__main__":
    sys.exit(build_all(BUILDS))
