"""Signatures, against the vectors of the SDKs and against the Python SDK itself."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from volcenginesdkcore.signv4 import SignerV4

from app.upstream.signature import SignatureHeader, parse_authorization, sign
from tests.upstream.servers import AT

ACCESS_KEY_ID = "AKLTEXAMPLEACCESSKEYID"
SECRET = "ExampleSecretAccessKey/Dummy=="
HOST = "open.volcengineapi.com"
V1_BODY = b'{"Name":"MyAssetGroup","Description":"My video assets","GroupType":"AIGC"}'
V1_QUERY = [("Action", "CreateAssetGroup"), ("Version", "2024-01-01")]


def signed(at: datetime = AT) -> dict[str, str]:
    return sign(
        method="POST",
        host=HOST,
        path="/",
        query_pairs=V1_QUERY,
        headers={"Content-Type": "application/json"},
        body=V1_BODY,
        access_key_id=ACCESS_KEY_ID,
        secret_access_key=SECRET,
        session_token=None,
        region="cn-beijing",
        service="ark",
        at=at,
    )


def test_the_sdks_vector_of_a_plain_action() -> None:
    headers = signed()
    assert headers["Authorization"] == (
        "HMAC-SHA256 Credential=AKLTEXAMPLEACCESSKEYID/20260102/cn-beijing/ark/request, "
        "SignedHeaders=content-type;host;x-content-sha256;x-date, "
        "Signature=82d7ed0be052e4e9febcdad39a6dc1c4642793d4ae91a5f1c2fc7274e31c9bf2"
    )
    assert headers["X-Date"] == "20260102T030405Z"
    assert headers["X-Content-Sha256"] == "237d3f966df60f020eebab95352942eed8283ebf9a4de89b61c7dff4a091c567"


def test_the_time_is_signed_in_utc_whatever_its_zone() -> None:
    at = AT.astimezone(timezone(timedelta(hours=8)))
    assert signed(at) == signed()


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
NAMES = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-", min_size=1, max_size=10)


@given(
    body=TEXT,
    query=st.dictionaries(TEXT.filter(bool), TEXT, max_size=4),
    extra=st.dictionaries(NAMES.map(lambda name: f"X-Seed-{name.lower()}"), st.just("value"), max_size=3),
    host=st.sampled_from(["open.volcengineapi.com", "127.0.0.1:8080", "gate.test:443", "gate.test:80"]),
    path=st.sampled_from(["", "/", "/api/v3/assets/"]),
    keys=st.tuples(NAMES, TEXT.filter(bool), st.none() | NAMES),
    scope=st.tuples(st.sampled_from(["cn-beijing", "ap-southeast-1"]), st.sampled_from(["ark", "iam"])),
)
def test_the_python_sdk_signs_alike(
    *,
    body: str,
    query: dict[str, str],
    extra: dict[str, str],
    host: str,
    path: str,
    keys: tuple[str, str, str | None],
    scope: tuple[str, str],
) -> None:
    access_key_id, secret, session_token = keys
    region, service = scope
    given_headers = {"Content-Type": "application/json", **extra}
    theirs = {**given_headers, "Host": host}
    SignerV4.sign(path, "POST", theirs, body, None, query, access_key_id, secret, region, service, session_token)
    at = datetime.strptime(theirs["X-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = sign(
        method="POST",
        host=host,
        path=path,
        query_pairs=query.items(),
        headers=given_headers,
        body=body.encode(),
        access_key_id=access_key_id,
        secret_access_key=secret,
        session_token=session_token,
        region=region,
        service=service,
        at=at,
    )
    assert ours == theirs


def test_an_authorization_header_is_taken_apart() -> None:
    parsed = parse_authorization(
        "hmac-sha256 Credential=sg-a/b/20260102/cn-beijing/ark/request,SignedHeaders=host;x-date,  Signature=ab12"
    )
    assert parsed == SignatureHeader("sg-a/b", "20260102", "cn-beijing", "ark", ("host", "x-date"), "ab12")
    assert parsed.scope == "20260102/cn-beijing/ark/request"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer key",
        "HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/20260102/r/s/request, SignedHeaders=host, Signature=ab",
        "HMAC-SHA256 Credential=a/20260102/r/s/aws4_request, SignedHeaders=host, Signature=ab",
        "HMAC-SHA256 Credential=20260102/r/s/request, SignedHeaders=host, Signature=ab",
        "HMAC-SHA256 Credential=/20260102/r/s/request, SignedHeaders=host, Signature=ab",
        "HMAC-SHA256 Credential=a/20260102/r/s/request, SignedHeaders=, Signature=ab",
        "HMAC-SHA256 Credential=a/20260102/r/s/request, SignedHeaders=host",
    ],
)
def test_another_authorization_header_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match=r"is not|missing"):
        parse_authorization(header)
