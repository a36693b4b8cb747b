"""Signatures equal those of the Python SDK; the vectors of the other SDKs are in ``test_signed_request.py``."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from volcenginesdkcore.signv4 import SignerV4

from app.upstream.signature import SignatureHeader, parse_authorization, sign

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
        # The time is signed in UTC, whatever its zone.
        at=at.astimezone(timezone(timedelta(hours=8))),
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
