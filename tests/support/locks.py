"""Versions of other people's programs, read from the lock files that pin them."""

import re

from tests.support.toolchains import ROOT


def pip_version(lock: str, package: str) -> str:
    """Returns the version of a package in a hash-locked file of requirements, given relative to the root."""
    return _pinned(lock, rf"^{package}==(\S+)")


def npm_version(lock: str, package: str) -> str:
    """Returns the version of a package in a ``package-lock.json``, given relative to the root."""
    return _pinned(lock, rf'"node_modules/{package}": {{[^}}]*?"version": "([^"]+)"')


def node_range(package_file: str) -> str:
    """Returns the releases of Node.js that a ``package.json`` asks for."""
    return _pinned(package_file, r'"node": "([^"]+)"')


def maven_version(pom: str, artifact: str) -> str:
    """Returns the version of an artifact in a project."""
    return _pinned(pom, rf"<artifactId>{artifact}</artifactId>\s*<version>([^<]+)")


def go_version(module_file: str, module: str) -> str:
    """Returns the version of a module in a ``go.mod``."""
    return _pinned(module_file, rf"{module} v(\S+)")


def _pinned(file: str, pattern: str) -> str:
    found = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{file} does not pin {pattern}"
    return found[1]
