"""Verification of signed requests: the vectors of the SDKs pass, and no changed request does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.errors import SeedgateError
from app.http.query import Query
from app.upstream.signature import hash_body, sign
from app.upstream.signed_request import SignedRequest, check_request, check_scope, read_claim
from tests.support.signing import signed_headers

ACCESS_KEY_ID = "AKLTEXAMPLEACCESSKEYID"
SECRET = "ExampleSecretAccessKey/Dummy=="
REGION = "cn-beijing"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOST = "open.volcengineapi.com"
BODY = b'{"Name":"MyAssetGroup","Description":"My video assets","GroupType":"AIGC"}'
QUERY = b"Action=CreateAssetGroup&Version=2024-01-01"
STS_BODY = '{"Filter":{"GroupType":"AIGC","Name":"我的 素材"},"PageNumber":1,"PageSize":10}'.encode()

Pairs = list[tuple[str, str]]


def signed_by(signed_headers: str, signature: str, *, scope: str = "20260102/cn-beijing/ark/request") -> str:
    return f"HMAC-SHA256 Credential={ACCESS_KEY_ID}/{scope}, SignedHeaders={signed_headers}, Signature={signature}"


def head(
    pairs: Pairs, *, method: str = "POST", path: bytes = b"/", query: bytes = QUERY, body: bytes = BODY
) -> SignedRequest:
    """Returns the head of a request at the time and to the host of the vectors; ``pairs`` are added."""
    known = {"host": HOST, "content-type": "application/json", "x-date": "20260102T030405Z"}
    known["x-content-sha256"] = hash_body(body)
    named = {name for name, _ in pairs}
    everything = [*((name, value) for name, value in known.items() if name not in named), *pairs]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in everything if value != "absent"]
    return SignedRequest.from_wire(method=method, raw_path=path, query_pairs=Query(query).pairs(), headers=raw)


def judge(authorization: str, request: SignedRequest, *, body: bytes = BODY, now: datetime = AT) -> None:
    claim = read_claim(authorization)
    check_scope(claim, request, region=REGION, now=now)
    check_request(claim, request, secret_access_key=SECRET, body_hash=hash_body(body))


def code_of(authorization: str, request: SignedRequest, *, body: bytes = BODY, now: datetime = AT) -> str:
    with pytest.raises(SeedgateError) as caught:
        judge(authorization, request, body=body, now=now)
    assert SECRET not in caught.value.message
    return caught.value.code


PYTHON_AND_GO = signed_by(
    "content-type;host;x-content-sha256;x-date", "82d7ed0be052e4e9febcdad39a6dc1c4642793d4ae91a5f1c2fc7274e31c9bf2"
)
NODE = signed_by("host;x-content-sha256;x-date", "4d6a1f86b639b821d4b44d8a8bfcfa5308b3e36780b2a0ec58baf1c75aad1fbc")
JAVA = signed_by("x-date", "5f31c69b3ec5a9a9ac2dfa9c2c9c3de52b3ecfe12b323bd2a810a7a96f895e70")
# Made by the signer of @volcengine/openapi 1.36.2.
OLD_NODE = signed_by("x-content-sha256;x-date", "ea4cac3880bfd1aa2134591d37ad9fd9c90f1237c9bfdd23cefe93fc71c1040a")


@pytest.mark.parametrize("authorization", [PYTHON_AND_GO, NODE, JAVA, OLD_NODE], ids=["go", "node", "java", "old node"])
def test_the_set_of_headers_that_each_sdk_signs_is_accepted(authorization: str) -> None:
    judge(authorization, head([]))


def test_java_sends_no_body_hash_but_signs_it() -> None:
    request = head([("x-content-sha256", "absent")])
    judge(JAVA, request)
    assert request.claimed_body_hash is None
    assert code_of(JAVA, request, body=b"{}") == "SignatureDoesNotMatch"


def test_temporary_credentials_and_utf8() -> None:
    pairs = [
        ("content-type", "application/json; charset=utf-8"),
        ("x-security-token", "STSExampleSessionToken/abc+def=="),
    ]
    request = head(pairs, query=b"Action=ListAssets&Version=2024-01-01", body=STS_BODY)
    names = "content-type;host;x-content-sha256;x-date;x-security-token"
    judge(signed_by(names, "e2a814809cc46b0e238d5a1d4b9dafdc7719a8683781267b4f66381b5e15bc5e"), request, body=STS_BODY)


@pytest.mark.parametrize(
    "query",
    [
        b"Action=GetAsset&Project%20Name=a%20b%2Bc%2Fd~%C3%A9&Version=2024-01-01",
        b"Version=2024-01-01&Project+Name=a+b%2bc/d%7E%c3%a9&Action=GetAsset",
    ],
    ids=["as it is signed", "as others write the same"],
)
def test_a_query_means_the_same_however_it_is_written(query: bytes) -> None:
    authorization = signed_by(
        "content-type;host;x-content-sha256;x-date", "41e15f692d81ac91cdcbd6e592f862cd806c49fe3d76d9296cbdc8965da56f49"
    )
    judge(authorization, head([], query=query, body=b"{}"), body=b"{}")


TAMPERINGS: dict[str, Callable[[], SignedRequest]] = {
    "the method": lambda: head([], method="PUT"),
    "the path": lambda: head([], path=b"/api/v3/assets"),
    "the action": lambda: head([], query=QUERY.replace(b"Create", b"Delete")),
    "a parameter more": lambda: head([], query=QUERY + b"&ProjectName=other"),
    "the same parameter twice": lambda: head([], query=QUERY + b"&Action=DeleteAsset"),
    "a parameter less": lambda: head([], query=b"Action=CreateAssetGroup"),
    "an empty parameter more": lambda: head([], query=QUERY + b"&x="),
    "the host": lambda: head([("host", "elsewhere.example.com")]),
    "the content type": lambda: head([("content-type", "text/plain")]),
    "the time": lambda: head([("x-date", "20260102T030406Z")]),
    "no host": lambda: head([("host", "absent")]),
    "no content type": lambda: head([("content-type", "absent")]),
    "no hash of the body": lambda: head([("x-content-sha256", "absent")]),
    "two hosts": lambda: head([("host", HOST), ("host", HOST)]),
    "two content types": lambda: head([("content-type", "application/json"), ("content-type", "text/plain")]),
    "two hashes of the body": lambda: head([("x-content-sha256", hash_body(BODY)), ("x-content-sha256", "0" * 64)]),
    "another hash of the body": lambda: head([("x-content-sha256", hash_body(b"{}"))]),
    "an empty hash of the body": lambda: head([("x-content-sha256", "")]),
    "the hash of the body in capitals": lambda: head([("x-content-sha256", hash_body(BODY).upper())]),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_request_that_was_changed_after_it_was_signed_is_refused(what: str) -> None:
    assert code_of(PYTHON_AND_GO, TAMPERINGS[what]()) == "SignatureDoesNotMatch"


def test_a_stated_hash_must_match_the_body_even_if_it_is_not_signed() -> None:
    """Before the body came it may have been what the signature was judged by."""
    judge(JAVA, head([("x-content-sha256", hash_body(BODY))]))
    assert code_of(JAVA, head([("x-content-sha256", hash_body(b"{}"))])) == "SignatureDoesNotMatch"


def test_a_header_that_is_named_twice_is_refused_although_it_was_signed_so() -> None:
    pair = {"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET}
    query = {"Action": "CreateAssetGroup", "Version": "2024-01-01"}
    once, twice = [
        signed_headers(pair, BODY, host=HOST, at=AT, names=names, query=query)["authorization"]
        for names in (["host", "x-date"], ["host", "x-date", "host"])
    ]
    judge(once, head([]))
    assert code_of(twice, head([])) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("authorization", [PYTHON_AND_GO, NODE, JAVA, OLD_NODE], ids=["go", "node", "java", "old node"])
def test_another_body_is_refused_whichever_headers_were_signed(authorization: str) -> None:
    """Even if the hash header was changed along with the body."""
    assert code_of(authorization, head([]), body=BODY + b" ") == "SignatureDoesNotMatch"
    assert code_of(authorization, head([], body=BODY + b" "), body=BODY + b" ") == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("/20260102/", "/20260103/", "InvalidCredential"),
        ("/cn-beijing/", "/cn-shanghai/", "InvalidCredential"),
        ("/ark/", "/iam/", "InvalidCredential"),
        ("/request,", "/aws4_request,", "InvalidAuthorization"),
        (";x-date,", ",", "SignatureDoesNotMatch"),
        ("content-type;", "", "SignatureDoesNotMatch"),
        ("content-type;", "content-type;content-type;", "SignatureDoesNotMatch"),
        ("content-type;", "content-type;x-request-id;", "SignatureDoesNotMatch"),
        ("content-type;host;", "host;content-type;", "SignatureDoesNotMatch"),
        ("content-type;host;", "Content-Type;Host;", "SignatureDoesNotMatch"),
        ("82d7ed0b", "82d7ed0c", "SignatureDoesNotMatch"),
        ("82d7ed0b", "", "SignatureDoesNotMatch"),
        ("82d7ed0b", "82D7ED0B", "SignatureDoesNotMatch"),
        ("82d7ed0b", "é2d7ed0b", "SignatureDoesNotMatch"),
        (", Signature=", ", Signature=0, Signature=", "InvalidAuthorization"),
        (", SignedHeaders=", ", SignedHeaders=x-date, SignedHeaders=", "InvalidAuthorization"),
        ("Credential=", "Credential=a/b/c/d/request, Credential=", "InvalidAuthorization"),
        (", Signature=", ", ", "InvalidAuthorization"),
        ("SignedHeaders=", "", "InvalidAuthorization"),
        ("Credential=", "Id=", "InvalidAuthorization"),
        ("HMAC-SHA256 ", "HMAC-SHA1 ", "InvalidAuthorization"),
    ],
)
def test_a_changed_authorization_header_is_refused(old: str, new: str, code: str) -> None:
    assert old in PYTHON_AND_GO
    assert code_of(PYTHON_AND_GO.replace(old, new, 1), head([])) == code


def test_a_signature_of_another_secret_is_refused() -> None:
    with pytest.raises(SeedgateError) as caught:
        check_request(read_claim(JAVA), head([]), secret_access_key=SECRET + "=", body_hash=hash_body(BODY))
    assert (caught.value.status, caught.value.code) == (401, "SignatureDoesNotMatch")


QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize("apart", [QUARTER, -QUARTER, timedelta(0)])
def test_clocks_may_be_a_quarter_of_an_hour_apart(apart: timedelta) -> None:
    judge(PYTHON_AND_GO, head([]), now=AT + apart)


@pytest.mark.parametrize(
    ("now", "expected_text"),
    [
        (AT + QUARTER + timedelta(seconds=1), "15 min 1 s behind our clock"),
        (AT - QUARTER - timedelta(seconds=1), "15 min 1 s ahead of our clock"),
        (AT + timedelta(days=1), "1440 min 0 s behind our clock"),
    ],
)
def test_a_larger_difference_is_refused_and_stated(now: datetime, expected_text: str) -> None:
    with pytest.raises(SeedgateError, match=expected_text) as caught:
        judge(PYTHON_AND_GO, head([]), now=now)
    assert (caught.value.status, caught.value.code) == (403, "InvalidTimestamp")


@pytest.mark.parametrize(
    "pairs",
    [
        [("x-date", "absent")],
        [("x-date", "")],
        [("x-date", "20260102T030405Z"), ("x-date", "20260102T030405Z")],
        [("x-date", "2026-01-02T03:04:05Z")],
        [("x-date", "20260102T030405")],
        [("x-date", "20260230T030405Z")],
        [("x-date", "20260102T030460Z")],
        [("x-date", "2026012T0030405Z")],
        [("x-date", "Fri, 02 Jan 2026 03:04:05 GMT")],
    ],
)
def test_an_invalid_time_is_refused(pairs: Pairs) -> None:
    assert code_of(PYTHON_AND_GO, head(pairs)) == "InvalidTimestamp"


def test_a_wrong_scope_is_refused_with_the_expected_one() -> None:
    with pytest.raises(SeedgateError, match="20260102/cn-beijing/ark/request") as caught:
        judge(PYTHON_AND_GO.replace("cn-beijing", "ap-southeast-1"), head([]))
    assert (caught.value.status, caught.value.code) == (400, "InvalidCredential")


def test_a_missing_signed_header_is_named_if_its_name_is_valid() -> None:
    for names, expected_text in (("host;x-date;x-other", "x-other"), ("x-date;<script>", "a header")):
        with pytest.raises(SeedgateError, match=f"names {expected_text}, which"):
            judge(signed_by(names, "00"), head([]))


@pytest.mark.parametrize(("wire", "signed"), [(b"//", "/"), (b"//", "//"), (b"/", "/")])
def test_an_endpoint_with_a_slash_at_its_end_may_be_signed_with_or_without_it(wire: bytes, signed: str) -> None:
    headers = sign(
        method="POST",
        host=HOST,
        path=signed,
        query_pairs=[("Action", "GetAsset")],
        headers={},
        body=BODY,
        access_key_id=ACCESS_KEY_ID,
        secret_access_key=SECRET,
        session_token=None,
        region=REGION,
        service="ark",
        at=AT,
    )
    request = head([], path=wire, query=b"Action=GetAsset")
    judge(headers["Authorization"], request)
    assert code_of(headers["Authorization"], replace(request, path="/other")) == "SignatureDoesNotMatch"


def test_no_code_of_ours_makes_the_go_sdk_try_again() -> None:
    """Source: volcengine-go-sdk, ``request/retryer.go``."""
    retried = {"InvalidAccessKey", "RequestExpired", "ExpiredToken", "ExpiredTokenException", "RequestTimeout"}
    codes = {code_of(PYTHON_AND_GO, head([]), now=AT + timedelta(hours=1)), code_of("", head([]))}
    codes |= {code_of(PYTHON_AND_GO.replace("ark", "iam"), head([])), code_of(PYTHON_AND_GO, head([], method="PUT"))}
    assert codes == {"InvalidTimestamp", "InvalidAuthorization", "InvalidCredential", "SignatureDoesNotMatch"}
    assert not codes & retried
