"""Fixtures of the contract tests."""

import pytest_asyncio

from tests.support.driving import activate, new_asset, new_group
from tests.support.gateway import Gateway, Tenant


@pytest_asyncio.fixture(scope="session")
async def tenant(gateway: Gateway) -> Tenant:
    """The tenant of all contract tests that need no shelf of their own."""
    return await gateway.tenant()


@pytest_asyncio.fixture(scope="session")
async def assets(gateway: Gateway, tenant: Tenant) -> dict[str, str]:
    """The tenant's Active assets: the content type that may use each → its id."""
    group_id = await new_group(tenant)
    kinds = {"image_url": "Image", "video_url": "Video", "audio_url": "Audio"}
    made = {name: await new_asset(tenant, group_id, AssetType=kind) for name, kind in kinds.items()}
    for asset_id in made.values():
        await activate(gateway, tenant, asset_id)
    return made


@pytest_asyncio.fixture(scope="session")
async def stranger(gateway: Gateway) -> Tenant:
    """Another tenant."""
    return await gateway.tenant()


@pytest_asyncio.fixture(scope="session")
async def foreign_asset(stranger: Tenant) -> str:
    """An asset of the other tenant."""
    return await new_asset(stranger, await new_group(stranger))
