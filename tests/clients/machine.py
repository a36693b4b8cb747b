"""Programs that the machine brings: no lock file pins them."""

from tests.clients.program import Program
from tests.support.toolchains import ROOT

_FOLDER = f"{ROOT}/tests/clients/programs"

MACHINE = [
    Program(
        name="curl --http2",
        version="",
        setting="`$SEEDGATE_URL/api/v3/…`",
        mark="clients",
        command=("bash", f"{_FOLDER}/curl/video.sh"),
        needs={"curl": "apt-get install curl"},
    ),
]
