"""The unmodified official Python SDKs against the sandbox."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import volcenginesdkcore
from volcenginesdkarkruntime import Ark
from volcenginesdkarkruntime._exceptions import ArkAuthenticationError, ArkBadRequestError, ArkConflictError
from volcenginesdkcore.rest import ApiException

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


@contextmanager
def _universal(caller: Caller) -> Iterator[Callable[..., Awaitable[Any]]]:
    """Yields a function that calls an action with the generic OpenAPI client, used as in its documentation."""
    configuration = volcenginesdkcore.Configuration()
    configuration.ak, configuration.sk = caller.account.access_key_id, caller.account.secret_access_key
    configuration.session_token = caller.account.session_token
    configuration.region, configuration.scheme = "cn-beijing", "http"
    configuration.host = caller.server.origin.removeprefix("http://")
    configuration.num_max_retries = 0
    client = volcenginesdkcore.ApiClient(configuration)
    api = volcenginesdkcore.UniversalApi(client)

    async def call(action: str, **body: Any) -> Any:
        information = volcenginesdkcore.UniversalInfo(
            method="POST", service="ark", version="2024-01-01", action=action, content_type="application/json"
        )
        return await asyncio.to_thread(api.do_call, information, body)

    try:
        yield call
    finally:
        client.rest_client.pool_manager.clear()


async def test_the_universal_client_is_accepted_with_lasting_and_temporary_credentials(
    caller: Caller, stranger: Caller
) -> None:
    with _universal(caller) as call:
        group_id = (await call("CreateAssetGroup", Name="我的 素材", GroupType="AIGC"))["Id"]
        asset = {"GroupId": group_id, "URL": IMAGE, "AssetType": "Image"}
        asset_id = (await call("CreateAsset", **asset))["Id"]
        caller.advance(10)
        assert (await call("GetAsset", Id=asset_id))["Status"] == "Active"
        listed = await call("ListAssets", Filter={"GroupType": "AIGC", "Name": ""}, PageNumber=1, PageSize=10)
        assert [item["Id"] for item in listed["Items"]] == [asset_id]
        with pytest.raises(ApiException) as refused:
            await call("GetAsset", Id="asset-20260101000000-abcde")
        assert refused.value.status == 404
        assert "NotFound.asset_id" in refused.value.body
    with _universal(stranger) as call:
        assert (await call("CreateAssetGroup", Name="x", GroupType="AIGC"))["Id"]
