"""Servers and clients of the upstream for one test."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from app.upstream.ark import ArkClient
from app.upstream.http.client import HttpClient, open_http_client
from app.upstream.openapi import OpenApiClient
from tests.support.loopback import LOOPBACK_ALLOWED
from tests.upstream.certificates import LOOPBACK, certify
from tests.upstream.servers import AT, LoopbackServer, Script, serving, serving_tls


class Bench:
    """Opens servers and clients for one test, and closes them in reverse."""

    def __init__(self, stack: AsyncExitStack, ca_bundle: str) -> None:
        self._stack = stack
        self._ca_bundle = ca_bundle

    async def serve(self, script: Script) -> LoopbackServer:
        return await self._stack.enter_async_context(serving(script))

    async def serve_tls(self, context: ssl.SSLContext, response: bytes) -> int:
        return await self._stack.enter_async_context(serving_tls(context, response))

    async def http(self, **options: object) -> HttpClient:
        client = open_http_client(**{"destinations": LOOPBACK_ALLOWED, "ca_bundle": self._ca_bundle, **options})  # type: ignore[arg-type]
        self._stack.push_async_callback(client.aclose)
        return client

    async def ark(self, **options: object) -> ArkClient:
        return ArkClient(await self.http(**options))

    async def control(self, **options: object) -> OpenApiClient:
        return OpenApiClient(await self.http(**options), lambda: AT)


@pytest.fixture(scope="session")
def ca_bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An unused authority: loading the system's takes longer than most of these tests."""
    _, path = certify(tmp_path_factory.mktemp("authority"), LOOPBACK)
    return path


@pytest.fixture
async def bench(ca_bundle: str) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield Bench(stack, ca_bundle)
