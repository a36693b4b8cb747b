"""Authentication: Bearer keys on the data plane, HMAC signatures on the control plane.

Source: reference ``upstream.md`` §5.1; the error codes are those of the OpenAPI gateway.
"""

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from app.errors import SeedgateError
from app.sandbox.config import Account
from app.sandbox.errors import RefusedError
from app.upstream.signature import hash_body
from app.upstream.signed_request import SignedRequest, check_request, check_scope, read_claim

# Only blanks of HTTP (RFC 9110 §5.6.3): str.split would also split at other bytes of a latin-1 header.
_BEARER = re.compile(r"[ \t]*bearer[ \t]+(?P<key>.*?)[ \t]*", re.IGNORECASE | re.ASCII | re.DOTALL)


@contextmanager
def _as_upstream_error() -> Iterator[None]:
    try:
        yield
    except SeedgateError as error:
        raise RefusedError(error.code, error.message, status=error.status) from None


def guess_account(accounts: Sequence[Account], headers: Mapping[str, str]) -> Account | None:
    """Returns the account that a request names, without verification; for the ledger and for faults."""
    authorization = headers.get("authorization", "")
    for account in accounts:
        if authorization == f"Bearer {account.api_key}" or f"Credential={account.access_key_id}/" in authorization:
            return account
    return None


def check_bearer(accounts: Sequence[Account], headers: Mapping[str, str]) -> Account:
    """Returns the account of a data-plane request.

    Raises:
        RefusedError: 401 ``AuthenticationError``.
    """
    found = _BEARER.fullmatch(headers.get("authorization", ""))
    for account in accounts:
        if found and hmac.compare_digest(found["key"].encode(), account.api_key.encode()):
            return account
    text = "The API key or AK/SK in the request is missing or invalid."
    raise RefusedError("AuthenticationError", text)


@_as_upstream_error()
def check_signature(
    accounts: Sequence[Account],
    *,
    region: str,
    method: str,
    path: str,
    query_pairs: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> Account:
    """Returns the account of a control-plane request with a valid signature.

    Any set of signed headers that contains ``X-Date`` is accepted, because the SDKs differ.

    Args:
        accounts: all accounts of the sandbox.
        region: the signing region.
        method: upper case.
        path: percent-encoded.
        query_pairs: decoded.
        headers: names in lower case.
        body: the exact bytes.
        now: the time to compare ``X-Date`` with.

    Raises:
        RefusedError: 400, 401 or 403 with a code of the OpenAPI gateway.
    """
    authorization = headers.get("authorization")
    if not authorization:
        raise RefusedError("MissingAuthenticationToken", "The request is missing the Authorization header.")
    claim = read_claim(authorization)
    account = next((known for known in accounts if known.access_key_id == claim.access_key_id), None)
    if account is None:
        raise RefusedError("InvalidAccessKey", "The access key id is not valid.")
    request = SignedRequest(method, path, query_pairs, {name: (value,) for name, value in headers.items()})
    check_scope(claim, request, region=region, now=now)
    if account.session_token is not None and headers.get("x-security-token") != account.session_token:
        raise RefusedError("InvalidSecretToken", "The security token is not valid.")
    check_request(claim, request, secret_access_key=account.secret_access_key, body_hash=hash_body(body))
    return account
