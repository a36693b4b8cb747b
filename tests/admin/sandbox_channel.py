"""A channel on an account of the sandbox, and upstream objects for it."""

from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from app.sandbox.server import SandboxServer
from app.upstream.credentials import ArkAccount, OpenApiAccount
from tests.support.channel_app import ChannelApp
from tests.support.channel_contents import add_asset, add_group, add_task
from tests.support.plain import PLAIN
from tests.support.shared_accounts import ark_key, key_of_account, key_pair

OURS = key_of_account("ours", "1")
OURS_RENEWED = key_of_account("ours", "2")
THEIRS = key_of_account("theirs", "1")
UNREGISTERED = key_of_account("unregistered", "1")


class SandboxChannel:
    """A channel on the account "ours", with the objects that were made through it."""

    def __init__(self, app: ChannelApp, server: SandboxServer) -> None:
        self.app = app
        self.server = server
        self.id = ""

    async def create(self, **fields: Any) -> None:
        """Creates the channel."""
        addresses = {"ark_base_url": self.server.ark_base_url, "openapi_url": self.server.openapi_url}
        made = await self.app.channel(**{**addresses, **ark_key(OURS), **key_pair(OURS), **fields})
        self.id = made["id"]

    async def new_task(self) -> str:
        """Makes a task upstream, with its row."""
        account = ArkAccount(self.server.ark_base_url, OURS.api_key)
        body = {"model": "doubao-seedance-2-0-260128", "content": [{"type": "text", "text": "a kitten"}]}
        made = await self.app.ark.create(account, orjson.dumps(body), request_id="test")
        async with self.app.sessions.begin() as session:
            await add_task(session, self.id, made, created_at=datetime.now(UTC))
        return made

    async def new_group(self) -> str:
        """Makes a group upstream, with its row."""
        made = await self._call("CreateAssetGroup", {"Name": "group"})
        async with self.app.sessions.begin() as session:
            await add_group(session, self.id, made, created_at=datetime.now(UTC))
        return made

    async def new_asset(self) -> str:
        """Makes an asset upstream, with its row and its group."""
        group = await self.new_group()
        made = await self._call(
            "CreateAsset", {"GroupId": group, "URL": "https://example.com/a.png", "AssetType": "Image"}
        )
        async with self.app.sessions.begin() as session:
            await add_asset(session, self.id, made, group_id=group, created_at=datetime.now(UTC))
        return made

    async def patch(self, **fields: Any) -> dict[str, Any]:
        """Changes the channel."""
        return await self.app.patch(self.id, **fields)

    async def check(self) -> dict[str, dict[str, Any]]:
        """Checks the channel over the admin API; returns the result of each plane."""
        answer = await self.app.http.post(f"/channels/{self.id}/check")
        assert answer.status_code == 200, answer.text
        results: dict[str, dict[str, Any]] = answer.json()
        return results

    async def fault(self, operation: str, *, times: int | None = None, **effect: Any) -> None:
        """Scripts a fault for the calls of an operation; ``times`` None: for all of them."""
        async with httpx.AsyncClient(verify=PLAIN) as http:
            script = {"operation": operation, "times": times, "effect": effect}
            answer = await http.post(f"{self.server.control_url}/faults", json=script)
            assert answer.status_code == 201, answer.text

    def requests(self, operation: str) -> int:
        """Returns how many calls of an operation the upstream has received."""
        return sum(entry.operation == operation for entry in self.server.store.ledger.requests)

    async def _call(self, action: str, body: dict[str, Any]) -> str:
        account = OpenApiAccount(self.server.openapi_url, OURS.access_key_id, OURS.secret_access_key)
        return str((await self.app.control.call(account, action, body))["Id"])
