"""What every SDK of the Assets API must do. A class for each SDK inherits these tests and names its client."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from tests.sdk.breakage import without_table
from tests.sdk.clients import Client
from tests.sdk.front import cutting_front, leaving_front
from tests.sdk.table import cell
from tests.sdk.users import SMALL_BODY_BYTES, Report, User
from tests.support.driving import URL, pass_verification
from tests.support.gateway import HELD
from tests.support.site import UPSTREAM

_ALL_GROUPS = {"Filter": {"GroupType": "AIGC"}}
_BARE = "/api/v3/assets"
_IMPATIENT_SECONDS = 2.5
_TIMEOUT_SECONDS = 60.0
_UNKNOWN = {"Id": "asset-20260101000000-zzzzz"}

Record = Callable[[str, Report], None]


class AssetsMatrix:
    """The tests of one SDK."""

    client: ClassVar[Client]

    @pytest.fixture
    def record(self, request: pytest.FixtureRequest) -> Record:
        """Writes the result of a call into the table."""

        def write(operation: str, report: Report) -> None:
            request.node.user_properties.append(cell("assets", operation, self.client, report.cell))

        return write

    @pytest.mark.parametrize("is_signed", [False, True], ids=["key", "signed"])
    async def test_groups_and_assets_go_from_create_to_delete(
        self, user: User, record: Record, *, is_signed: bool
    ) -> None:
        async def act(action: str, **body: Any) -> Any:
            report = await user.act(action, body, is_signed=is_signed)
            record("API key: as a signing key" if is_signed else action, report)
            return result_of(report)

        name = _name()
        group_id = (await act("CreateAssetGroup", Name=name, Description="我的 素材", GroupType="AIGC"))["Id"]
        assert (await act("GetAssetGroup", Id=group_id))["Description"] == "我的 素材"
        assert await act("UpdateAssetGroup", Id=group_id, Name=f"{name} 2") == {"Id": group_id}
        groups = await act("ListAssetGroups", Filter={"GroupType": "AIGC", "Name": name, "GroupIds": [group_id]})
        assert [each["Id"] for each in groups["Items"]] == [group_id]

        asset_id = (await act("CreateAsset", GroupId=group_id, URL=URL, Name=name, AssetType="Image"))["Id"]
        record("GetAsset", await _until_active(user, asset_id, is_signed=is_signed))
        assert await act("UpdateAsset", Id=asset_id, Name=f"{name} 2") == {"Id": asset_id}
        wanted = {"GroupType": "AIGC", "GroupIds": [group_id], "Statuses": ["Active"]}
        assets = await act("ListAssets", Filter=wanted, PageNumber=1, PageSize=10)
        assert [(each["Id"], each["Name"]) for each in assets["Items"]] == [(asset_id, f"{name} 2")]
        assert await act("DeleteAsset", Id=asset_id) == {}
        assert await act("DeleteAssetGroup", Id=group_id) == {}

    async def test_a_verified_face_is_a_group(self, user: User, record: Record) -> None:
        callback = {"CallbackURL": "https://www.example.com/callback"}
        opened = await user.act("CreateVisualValidateSession", callback)
        session = result_of(opened)
        record("CreateVisualValidateSession", opened)
        await pass_verification(session["H5Link"])
        verified = await user.act("GetVisualValidateResult", {"BytedToken": session["BytedToken"]})
        record("GetVisualValidateResult", verified)
        group = result_of(await user.act("GetAssetGroup", {"Id": result_of(verified)["GroupId"]}))
        assert group["GroupType"] == "LivenessFace"

    @pytest.mark.parametrize("way", ["access_key", "x_api_key", "bearer"])
    async def test_a_key_arrives_in_every_way_that_the_sdk_has(
        self, user: User, record: Record, way: str, request: pytest.FixtureRequest
    ) -> None:
        if way not in self.client.ways:
            request.node.user_properties.append(cell("assets", f"API key: {way}", self.client, "–"))
            return
        report = await user.act("ListAssetGroups", _ALL_GROUPS, way=way)
        assert result_of(report)["TotalCount"] == 0
        record(f"API key: {way}", report)

    async def test_the_error_for_a_key_that_the_signer_overwrites_says_what_to_change(
        self, user: User, record: Record
    ) -> None:
        report = await user.act("ListAssetGroups", _ALL_GROUPS, way="printed")
        user.check_shown(report, 401, "AuthenticationError")
        if "message" in self.client.shows:
            assert "AccessKeyId" in report.failure.message
        record("API key: Authorization before signing", report)

    async def test_the_sandbox_accepts_what_the_sdk_signs(self, user: User) -> None:
        name = _name()
        report = await User(self.client, user.site, user.strict, UPSTREAM).act(
            "CreateAssetGroup",
            {"Name": name, "GroupType": "AIGC"},
            is_signed=True,
            endpoint=user.site.sandbox.openapi_url,
            tries=0,
        )
        assert result_of(report)["Id"].startswith("group-")
        assert user.site.made(name) == 1

    async def test_bare_answers_are_read_or_reported_as_expected(self, user: User, record: Record) -> None:
        endpoint = user.site.gateway.url + _BARE
        report = await user.act("ListAssetGroups", _ALL_GROUPS, endpoint=endpoint)
        assert report.answers == [(200, None)]
        is_read = report.outcome.failure is None and report.result.get("TotalCount") == 0
        assert is_read == self.client.reads_bare
        record(
            "endpoint /api/v3/assets", report if is_read or report.outcome.failure else replace(report, note="empty")
        )

    async def test_a_missing_parameter_is_reported(self, user: User, record: Record) -> None:
        report = await user.act("CreateAssetGroup", {"GroupType": "AIGC"})
        user.check_shown(report, 400, "MissingParameter.Name")
        record("400: missing parameter", report)

    async def test_a_wrong_key_is_reported(self, user: User, record: Record) -> None:
        report = await user.act("GetAsset", _UNKNOWN, key="sg-wrong")
        user.check_shown(report, 401, "AuthenticationError")
        record("401: wrong key", report)

    async def test_a_wrong_signature_is_reported(self, user: User, record: Record) -> None:
        report = await user.act("GetAsset", _UNKNOWN, is_signed=True, secret="wrong")
        user.check_shown(report, 401, "SignatureDoesNotMatch")
        record("401: wrong signature", report)

    async def test_an_unknown_asset_is_reported(self, user: User, record: Record) -> None:
        report = await user.act("GetAsset", _UNKNOWN)
        user.check_shown(report, 404, "NotFound.asset_id")
        record("404: unknown asset", report)

    async def test_a_create_of_unknown_outcome_is_reported_and_made_once(self, user: User, record: Record) -> None:
        name = _name()
        await user.site.fault("CreateAssetGroup", kind="cut", at="after")
        report = await user.act("CreateAssetGroup", {"Name": name, "GroupType": "AIGC"})
        user.check_shown(report, 409, "OutcomeUnknown")
        assert user.site.made(name) == 1
        record("409: group of unknown outcome", report)

    async def test_a_body_that_is_too_large_is_reported(self, user: User, record: Record) -> None:
        body = {"Name": "a" * 2 * SMALL_BODY_BYTES, "GroupType": "AIGC"}
        report = await user.act("CreateAssetGroup", body, endpoint=user.strict.url)
        user.check_shown(report, 413, "RequestTooLarge")
        record("413: body too large", report)

    async def test_a_throttled_create_is_one_group(self, user: User, record: Record) -> None:
        name = _name()
        await user.site.fault("CreateAssetGroup", kind="throttle", status=429, headers={"Retry-After": "1"})
        tries = min(user.tries("429"), 2)
        report = await user.act("CreateAssetGroup", {"Name": name, "GroupType": "AIGC"}, tries=tries)
        assert len(report.answers) == tries
        assert user.site.made(name) == tries - 1
        record("429 once + Retry-After: create", report)

    async def test_an_account_that_stays_throttled_is_reported(self, user: User, record: Record) -> None:
        name = _name()
        await user.site.fault("CreateAssetGroup", times=None, kind="throttle", status=429)
        body = {"Name": name, "GroupType": "AIGC"}
        report = await user.act("CreateAssetGroup", body, tries=user.tries("429"))
        user.check_shown(report, 429, "AccountFlowLimitExceeded")
        assert user.site.made(name) == 0
        record("429 for good: create", report)

    async def test_an_internal_error_is_reported(self, user: User, record: Record) -> None:
        async with without_table(user.site.database_url, "asset_groups"):
            report = await user.act("ListAssetGroups", _ALL_GROUPS, tries=user.tries("500"))
        user.check_shown(report, 500, "InternalServiceError")
        record("500: list", report)

    async def test_a_create_that_cannot_be_sent_is_reported(self, user: User, record: Record) -> None:
        stranded = User(self.client, user.site, user.strict, await user.site.tenant(await user.site.dead_channel()))
        report = await stranded.act("CreateAssetGroup", {"Name": _name(), "GroupType": "AIGC"}, tries=user.tries("503"))
        stranded.check_shown(report, 503, "ServiceUnavailable")
        record("503: create, not sent", report)

    async def test_a_create_whose_connection_is_cut_is_one_asset(self, user: User, record: Record) -> None:
        body, name = await _asset_of(user)
        await user.site.fault("CreateAsset", **HELD)

        def is_made() -> bool:
            return user.site.made(name) == 1

        async with cutting_front(user.site.gateway.port, when=is_made, **user.release_after("cut")) as front:
            report = await user.act("CreateAsset", body, endpoint=front, tries=user.tries("cut"))
        user.check_tries(report, "cut")
        assert user.site.made(name) == 1
        record("connection cut while waiting: create", report)

    async def test_a_create_whose_answer_is_slow_is_one_asset(self, user: User, record: Record) -> None:
        body, name = await _asset_of(user)
        await user.site.fault("CreateAsset", **HELD)
        async with leaving_front(user.site.gateway.port, **user.release_after("slow")) as front:
            tries, seconds = user.tries("slow"), _IMPATIENT_SECONDS
            report = await user.act("CreateAsset", body, endpoint=front, timeout_seconds=seconds, tries=tries)
        user.check_tries(report, "slow")
        assert user.site.made(name) == 1
        record("answer slower than the client waits: create", report)


def result_of(report: Report) -> Any:
    """Returns what an action answered, in or without its envelope: some SDKs take it off, others do not."""
    found = report.result
    return found["Result"] if isinstance(found, dict) and "ResponseMetadata" in found else found


async def _asset_of(user: User) -> tuple[dict[str, Any], str]:
    """Makes a group; returns the body that makes an asset in it, and the asset's name, which no other has."""
    name = _name()
    group = result_of(await user.act("CreateAssetGroup", {"Name": "group", "GroupType": "AIGC"}))
    return {"GroupId": group["Id"], "URL": URL, "Name": name, "AssetType": "Image"}, name


async def _until_active(user: User, asset_id: str, *, is_signed: bool) -> Report:
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while True:
            report = await user.act("GetAsset", {"Id": asset_id}, is_signed=is_signed)
            if result_of(report)["Status"] == "Active":
                return report


def _name() -> str:
    """A unique name, by which the upstream's ledger tells what was made of it."""
    return f"n-{uuid.uuid4()}"
