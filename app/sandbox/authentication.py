"""Who is calling: Bearer keys on the data plane, HMAC signatures on the control plane.

Source: reference ``upstream.md`` §5.1; the codes are the OpenAPI gateway's.
"""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from app.errors import SeedgateError
from app.header_text import split_scheme
from app.sandbox.config import Account
from app.sandbox.errors import RefusedError
from app.upstream.signature import hash_body
from app.upstream.signed_request import SignedRequest, check_request, check_scope, read_claim


@contextmanager
def _refusing() -> Iterator[None]:
    """Makes a refusal of the emulated upstream from what the common rule says."""
    try:
        yield
    except SeedgateError as error:
        raise RefusedError(error.code, error.message, status=error.status) from None


def guess_account(accounts: Sequence[Account], headers: Mapping[str, str]) -> Account | None:
    """Returns the account that a request claims to be, without checking anything; for the ledger and for faults."""
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
    scheme, key = split_scheme(headers.get("authorization", ""))
    for account in accounts:
        if scheme == "bearer" and hmac.compare_digest(key.encode(), account.api_key.encode()):
            return account
    text = "The API key or AK/SK in the request is missing or invalid."
    raise RefusedError("AuthenticationError", text)


@_refusing()
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
    """Returns the account of a control-plane request whose signature holds.

    Any set of signed headers that contains ``X-Date`` is accepted: the SDKs differ.

    Args:
        accounts: all known.
        region: the signing region.
        method: upper case.
        path: as on the wire.
        query_pairs: decoded.
        headers: names in lower case.
        body: exact bytes.
        now: to judge ``X-Date`` by.

    Raises:
        RefusedError: 400, 401 or 403 with the gateway's code.
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
