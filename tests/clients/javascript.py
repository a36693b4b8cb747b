"""Programs in JavaScript."""

from tests.clients.builds import JAVASCRIPT as FOLDER
from tests.clients.program import EVERY_STEP, Mark, Program, Step
from tests.support.locks import npm_version
from tests.support.toolchains import ROOT

_BASE_URL = "`baseURL`: `$SEEDGATE_URL/api/v3`"


def _library(
    package: str,
    file: str,
    *,
    setting: str = _BASE_URL,
    mark: Mark = "clients",
    steps: frozenset[Step] = EVERY_STEP,
) -> Program:
    return Program(
        name=package,
        version=npm_version(f"{FOLDER}/package-lock.json", package),
        setting=setting,
        mark=mark,
        build="clients-javascript",
        command=("node", f"{ROOT}/{FOLDER}/{file}"),
        steps=steps,
    )


JAVASCRIPT = [
    _library("@ai-sdk/bytedance", "ai_sdk.mjs", steps=EVERY_STEP - {Step.LIST, Step.DELETE}),
]
