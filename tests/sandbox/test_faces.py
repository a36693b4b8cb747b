"""Face verification: session, H5 page, group."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.sandbox.clients import IMAGE, Caller, error_of

CALLBACK = "https://shop.example.com/back?order=7&empty="


async def _open(caller: Caller) -> tuple[str, str]:
    session = await caller.result("CreateVisualValidateSession", CallbackURL=CALLBACK)
    assert session["CallbackURL"] == CALLBACK
    assert re.fullmatch(r"\d{14}[0-9A-F]{20}", session["BytedToken"])
    return session["BytedToken"], session["H5Link"]


async def _submit(caller: Caller, link: str, outcome: str) -> httpx.Response:
    """Submits the form of the page, as a browser does."""
    page = await caller.http.get(link)
    assert page.status_code == 200
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    token = re.search(r'<input type="hidden" name="bytedToken" value="([^"]+)"', page.text)
    assert action
    assert token
    assert f'name="outcome" value="{outcome}"' in page.text
    return await caller.http.post(action[1], data={"bytedToken": token[1], "outcome": outcome})


async def test_a_person_who_passes_gets_a_liveness_group(caller: Caller) -> None:
    token, link = await _open(caller)
    pending = await caller.act("GetVisualValidateResult", BytedToken=token)
    assert error_of(pending)[:2] == (404, "NotFound.BytedToken")
    back = await _submit(caller, link, "complete")
    assert back.status_code == 303
    target = urlsplit(back.headers["Location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == "https://shop.example.com/back"
    assert parse_qs(target.query, keep_blank_values=True) == {
        "order": ["7"],
        "empty": [""],
        "bytedToken": [token],
        "resultCode": ["10000"],
        "algorithmBaseRespCode": ["0"],
        "reqMeasureInfoValue": ["1"],
        "verify_type": ["real_time"],
    }
    results = [(await caller.result("GetVisualValidateResult", BytedToken=token))["GroupId"] for _ in range(2)]
    assert results[0] == results[1]
    assert (await caller.result("GetAssetGroup", Id=results[0]))["GroupType"] == "LivenessFace"


async def test_a_person_who_fails_gets_no_group(caller: Caller) -> None:
    token, link = await _open(caller)
    back = await _submit(caller, link, "fail")
    assert back.status_code == 303
    assert parse_qs(urlsplit(back.headers["Location"]).query)["resultCode"] != ["10000"]
    assert error_of(await caller.act("GetVisualValidateResult", BytedToken=token))[1] == "NotFound.BytedToken"


async def test_the_link_works_once(caller: Caller) -> None:
    token, link = await _open(caller)
    await _submit(caller, link, "complete")
    assert (await caller.http.get(link)).status_code == 410
    again = await caller.http.post("/h5", data={"bytedToken": token, "outcome": "fail"})
    assert again.status_code == 410
    assert (await caller.act("GetVisualValidateResult", BytedToken=token)).status_code == 200
    groups = await caller.result("ListAssetGroups", Filter={"GroupType": "LivenessFace"})
    assert groups["TotalCount"] == 1


async def test_token_and_link_expire(caller: Caller) -> None:
    await caller.control("POST", "/settings", token_ttl_seconds=120)
    token, link = await _open(caller)
    passed, other = await _open(caller)
    await _submit(caller, other, "complete")
    caller.advance(120)
    assert (await caller.http.get(link)).status_code == 410
    for expired in (token, passed):
        assert error_of(await caller.act("GetVisualValidateResult", BytedToken=expired))[1] == "NotFound.BytedToken"


async def test_a_token_is_readable_by_its_account_only(caller: Caller, stranger: Caller) -> None:
    token, link = await _open(caller)
    await _submit(caller, link, "complete")
    foreign = await stranger.act("GetVisualValidateResult", BytedToken=token)
    unknown = await stranger.act("GetVisualValidateResult", BytedToken="20260101000000AAAAAAAAAAAAAAAAAAAA")
    assert error_of(foreign) == error_of(unknown)


async def test_the_page_loads_no_external_resources_and_sends_no_referrer(caller: Caller) -> None:
    _, link = await _open(caller)
    page = await caller.http.get(link)
    assert "通过核验" in page.text
    assert "Complete" in page.text
    assert not re.findall(r'(?:src|href)="', page.text)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    hostile = await caller.http.get("/h5", params={"bytedToken": '"><script>alert(1)</script>'})
    assert hostile.status_code == 410
    assert "<script" not in hostile.text


async def test_an_asset_of_another_person_fails(caller: Caller) -> None:
    token, link = await _open(caller)
    await _submit(caller, link, "complete")
    face_group = (await caller.result("GetVisualValidateResult", BytedToken=token))["GroupId"]
    fitting = await caller.asset(face_group)
    other = await caller.asset(face_group, "https://example.com/other-person/1.png")
    harmless = await caller.asset(await caller.group(), "https://example.com/other-person/1.png")
    caller.advance(10)
    assert (await caller.result("GetAsset", Id=other))["Error"]["Code"] == "FaceMismatch"
    for asset_id in (fitting, harmless):
        assert (await caller.result("GetAsset", Id=asset_id))["Status"] == "Active"
    assert IMAGE not in (await caller.result("GetAsset", Id=fitting))["URL"]
