"""Requests to the native entry, signed as the SDKs sign them."""

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from app.upstream.signature import (
    canonical_request,
    credential_scope,
    hash_body,
    signature,
    signing_key,
    string_to_sign,
)

QUERY = {"Action": "ListAssetGroups", "Version": "2024-01-01"}
GO = ("content-type", "host", "x-content-sha256", "x-date")
JAVA = ("x-date",)


def signed_headers(
    pair: Mapping[str, Any],
    body: bytes,
    *,
    host: str,
    at: datetime,
    names: Sequence[str] = GO,
    region: str = "cn-beijing",
    service: str = "ark",
    query: Mapping[str, str] = QUERY,
) -> dict[str, str]:
    """Returns the headers of a ``POST /``, names in lower case.

    Args:
        pair: ``access_key_id`` and ``secret_access_key``, as the admin API answers them.
        body: exact bytes.
        host: as the request will name it.
        at: the time of signing.
        names: what is signed; ``x-content-sha256`` is sent only when it is among them, as in the SDKs.
        region: the region of the scope.
        service: the service name of the scope.
        query: decoded.
    """
    x_date = at.strftime("%Y%m%dT%H%M%SZ")
    date, body_hash = x_date[:8], hash_body(body)
    sent = {"content-type": "application/json", "host": host, "x-date": x_date}
    if "x-content-sha256" in names:
        sent["x-content-sha256"] = body_hash
    scope = credential_scope(date, region, service)
    text = string_to_sign(x_date, scope, canonical_request("POST", "/", query.items(), sent, names, body_hash))
    digest = signature(signing_key(pair["secret_access_key"], date, region, service), text)
    claim = f"Credential={pair['access_key_id']}/{scope}, SignedHeaders={';'.join(names)}, Signature={digest}"
    return {**sent, "authorization": f"HMAC-SHA256 {claim}"}


class Signing(httpx.Auth):
    """Signs what an ``httpx`` client sends, as an SDK does that was given a key pair."""

    requires_request_body = True

    def __init__(self, pair: Mapping[str, Any], **options: Any) -> None:
        """Signs with a pair.

        Args:
            pair: ``access_key_id`` and ``secret_access_key``, as the admin API answers them.
            options: options of ``signed_headers``; ``apart`` moves the time of signing.
        """
        self._pair = pair
        self._apart: timedelta = options.pop("apart", timedelta(0))
        self._options = options

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Signs one request."""
        headers = signed_headers(
            self._pair,
            request.content,
            host=request.headers["host"],
            at=datetime.now(UTC) + self._apart,
            query=dict(request.url.params),
            **self._options,
        )
        request.headers.update(headers)
        yield request
