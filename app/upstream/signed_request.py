"""Verification of signed requests, for the gateway's own entry and for the sandbox's. Pure: no clock, no network.

It has two parts, because a body may be large: ``check_scope`` needs only the head of a request, ``check_request`` also
the hash of its body, either of the one that arrived or the one that the head states.

Any set of signed headers with ``X-Date`` is accepted, because the SDKs differ: Python and Go sign ``Content-Type``,
``Host`` and every ``X-`` header, Node fewer, Java only ``X-Date``. The body's hash is always signed.
"""

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from app.errors import (
    InvalidAuthorizationError,
    InvalidCredentialError,
    InvalidTimestampError,
    SignatureMismatchError,
)
from app.upstream.signature import (
    SignatureHeader,
    canonical_request,
    credential_scope,
    parse_authorization,
    signature,
    signing_key,
    string_to_sign,
)

TOLERANCE = timedelta(minutes=15)
"""How far the time of a signature may be from the gateway's clock."""

_SERVICE = "ark"
_X_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_HEADER_NAME = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The head of a request as it was received.

    Attributes:
        method: upper case.
        path: percent-encoded.
        query_pairs: decoded.
        headers: the values of each header, names in lower case.
    """

    method: str
    path: str
    query_pairs: Sequence[tuple[str, str]]
    headers: Mapping[str, Sequence[str]]

    @classmethod
    def from_wire(
        cls,
        *,
        method: str,
        raw_path: bytes,
        query_pairs: Sequence[tuple[str, str]],
        headers: Iterable[tuple[bytes, bytes]],
    ) -> Self:
        """Returns the head of a request from its ASGI scope; header names are in lower case."""
        values: dict[str, list[str]] = {}
        for name, value in headers:
            values.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        return cls(method, raw_path.decode("latin-1"), query_pairs, values)

    @property
    def claimed_body_hash(self) -> str | None:
        """The header ``X-Content-Sha256``, or None without one; the Java SDK does not send it."""
        values = self.headers.get("x-content-sha256")
        return None if values is None else ", ".join(values)


def read_claim(authorization: str) -> SignatureHeader:
    """Parses an ``Authorization`` header.

    Raises:
        InvalidAuthorizationError: 400, it is no signature, or an incomplete one.
    """
    try:
        return parse_authorization(authorization)
    except ValueError as error:
        raise InvalidAuthorizationError(f"The Authorization header is not valid: {error}.") from None


def check_scope(claim: SignatureHeader, request: SignedRequest, *, region: str, now: datetime) -> None:
    """Checks the time and the credential scope of a signature.

    Raises:
        SignatureMismatchError: 401, ``X-Date`` is not signed, so that it may have been replaced.
        InvalidTimestampError: 403, it is no time, or more than fifteen minutes from ``now``.
        InvalidCredentialError: 400, the scope has another day, region or service.
    """
    if "x-date" not in claim.signed_headers:
        raise SignatureMismatchError("The signature does not cover X-Date, which must be among SignedHeaders.")
    x_date, signed_at = _parse_x_date(request)
    if abs(now - signed_at) > TOLERANCE:
        raise InvalidTimestampError(_describe_skew(x_date, signed_at, now))
    expected = credential_scope(x_date[:8], region, _SERVICE)
    if claim.scope != expected:
        raise InvalidCredentialError(
            f"The credential scope of this request must be {expected}: set the region of the SDK to {region} "
            f"and its service to {_SERVICE}."
        )


def check_request(claim: SignatureHeader, request: SignedRequest, *, secret_access_key: str, body_hash: str) -> None:
    """Checks the signature, after ``check_scope``; ``body_hash`` is the SHA-256 of the body in lower-case hex.

    Raises:
        SignatureMismatchError: 401, the body does not match ``X-Content-Sha256``, a signed header is absent or
            repeated, or the signature does not match.
    """
    if request.claimed_body_hash not in {None, body_hash}:
        raise SignatureMismatchError("X-Content-Sha256 is not the SHA-256 of the body that arrived.")
    headers = {name: _only_value(request, name) for name in claim.signed_headers}
    if len(headers) != len(claim.signed_headers):
        raise SignatureMismatchError("SignedHeaders names a header twice.")
    key = signing_key(secret_access_key, claim.date, claim.region, claim.service)

    def is_signed_with(path: str) -> bool:
        text = canonical_request(request.method, path, request.query_pairs, headers, claim.signed_headers, body_hash)
        expected = signature(key, string_to_sign(headers["x-date"], claim.scope, text))
        return hmac.compare_digest(expected.encode(), claim.signature.encode())

    # When the endpoint was configured with a trailing slash, SDKs send "//": Go signs it as sent, Python signs "/".
    paths = {request.path} if request.path.strip("/") else {request.path, "/"}
    if not any(is_signed_with(path) for path in paths):
        raise SignatureMismatchError(
            "The request signature we calculated does not match the signature you provided. Check the secret access "
            "key, and that nothing on the way changes the path, the query, the body or a signed header such as Host."
        )


def _parse_x_date(request: SignedRequest) -> tuple[str, datetime]:
    x_date = ", ".join(request.headers.get("x-date", ()))
    try:
        if _X_DATE.fullmatch(x_date):
            return x_date, datetime.strptime(x_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise InvalidTimestampError("The request needs one header X-Date, the time in UTC as YYYYMMDDTHHMMSSZ.")


def _describe_skew(x_date: str, signed_at: datetime, now: datetime) -> str:
    apart_seconds = round((signed_at - now).total_seconds())
    minutes, seconds = divmod(abs(apart_seconds), 60)
    side = "ahead of" if apart_seconds > 0 else "behind"
    return (
        f"The request was signed at {x_date}, which is {minutes} min {seconds} s {side} our clock; "
        f"{TOLERANCE.seconds // 60} min are allowed. Set the clock of the machine that signs."
    )


def _only_value(request: SignedRequest, name: str) -> str:
    values = request.headers.get(name, ())
    if len(values) != 1:
        shown = name if _HEADER_NAME.fullmatch(name) else "a header"
        raise SignatureMismatchError(f"SignedHeaders names {shown}, which the request must have exactly once.")
    return values[0]
