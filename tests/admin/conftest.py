"""Fixtures of this folder."""

from collections.abc import AsyncIterator

import pytest_asyncio

from app.sandbox.config import SandboxConfig
from app.sandbox.server import SandboxServer
from tests.admin.sandbox_channel import OURS, OURS_RENEWED, THEIRS, SandboxChannel
from tests.support.admin_fixtures import app, clock, other_process, process, seconds
from tests.support.channel_app import ChannelApp
from tests.support.frozen_gateway import prepared_gateway

__all__ = ["app", "clock", "other_process", "process", "seconds"]

gateway = prepared_gateway


@pytest_asyncio.fixture(scope="session")
async def server() -> AsyncIterator[SandboxServer]:
    """One upstream for all tests of channels; they use other ids, and clear their faults."""
    async with SandboxServer(SandboxConfig(accounts=(OURS, OURS_RENEWED, THEIRS), limits=None)) as running:
        yield running


@pytest_asyncio.fixture
async def upstream(server: SandboxServer) -> AsyncIterator[SandboxServer]:
    """The upstream without scripted faults."""
    yield server
    server.store.faults.clear()


@pytest_asyncio.fixture
async def sandbox_channel(app: ChannelApp, upstream: SandboxServer) -> SandboxChannel:
    """A channel whose credentials work."""
    opened = SandboxChannel(app, upstream)
    await opened.create()
    return opened
