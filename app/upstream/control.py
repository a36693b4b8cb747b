"""The control plane: OpenAPI actions, signed with the account's key pair."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import orjson

from app.upstream.accounts import OpenApiAccount
from app.upstream.answers import Answer, find_reported_error, to_error, to_unreadable, to_unusable
from app.upstream.exchange import Observe, counted, send_request, to_url
from app.upstream.signature import canonical_query, sign
from app.upstream.transport import FRESH_WITHIN, FRESH_WITHIN_SECONDS

_SERVICE = "ark"
_READS = ("Get", "List")
_NO_ENVELOPE = "a success without the envelope"


@dataclass(frozen=True, slots=True)
class ControlResult:
    """What an action returned.

    Attributes:
        result: the envelope's ``Result``; empty when it has none.
        request_id: the upstream's id of the request, or None.
    """

    result: dict[str, Any]
    request_id: str | None


class ControlClient:
    """Calls actions. Raises an ``UpstreamError``, nothing else."""

    def __init__(
        self, http: httpx.AsyncClient, clock: Callable[[], datetime], *, observe: Observe | None = None
    ) -> None:
        """Makes a client.

        Args:
            http: from ``open_upstream_http``.
            clock: the time in UTC; the upstream refuses signatures of another time.
            observe: is told what becomes of each call.
        """
        self._observe = observe
        self._http = http
        self._clock = clock

    async def call(
        self, account: OpenApiAccount, action: str, body: dict[str, Any], *, version: str = "2024-01-01"
    ) -> ControlResult:
        """Calls an action; never written twice, for the upstream knows no idempotency key.

        Args:
            account: whose assets.
            action: such as ``CreateAsset``.
            body: the action's parameters.
            version: of the API.

        Raises:
            NotSentError: no byte left us.
            UpstreamRejectedError: nothing was done, the client's mistake.
            AccountFaultError: nothing was done, the channel's affair.
            OutcomeUnknownError: it may have been done.
        """
        with counted(action, account, self._observe):
            return await self._call(account, action, body, version)

    async def _call(self, account: OpenApiAccount, action: str, body: dict[str, Any], version: str) -> ControlResult:
        content = orjson.dumps(body)
        query = [("Action", action), ("Version", version)]
        url = to_url(account.url)
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
        del headers["Host"]  # every request gets the same one
        answer = await send_request(
            self._http,
            "POST",
            to_url(f"{url.scheme}://{host}{path}?{canonical_query(query)}"),
            headers=headers,
            content=content,
            extensions={FRESH_WITHIN: FRESH_WITHIN_SECONDS},
        )
        return _to_result(answer, account, is_read=action.startswith(_READS))


def _to_result(answer: Answer, account: OpenApiAccount, *, is_read: bool) -> ControlResult:
    reported = find_reported_error(answer, account.secrets, is_assets=True)
    if reported is not None or not answer.is_success:
        raise to_error(answer, reported, is_read=is_read, is_assets=True)
    body = answer.body or {}
    result = body.get("Result")
    if not isinstance(body.get("ResponseMetadata"), dict) or not isinstance(result, dict | None):
        if is_read:
            raise to_unreadable(answer, None, _NO_ENVELOPE, member="ResponseMetadata")
        raise to_unusable(answer, account.secrets, _NO_ENVELOPE)
    return ControlResult(result or {}, answer.request_id)
