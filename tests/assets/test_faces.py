"""Face verification: tokens belong to their tenant, and so do the groups that they yield."""

import asyncio
from dataclasses import replace

from sqlalchemy import select
from structlog.testing import capture_logs

from app.assets.faces import FaceActions
from app.assets.models import ValidationSessionRow
from app.assets.schemas import GetVisualValidateResultRequest, parse_request
from app.assets.upstream import AssetsUpstream
from app.audit.models import AuditRow
from app.channels.channel import Channel
from app.tenants.principal import Principal
from app.upstream.http.client import open_http_client
from app.upstream.openapi import OpenApiClient
from tests.assets.gateway import AssetsGateway, by_path, by_query, list_assets, natively, principal, refused
from tests.support.driving import act, new_asset, pass_verification
from tests.support.gateway import HELD, Tenant
from tests.support.loopback import LOOPBACK_ALLOWED
from tests.support.timeouts import until

BACK = "https://example.com/back?x=1"


async def _passed(gateway: AssetsGateway, tenant: Tenant) -> str:
    opened = await act(tenant, "CreateVisualValidateSession", CallbackURL=BACK)
    await pass_verification(opened["H5Link"])
    return str(opened["BytedToken"])


async def test_concurrent_requests_for_a_result_share_one_call(gateway: AssetsGateway, tenant: Tenant) -> None:
    token = await _passed(gateway, tenant)
    before = gateway.count("GetVisualValidateResult")
    await gateway.fault("GetVisualValidateResult", **HELD)
    asking = asyncio.gather(
        *(
            entry(tenant, "GetVisualValidateResult", {"BytedToken": token})
            for entry in (by_path, by_query, natively)
            for _ in range(5)
        )
    )
    await until(lambda: gateway.count("GetVisualValidateResult") > before)
    await gateway.release()
    answers = await asking
    found = {response.json().get("Result", response.json())["GroupId"] for response in answers}
    assert len(found) == 1
    assert gateway.count("GetVisualValidateResult") == before + 1


