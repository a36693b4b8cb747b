"""Who is calling: Bearer keys on the data plane, HMAC signatures on the control plane.

Source: reference ``upstream.md`` §5.1; the codes are the OpenAPI gateway's.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from app.sandbox.config import Account
from app.sandbox.errors import RefusedError
from app.upstream.signature import (
    SignatureHeader,
    canonical_request,
    hash_body,
    parse_authorization,
    signature,
    signing_key,
    string_to_sign,
)

_SERVICE = "ark"
_TOLERANCE = timedelta(minutes=15)


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
    scheme, _, key = headers.get("authorization", "").partition(" ")
    for account in accounts:
        if scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), account.api_key.encode()):
            return account
    text = "The API key or AK/SK in the request is missing or invalid."
    raise RefusedError("AuthenticationError", text)


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
    try:
        claim = parse_authorization(authorization)
    except ValueError as error:
        raise RefusedError("InvalidAuthorization", f"The Authorization header is not valid: {error}.") from None
    account = next((known for known in accounts if known.access_key_id == claim.access_key_id), None)
    if account is None:
        raise RefusedError("InvalidAccessKey", "The access key id is not valid.")
    _check_scope(claim, headers, region=region, now=now)
    if account.session_token is not None and headers.get("x-security-token") != account.session_token:
        raise RefusedError("InvalidSecretToken", "The security token is not valid.")
    body_hash = hash_body(body)
    canonical = canonical_request(method, path, query_pairs, headers, claim.signed_headers, body_hash)
    key = signing_key(account.secret_access_key, claim.date, claim.region, claim.service)
    expected = signature(key, string_to_sign(headers["x-date"], claim.scope, canonical))
    is_body_intact = headers.get("x-content-sha256", body_hash) == body_hash
    if not is_body_intact or not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise _mismatch("The request signature we calculated does not match the signature you provided.")
    return account


def _check_scope(claim: SignatureHeader, headers: Mapping[str, str], *, region: str, now: datetime) -> None:
    x_date = headers.get("x-date", "")
    if "x-date" not in claim.signed_headers:
        raise _mismatch("X-Date is not among the signed headers.")
    try:
        signed_at = datetime.strptime(x_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError("InvalidTimestamp", "X-Date is not valid.") from None
    if abs(now - signed_at) > _TOLERANCE:
        raise RefusedError("InvalidTimestamp", "The signature has expired or its time is in the future.")
    if (claim.date, claim.region, claim.service) != (x_date[:8], region, _SERVICE):
        raise RefusedError("InvalidCredential", "The credential scope does not match the request.")


def _mismatch(text: str) -> RefusedError:
    return RefusedError("SignatureDoesNotMatch", text)
