"""The unmodified official Python SDKs against the sandbox."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import volcenginesdkcore
from volcenginesdkarkruntime import Ark
from volcenginesdkarkruntime._exceptions import ArkAuthenticationError, ArkBadRequestError, ArkConflictError
from volcenginesdkcore.rest import ApiException

from app.sandbox.config import Account
from tests.sandbox.clients import IMAGE, MODEL, Caller, text


@contextmanager
def _ark(caller: Caller, api_key: str | None = None) -> Iterator[Any]:
    client = Ark(base_url=caller.server.ark_base_url, api_key=api_key or caller.account.api_key, max_retries=0)
    try:
        yield client.content_generation.tasks
    finally:
        client.close()


async def test_ark_creates_reads_lists_and_deletes(caller: Caller) -> None:
    with _ark(caller) as tasks:
        made = await asyncio.to_thread(
            tasks.create,
            model=MODEL,
            content=[text(), {"type": "image_url", "image_url": {"url": IMAGE}, "role": "first_frame"}],
            ratio="16:9",
            duration=5,
            return_last_frame=True,
            tools=[{"type": "web_search"}],
        )
        queued = await asyncio.to_thread(tasks.get, task_id=made.id)
        assert (queued.id, queued.status, queued.content) == (made.id, "queued", None)
        caller.advance(5)
        with pytest.raises(ArkConflictError) as conflict:
            await asyncio.to_thread(tasks.delete, task_id=made.id)
        assert conflict.value.code == "InvalidAction.RunningTaskDeletion"
        caller.advance(600)
        done = await asyncio.to_thread(tasks.get, task_id=made.id)
        assert (done.status, done.usage.completion_tokens, done.duration) == ("succeeded", 108_900, 5)
        assert (await caller.http.get(done.content.last_frame_url)).status_code == 200
        listed = await asyncio.to_thread(
            tasks.list, page_num=1, page_size=10, status="succeeded", task_ids=[made.id, "cgt-20260101000000-abcde"]
        )
        assert (listed.total, [item.id for item in listed.items]) == (1, [made.id])
        await asyncio.to_thread(tasks.delete, task_id=made.id)
    assert (await caller.ask("GET", f"/{made.id}")).status_code == 404


async def test_ark_parses_the_errors(caller: Caller) -> None:
    with _ark(caller) as tasks, pytest.raises(ArkBadRequestError) as refused:
        await asyncio.to_thread(tasks.create, model=MODEL, content=[text()], duration=99)
    assert (refused.value.code, refused.value.param) == ("InvalidParameter", "duration")
    with _ark(caller, "wrong") as tasks, pytest.raises(ArkAuthenticationError):
        await asyncio.to_thread(tasks.get, task_id="cgt-20260101000000-abcde")


class _Universal:
    """The generic OpenAPI client, used as in the documentation."""

    def __init__(self, caller: Caller, account: Account) -> None:
        configuration = volcenginesdkcore.Configuration()
        configuration.ak = account.access_key_id
        configuration.sk = account.secret_access_key
        configuration.session_token = account.session_token
        configuration.region = "cn-beijing"
        configuration.scheme = "http"
        configuration.host = caller.server.origin.removeprefix("http://")
        configuration.num_max_retries = 0
        self._client = volcenginesdkcore.ApiClient(configuration)
        self._api = volcenginesdkcore.UniversalApi(self._client)

    async def call(self, action: str, **body: Any) -> Any:
        information = volcenginesdkcore.UniversalInfo(
            method="POST", service="ark", version="2024-01-01", action=action, content_type="application/json"
        )
        return await asyncio.to_thread(self._api.do_call, information, body)

    def close(self) -> None:
        self._client.rest_client.pool_manager.clear()


@contextmanager
def _universal(caller: Caller, account: Account | None = None) -> Iterator[_Universal]:
    client = _Universal(caller, account or caller.account)
    try:
        yield client
    finally:
        client.close()


async def test_the_universal_client_is_accepted(caller: Caller) -> None:
    with _universal(caller) as client:
        group_id = (await client.call("CreateAssetGroup", Name="我的 素材", GroupType="AIGC"))["Id"]
        asset = {"GroupId": group_id, "URL": IMAGE, "AssetType": "Image"}
        asset_id = (await client.call("CreateAsset", **asset))["Id"]
        caller.advance(10)
        assert (await client.call("GetAsset", Id=asset_id))["Status"] == "Active"
        listed = await client.call("ListAssets", Filter={"GroupType": "AIGC", "Name": ""}, PageNumber=1, PageSize=10)
        assert [item["Id"] for item in listed["Items"]] == [asset_id]
        with pytest.raises(ApiException) as refused:
            await client.call("GetAsset", Id="asset-20260101000000-abcde")
        assert refused.value.status == 404
        assert "NotFound.asset_id" in refused.value.body


async def test_the_universal_client_sends_temporary_credentials(stranger: Caller) -> None:
    with _universal(stranger) as client:
        assert (await client.call("CreateAssetGroup", Name="x", GroupType="AIGC"))["Id"]


async def test_the_universal_client_is_refused_with_a_wrong_secret(caller: Caller) -> None:
    wrong = Account(name="x", api_key="x", access_key_id=caller.account.access_key_id, secret_access_key="wrong")
    with _universal(caller, wrong) as client, pytest.raises(ApiException) as refused:
        await client.call("GetAsset", Id="asset-x")
    assert refused.value.status == 401
    assert "SignatureDoesNotMatch" in refused.value.body
