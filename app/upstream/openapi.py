"""The control plane: actions of Volcano Engine's OpenAPI, signed with the account's key pair."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from app.upstream.calls import CallObserver, parse_url, recorded_call, send_request
from app.upstream.credentials import OpenApiAccount
from app.upstream.http.client import HttpClient
from app.upstream.responses import (
    ApiResponse,
    find_reported_error,
    to_error,
    to_unusable_create,
    to_unusable_success,
)
from app.upstream.signature import canonical_query, sign

_SERVICE = "ark"
_READS = ("Get", "List")
_NO_ENVELOPE = "a success without the envelope"


class OpenApiClient:
    """Calls actions. Raises an ``UpstreamError``, nothing else.

    The clock returns UTC; the upstream refuses signatures that are minutes off.
    """

    def __init__(
        self, http: HttpClient, clock: Callable[[], datetime], *, observer: CallObserver | None = None
    ) -> None:
        self._observer = observer
        self._http = http
        self._clock = clock

    async def call(
        self, account: OpenApiAccount, action: str, body: dict[str, Any], *, version: str = "2024-01-01"
    ) -> dict[str, Any]:
        """Calls an action and returns the ``Result`` of its envelope, empty when it has none.

        It is never sent twice, because the upstream has no idempotency keys.

        Raises:
            NotSentError: no byte was sent.
            UpstreamRejectedError: nothing was done; the client's mistake.
            AccountFaultError: nothing was done; a fault of the channel.
            OutcomeUnknownError: it may have been done.
        """
        with recorded_call(action, account, self._observer):
            return await self._call(account, action, body, version)

    async def _call(self, account: OpenApiAccount, action: str, body: dict[str, Any], version: str) -> dict[str, Any]:
        content = orjson.dumps(body)
        query = [("Action", action), ("Version", version)]
        url = parse_url(account.url)
        host, path = url.netloc.decode(), url.raw_path.decode().partition("?")[0]
        headers = sign(
            method="POST",
            host=host,
            path=path,
            query_pairs=query,
            headers={"Content-Type": "application/json"},
            body=content,
            access_key_id=account.access_key_id,
            secret_access_key=account.secret_access_key,
            session_token=account.session_token,
            region=account.region,
            service=_SERVICE,
            at=self._clock(),
        )
        del headers["Host"]  # the HTTP client sends it
        response = await send_request(
            self._http,
            "POST",
            parse_url(f"{url.scheme}://{host}{path}?{canonical_query(query)}"),
            headers=headers,
            body=content,
        )
        return _to_result(response, account, is_read=action.startswith(_READS))


def _to_result(response: ApiResponse, account: OpenApiAccount, *, is_read: bool) -> dict[str, Any]:
    reported = find_reported_error(response, account.secrets, is_assets=True)
    if reported is not None or not response.is_success:
        raise to_error(response, reported, is_read=is_read, is_assets=True)
    body = response.body or {}
    result = body.get("Result")
    if not isinstance(body.get("ResponseMetadata"), dict) or not isinstance(result, dict | None):
        if is_read:
            raise to_unusable_success(response, None, _NO_ENVELOPE, member="ResponseMetadata")
        raise to_unusable_create(response, account.secrets, _NO_ENVELOPE)
    return result or {}
