"""Clients of a sandbox that use its wire formats, not its code."""

import json
from datetime import datetime
from typing import Any

import httpx

from app.sandbox.config import DEFAULT_ACCOUNT, Account
from app.sandbox.server import SandboxServer
from app.upstream.signature import sign
from tests.support.timeouts import HANG_SECONDS

MODEL = "doubao-seedance-2-0-260128"
TASKS = "/api/v3/contents/generations/tasks"
IMAGE = "https://example.com/picture.png"
VIDEO = "https://example.com/clip.mp4"
AUDIO = "https://example.com/sound.mp3"


def text(prompt: str = "a kitten stretches") -> dict[str, Any]:
    return {"type": "text", "text": prompt}


def image(role: str | None = None, url: str = IMAGE) -> dict[str, Any]:
    item: dict[str, Any] = {"type": "image_url", "image_url": {"url": url}}
    return item if role is None else {**item, "role": role}


def video(url: str = VIDEO, role: str | None = "reference_video") -> dict[str, Any]:
    return {"type": "video_url", "video_url": {"url": url}, "role": role}


def audio(url: str = AUDIO, role: str | None = "reference_audio") -> dict[str, Any]:
    return {"type": "audio_url", "audio_url": {"url": url}, "role": role}


class Caller:
    """A client of both planes and of the control API, with one account."""

    def __init__(self, server: SandboxServer, account: Account = DEFAULT_ACCOUNT) -> None:
        self.server = server
        self.account = account
        self.http = httpx.AsyncClient(base_url=server.origin, timeout=HANG_SECONDS, verify=False, trust_env=False)

    def now(self) -> datetime:
        """Returns the time with which the sandbox compares ``X-Date``."""
        return self.server.config.clock()

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Calls the data plane with the account's key."""
        headers = {"Authorization": f"Bearer {self.account.api_key}", **options.pop("headers", {})}
        return await self.http.request(method, f"{TASKS}{path}", headers=headers, **options)

    async def create(self, *content: dict[str, Any], **fields: Any) -> httpx.Response:
        """Creates a task; ``fields`` are members of the body beside ``content``."""
        return await self.ask("POST", "", json={"model": MODEL, "content": list(content) or [text()], **fields})

    async def made(self, *content: dict[str, Any], **fields: Any) -> str:
        """Creates a task, asserts that it is accepted, and returns its id."""
        response = await self.create(*content, **fields)
        assert response.status_code == 200, response.text
        return str(response.json()["id"])

    async def task(self, task_id: str) -> dict[str, Any]:
        """Returns a task and asserts that it exists."""
        response = await self.ask("GET", f"/{task_id}")
        assert response.status_code == 200, response.text
        shown: dict[str, Any] = response.json()
        return shown

    async def finished(self, *content: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Creates a task, advances the clock by an hour and returns the task."""
        task_id = await self.made(*content, **fields)
        self.advance(3600)
        return await self.task(task_id)

    async def act(self, action: str, **body: Any) -> httpx.Response:
        """Calls an action of the control plane with a signature."""
        content = json.dumps(body).encode()
        query = {"Action": action, "Version": "2024-01-01"}
        signed = sign(
            method="POST",
            host=self.server.origin.removeprefix("http://"),
            path="/",
            query_pairs=query.items(),
            headers={"Content-Type": "application/json"},
            body=content,
            access_key_id=self.account.access_key_id,
            secret_access_key=self.account.secret_access_key,
            session_token=self.account.session_token,
            region="cn-beijing",
            service="ark",
            at=self.now(),
        )
        return await self.http.post("/", params=query, content=content, headers=signed)

    async def result(self, action: str, **body: Any) -> dict[str, Any]:
        """Calls an action, asserts that it succeeds, and returns its Result."""
        response = await self.act(action, **body)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()["Result"]
        return found

    async def group(self, **fields: Any) -> str:
        """Creates a group and returns its id."""
        return str((await self.result("CreateAssetGroup", **{"Name": "group", **fields}))["Id"])

    async def asset(self, group_id: str, url: str = IMAGE, kind: str = "Image", **fields: Any) -> str:
        """Creates an asset and returns its id."""
        made = await self.result("CreateAsset", GroupId=group_id, URL=url, AssetType=kind, **fields)
        return str(made["Id"])

    async def control(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Calls the control API and asserts that it succeeds."""
        response = await self.http.request(method, f"/_sandbox{path}", json=body or None)
        assert response.status_code in {200, 201}, response.text
        found: dict[str, Any] = response.json()
        return found

    async def fault(self, operation: str, /, *, times: int | None = 1, skip: int = 0, **effect: Any) -> dict[str, Any]:
        """Adds a fault."""
        return await self.control("POST", "/faults", operation=operation, times=times, skip=skip, effect=effect)

    async def ledger(self) -> dict[str, Any]:
        """Returns the ledger."""
        return await self.control("GET", "/ledger")

    def advance(self, seconds: float) -> None:
        """Advances the sandbox's clock."""
        self.server.store.clock.advance(seconds)


def error_of(response: httpx.Response) -> tuple[int, str, str]:
    """Returns status, code and message of either plane's error, without the request id."""
    body = response.json()
    if "ResponseMetadata" in body:
        error = body["ResponseMetadata"]["Error"]
        return response.status_code, error["Code"], error["Message"]
    error = body["error"]
    return response.status_code, error["code"], error["message"].split(" Request id: ")[0]
