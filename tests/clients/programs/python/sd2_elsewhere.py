"""The command ``sd2`` with the gateway's address in the place of the platform's, which it has built in."""

import os
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import requests
from sd2.assets import sign_util
from sd2.cli import main
from sd2.video import task

gateway = urlsplit(os.environ["SEEDGATE_URL"])
task.REGION_API_BASE_MAP["cn-beijing"] = gateway.geturl()
sign_util.REGION_HOST_MAP["cn-beijing"] = gateway.netloc


def request(method: str, url: str, **options: Any) -> requests.Response:
    """Sends what it has signed, for https always, by the scheme of the gateway."""
    return requests.request(method, url.replace("https", gateway.scheme, 1), **options)


sign_util.requests = SimpleNamespace(request=request)

main()
