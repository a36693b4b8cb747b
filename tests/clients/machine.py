"""Programs that are installed on the machine: no lock file pins them."""

from tests.clients.program import Program
from tests.support.toolchains import BUILT, ROOT

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
    Program(
        name="curl",
        version="",
        setting="`$SEEDGATE_URL/v1/…`",
        mark="clients",
        command=("bash", f"{_FOLDER}/curl/videos.sh"),
        lists_by_ids=False,
        path="/v1/videos",
        needs={"curl": "apt-get install curl"},
    ),
    Program(
        name="java.net.http.HttpClient",
        version="",
        setting="`$SEEDGATE_URL/api/v3/…`",
        mark="clients",
        command=("java", "-XX:TieredStopAtLevel=1", f"{_FOLDER}/java/Video.java"),
        needs={"javac": "JDK 17"},
    ),
    Program(
        name="Go net/http",
        version="",
        setting="`$SEEDGATE_URL/api/v3/…`",
        mark="programs",
        build="clients-go",
        command=(str(BUILT / "clients-go" / "main"),),
    ),
    Program(
        name="GNU wget",
        version="",
        setting="`$SEEDGATE_URL/api/v3/…`",
        mark="programs",
        command=("python3", f"{_FOLDER}/python/with_wget.py"),
        needs={"python3": "Python 3.11", "wget": "apt-get install wget"},
    ),
]