async def test_a_request_that_read_the_session_before_it_finished_makes_no_second_call(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    is_reading, may_go_on = asyncio.Event(), asyncio.Event()

    class SlowOnce(AssetsUpstream):
        async def channel_of(self, principal: Principal, channel_id: str) -> Channel:
            if not is_reading.is_set():
                is_reading.set()
                await may_go_on.wait()
            return await super().channel_of(principal, channel_id)

    asking = principal(tenant)
    request = parse_request(GetVisualValidateResultRequest, {"BytedToken": await _passed(gateway, tenant)})
    async with open_http_client(destinations=LOOPBACK_ALLOWED) as http:
        upstream = SlowOnce(gateway.services.directory, OpenApiClient(http, gateway.clock))
        faces = FaceActions(replace(gateway.context(http), upstream=upstream))
        late = asyncio.create_task(faces.get_result(asking, request))
        await is_reading.wait()
        first = await faces.get_result(asking, request)
        before = gateway.calls
        may_go_on.set()
        assert (await late).body.to_wire() == first.body.to_wire()
    assert gateway.calls == before


async def test_a_known_result_is_answered_without_the_upstream(gateway: AssetsGateway, tenant: Tenant) -> None:
    token = await _passed(gateway, tenant)
    first = await act(tenant, "GetVisualValidateResult", BytedToken=token)
    before = gateway.calls
    assert await act(tenant, "GetVisualValidateResult", BytedToken=token) == first
    assert gateway.calls == before


async def test_a_verification_that_is_not_finished_looks_like_an_unknown_token(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    opened = await act(tenant, "CreateVisualValidateSession", CallbackURL=BACK)
    unfinished = await refused(
        tenant, "GetVisualValidateResult", 404, "NotFound.BytedToken", BytedToken=opened["BytedToken"]
    )
    unknown = await refused(tenant, "GetVisualValidateResult", 404, "NotFound.BytedToken", BytedToken="nothing")
    assert unfinished["message"].split(" Request id")[0] == unknown["message"].split(" Request id")[0]
    await pass_verification(opened["H5Link"])
    assert (await act(tenant, "GetVisualValidateResult", BytedToken=opened["BytedToken"]))["GroupId"]


async def test_the_group_belongs_to_the_tenant_who_can_list_fill_and_use_it(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    group_id = await gateway.new_face_group(tenant)
    shown = await act(tenant, "GetAssetGroup", Id=group_id)
    assert (shown["GroupType"], shown["ProjectName"]) == ("LivenessFace", "default")
    portrait = await new_asset(tenant, group_id)
    stranger = await new_asset(tenant, group_id, URL="https://example.com/other-person/a.png")
    gateway.finish_processing()
    assert (await act(tenant, "GetAsset", Id=portrait))["Status"] == "Active"
    assert (await act(tenant, "GetAsset", Id=stranger))["Error"]["Code"] == "FaceMismatch"
    assert (await list_assets(tenant))["TotalCount"] == 0, "an AIGC list does not show portraits"


async def test_a_group_is_kept_although_the_upstream_does_not_return_its_details(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    token = await _passed(gateway, tenant)
    await gateway.fault("GetAssetGroup", kind="error", status=500, code="InternalServiceError")
    group_id = (await act(tenant, "GetVisualValidateResult", BytedToken=token))["GroupId"]
    assert (await act(tenant, "GetAssetGroup", Id=group_id))["GroupType"] == "LivenessFace"


async def test_a_group_of_another_tenant_is_neither_moved_nor_shared_and_that_is_audited(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    other = await gateway.tenant()
    foreign = await gateway.new_face_group(other)
    token = await _passed(gateway, tenant)
    # The same person was verified before: the upstream names the group that it has already.
    gateway.sandbox.store.faces.by_token[token].group_id = foreign
    message = await refused(tenant, "GetVisualValidateResult", 404, "NotFound.BytedToken", BytedToken=token)
    unknown = await refused(tenant, "GetVisualValidateResult", 404, "NotFound.BytedToken", BytedToken="nothing")
    assert message["message"].split(" Request id")[0] == unknown["message"].split(" Request id")[0]
    before = gateway.calls
    await refused(tenant, "GetVisualValidateResult", 404, "NotFound.BytedToken", BytedToken=token)
    assert gateway.calls == before
    await refused(tenant, "GetAssetGroup", 404, "NotFound.group_id", Id=foreign)
    assert (await act(other, "GetAssetGroup", Id=foreign))["Id"] == foreign
    async with gateway.sessions.begin() as session:
        query = select(AuditRow).where(AuditRow.target_id == foreign, AuditRow.tenant_id == tenant.id)
        [row] = (await session.scalars(query)).all()
    assert (row.action, row.target_type, row.actor_id) == ("face_group.refuse", "asset_group", tenant.key_id)


async def test_the_same_person_verified_twice_by_one_tenant_is_the_same_group(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    group_id = await gateway.new_face_group(tenant)
    token = await _passed(gateway, tenant)
    gateway.sandbox.store.faces.by_token[token].group_id = group_id
    assert (await act(tenant, "GetVisualValidateResult", BytedToken=token))["GroupId"] == group_id
    listed = await act(tenant, "ListAssetGroups", Filter={"GroupType": "LivenessFace"})
    assert listed["TotalCount"] == 1


async def test_an_unclear_answer_is_a_503_and_the_result_can_be_fetched_later(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    await gateway.fault("CreateVisualValidateSession", kind="cut", at="after")
    response = await by_path(tenant, "CreateVisualValidateSession", {"CallbackURL": BACK})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "ServiceUnavailable")
    token = await _passed(gateway, tenant)
    await gateway.fault("GetVisualValidateResult", kind="cut", at="after")
    response = await by_path(tenant, "GetVisualValidateResult", {"BytedToken": token})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "ServiceUnavailable")
    assert (await act(tenant, "GetVisualValidateResult", BytedToken=token))["GroupId"]


async def test_links_and_tokens_are_neither_logged_nor_stored(gateway: AssetsGateway, tenant: Tenant) -> None:
    with capture_logs() as logs:
        opened = await act(tenant, "CreateVisualValidateSession", CallbackURL=BACK)
        await gateway.fault("GetVisualValidateResult", kind="error", status=500, code="InternalServiceError")
        await by_path(tenant, "GetVisualValidateResult", {"BytedToken": opened["BytedToken"]})
        await pass_verification(opened["H5Link"])
        await act(tenant, "GetVisualValidateResult", BytedToken=opened["BytedToken"])
        await by_path(tenant, "GetVisualValidateResult", {"BytedToken": "unknown-token"})
    secrets = [opened["BytedToken"], "unknown-token", "secretAccessKey", "AKTP"]
    text = repr(logs)
    assert logs, "the requests were logged"
    assert [secret for secret in secrets if secret in text] == []
    async with gateway.sessions.begin() as session:
        query = select(ValidationSessionRow).where(ValidationSessionRow.tenant_id == tenant.id)
        [row] = (await session.scalars(query)).all()
    assert len(row.token_hash) == 32
    assert opened["BytedToken"].encode() not in row.token_hash


async def test_a_session_of_another_project_is_unknown(gateway: AssetsGateway, tenant: Tenant) -> None:
    token = await _passed(gateway, tenant)
    await refused(tenant, "GetVisualValidateResult", 404, "NotFound.BytedToken", BytedToken=token, ProjectName="video")
    assert (await act(tenant, "GetVisualValidateResult", BytedToken=token, ProjectName="default"))["GroupId"]
