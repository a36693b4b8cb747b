"""Request signing of Volcano Engine's OpenAPI (HMAC-SHA256, "V4"), and the pieces that verify it.

Pure: no clock, no network. The variant differs from AWS's in the key (no ``AWS4`` prefix) and in the scope's
end (``request``).

Source: volcenginesdkcore ``signv4.py`` and volc-sdk-golang ``base/sign.go``, which agree byte for byte.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from app.header_text import split_scheme, trim

ALGORITHM = "HMAC-SHA256"
_SCOPE_END = "request"


@dataclass(frozen=True, slots=True)
class SignatureHeader:
    """A parsed ``Authorization: HMAC-SHA256 …`` header.

    Attributes:
        access_key_id: the signer's.
        date: ``YYYYMMDD`` of the scope.
        region: the region of the scope.
        service: the service name of the scope, ``ark``.
        signed_headers: lower-case names, in the order given.
        signature: lower-case hex.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """The credential scope, ``date/region/service/request``."""
        return credential_scope(self.date, self.region, self.service)


def sign(
    *,
    method: str,
    host: str,
    path: str,
    query_pairs: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    body: bytes,
    access_key_id: str,
    secret_access_key: str,
    session_token: str | None,
    region: str,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """Returns the headers to send: the given ones, ``Host``, the ``X-`` ones of the scheme and ``Authorization``.

    Signed are ``Content-Type``, ``Content-Md5``, ``Host`` and every ``X-`` header.

    Args:
        method: upper case.
        host: value of ``Host``, with the port when it is not the scheme's own.
        path: as on the wire.
        query_pairs: decoded names and values; send them as ``canonical_query`` encodes them.
        headers: further headers to send, such as ``Content-Type``.
        body: the exact bytes that will be sent.
        access_key_id: the public half of the key pair.
        secret_access_key: as issued.
        session_token: the session token of temporary credentials, or None.
        region: such as ``cn-beijing``.
        service: ``ark``.
        at: the time of signing, with a time zone.
    """
    x_date = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    body_hash = hash_body(body)
    sent = {**headers, "Host": host, "X-Date": x_date, "X-Content-Sha256": body_hash}
    if session_token:
        sent["X-Security-Token"] = session_token
    signed_names = sorted(name.lower() for name in sent if _is_signed(name.lower()))
    canonical = canonical_request(method, path, query_pairs, sent, signed_names, body_hash)
    date = x_date[:8]
    scope = credential_scope(date, region, service)
    key = signing_key(secret_access_key, date, region, service)
    digest = signature(key, string_to_sign(x_date, scope, canonical))
    names = ";".join(signed_names)
    sent["Authorization"] = f"{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={digest}"
    return sent


def canonical_request(  # noqa: PLR0917 - in the order of the recipe
    method: str,
    path: str,
    query_pairs: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    signed_names: Sequence[str],
    body_hash: str,
) -> str:
    """Returns the text whose hash is signed.

    Args:
        method: upper case.
        path: as on the wire, percent-encoded; empty means ``/``.
        query_pairs: decoded names and values.
        headers: names in any case; those that are not signed are ignored, a signed one that is absent is empty.
        signed_names: lower-case names, in the order of ``SignedHeaders``.
        body_hash: lower-case hex of the body's SHA-256.
    """
    values = {name.lower(): trim(value) for name, value in headers.items()}
    if "host" in values:
        values["host"] = _without_default_port(values["host"])
    lines = "".join(f"{name}:{values.get(name, '')}\n" for name in signed_names)
    return "\n".join([method, path or "/", canonical_query(query_pairs), lines, ";".join(signed_names), body_hash])


def canonical_query(query_pairs: Iterable[tuple[str, str]]) -> str:
    """Returns the pairs percent-encoded (RFC 3986, space as ``%20``) and sorted by name, then value."""
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query_pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def credential_scope(date: str, region: str, service: str) -> str:
    """Returns ``date/region/service/request``."""
    return f"{date}/{region}/{service}/{_SCOPE_END}"


def hash_body(body: bytes) -> str:
    """Returns the lower-case hex SHA-256 of a body."""
    return hashlib.sha256(body).hexdigest()


def string_to_sign(x_date: str, scope: str, canonical: str) -> str:
    """Returns the text that is signed.

    Args:
        x_date: value of ``X-Date``, ``YYYYMMDDTHHMMSSZ``.
        scope: see ``credential_scope``.
        canonical: see ``canonical_request``.
    """
    return "\n".join([ALGORITHM, x_date, scope, hash_body(canonical.encode())])


def signing_key(secret_access_key: str, date: str, region: str, service: str) -> bytes:
    """Returns the key of one day, region and service."""
    key = secret_access_key.encode()
    for part in (date, region, service, _SCOPE_END):
        key = _hmac(key, part)
    return key


def signature(key: bytes, text: str) -> str:
    """Returns the lower-case hex signature of ``string_to_sign``'s text under ``signing_key``'s key."""
    return _hmac(key, text).hex()


def parse_authorization(header: str) -> SignatureHeader:
    """Parses an ``Authorization`` header.

    The access key id may contain slashes; spaces after the commas may be missing.

    Raises:
        ValueError: the header is not of this scheme, lacks a part or has one twice.
    """
    scheme, rest = split_scheme(header)
    if scheme != ALGORITHM.lower():
        raise ValueError("the scheme is not HMAC-SHA256")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, _, value = trim(part).partition("=")
        if name in fields:
            raise ValueError("a part is there twice")
        fields[name] = value
    credential = fields.get("Credential", "").rsplit("/", 4)
    if len(credential) != 5 or credential[4] != _SCOPE_END or not all(credential):  # noqa: PLR2004 - AK and 4 scope parts
        raise ValueError("Credential is not AK/date/region/service/request")
    names = tuple(name for name in fields.get("SignedHeaders", "").split(";") if name)
    digest = fields.get("Signature", "")
    if not names or not digest:
        raise ValueError("SignedHeaders or Signature is missing")
    access_key_id, date, region, service, _ = credential
    return SignatureHeader(access_key_id, date, region, service, names, digest)


def _is_signed(name: str) -> bool:
    return name in {"content-type", "content-md5", "host"} or name.startswith("x-")


def _without_default_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port in {"80", "443"} else host


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
