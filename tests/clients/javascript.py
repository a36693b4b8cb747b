"""Programs in JavaScript, and a browser that one of them drives."""

import shutil
from dataclasses import dataclass

from tests.clients import builds
from tests.clients.program import EVERY_STEP, Mark, Program, Step
from tests.support.locks import npm_version
from tests.support.toolchains import ROOT


@dataclass(frozen=True)
class _Packages:
    """What one lock file pins."""

    mark: Mark
    build: str
    folder: str

    def program(self, package: str, file: str, setting: str, steps: frozenset[Step] = EVERY_STEP) -> Program:
        """A program that uses one of them."""
        return Program(
            name=package,
            version=npm_version(f"{self.folder}/package-lock.json", package),
            setting=setting,
            mark=self.mark,
            build=self.build,
            command=("node", f"{ROOT}/{self.folder}/{file}"),
            steps=steps,
        )


_EVERY_RUN = _Packages("clients", "clients-javascript", builds.JAVASCRIPT)
_ONCE = _Packages("programs", "clients-javascript-libraries", builds.JAVASCRIPT_LIBRARIES)
_BASE_URL = "`$SEEDGATE_URL/api/v3`"
_FULL_URL = "`$SEEDGATE_URL/api/v3/…`"

JAVASCRIPT = [
    _EVERY_RUN.program(
        "@ai-sdk/bytedance", "ai_sdk.mjs", f"`baseURL`: {_BASE_URL}", EVERY_STEP - {Step.LIST, Step.DELETE}
    ),
    _EVERY_RUN.program("axios", "axios.mjs", f"`baseURL`: {_BASE_URL}"),
    Program(
        name="Chromium, `fetch` of another origin",
        version="",
        setting=_FULL_URL,
        mark="clients",
        build="clients-javascript",
        command=("node", f"{ROOT}/{builds.JAVASCRIPT}/browser.mjs", shutil.which("chromium") or "chromium"),
        needs={"chromium": "apt-get install chromium"},
    ),
    _ONCE.program("got", "got.mjs", f"`prefixUrl`: {_BASE_URL}"),
    _ONCE.program("ky", "ky.mjs", f"`prefixUrl`: {_BASE_URL}"),
    _ONCE.program("node-fetch", "node_fetch.mjs", _FULL_URL),
    _ONCE.program("superagent", "superagent.mjs", _FULL_URL),
    _ONCE.program("undici", "undici.mjs", _FULL_URL),
]
