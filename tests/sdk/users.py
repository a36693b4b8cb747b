"""A person with one SDK: makes calls with it, and counts what they sent."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from tests.sdk.clients import Client, Failure, Outcome, ask
from tests.support.process import GatewayProcess
from tests.support.site import Site, Tenant
from tests.support.timeouts import HANG_SECONDS

MODEL = "doubao-seedance-2"
SMALL_BODY_BYTES = 4096
"""More than this is too large for the strict gateway."""
_TIMEOUT_SECONDS = 30.0
_SETTLING_SECONDS = 0.1


@dataclass(frozen=True)
class Report:
    """The result of a call.

    Attributes:
        outcome: as the SDK gave it to its user.
        answers: status and code of each answer that the gateway gave, in order.
        note: what the table shall say of it beside.
    """

    outcome: Outcome
    answers: list[tuple[int | None, str | None]]
    note: str = ""

    @property
    def result(self) -> Any:
        """The result of a call that succeeded."""
        assert self.outcome.failure is None, (self.outcome.failure, self.answers)
        return self.outcome.result

    @property
    def failure(self) -> Failure:
        """The error of a call that failed."""
        assert self.outcome.failure is not None, (self.outcome.result, self.answers)
        return self.outcome.failure

    @property
    def cell(self) -> str:
        """What the table shows of it."""
        report = "✓" if self.outcome.failure is None else str(self.outcome.failure)
        times = f"×{len(self.answers)}" if len(self.answers) > 1 else ""
        return " ".join(part for part in (report, times, self.note) if part)


class User:
    """A tenant's person with an SDK.

    Attributes:
        client: the SDK.
        site: what it is pointed at.
        strict: a second gateway of the site, which refuses bodies of more than ``SMALL_BODY_BYTES``.
        tenant: whose key it has.
    """

    def __init__(self, client: Client, site: Site, strict: GatewayProcess, tenant: Tenant) -> None:
        self.client = client
        self.site = site
        self.strict = strict
        self.tenant = tenant

    async def task(
        self,
        operation: Literal["create", "get", "list", "delete"],
        *,
        key: str | None = None,
        base_url: str | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        tries: int = 1,
        **arguments: Any,
    ) -> Report:
        """Makes a call of the data plane.

        Args:
            operation: which.
            key: another key than the person's own.
            base_url: another address than the gateway's.
            timeout_seconds: how long the SDK waits for an answer.
            tries: so many requests of it will be in the gateway's log, some perhaps a moment later.
            arguments: the arguments of the operation; a create has the usual ones beside them.
        """
        if operation == "create":
            arguments = {"model": MODEL, "resolution": "720p", "ratio": "16:9", "duration": 5, **arguments}
        request = {
            "plane": "tasks",
            "base_url": base_url or self.site.gateway.url,
            "api_key": key or self.tenant.key,
            "operation": operation,
            "arguments": arguments,
            "timeout_seconds": timeout_seconds,
        }
        return await self._ask(request, tries)

    async def video(
        self,
        operation: str,
        *,
        key: str | None = None,
        base_url: str | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        tries: int = 1,
        **arguments: Any,
    ) -> Report:
        """Makes a call in OpenAI's dialect; the arguments are those of ``task``."""
        if operation in {"create", "create_and_poll"}:
            arguments = {"model": MODEL, "seconds": "5", "size": "1280x720", **arguments}
        request = {
            "plane": "videos",
            "base_url": base_url or self.site.gateway.url,
            "api_key": key or self.tenant.key,
            "operation": operation,
            "arguments": arguments,
            "timeout_seconds": timeout_seconds,
        }
        return await self._ask(request, tries)

    async def act(
        self,
        action: str,
        body: dict[str, Any],
        *,
        way: str = "access_key",
        key: str | None = None,
        is_signed: bool = False,
        secret: str | None = None,
        endpoint: str | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        tries: int = 1,
    ) -> Report:
        """Calls an Assets action, with the API key in one of the ways that carry it or signed with the key's pair.

        Args:
            action: its name.
            body: its parameters.
            way: which the key goes.
            key: another key than the person's own.
            is_signed: with the pair instead.
            secret: another secret than the pair's own.
            endpoint: another address than the gateway's.
            timeout_seconds: how long the SDK waits for an answer.
            tries: so many requests of it will be in the gateway's log, some perhaps a moment later.
        """
        request = {
            "plane": "assets",
            "endpoint": endpoint or self.site.gateway.url,
            "way": way,
            "api_key": key or self.tenant.key,
            "access_key_id": self.tenant.access_key_id if is_signed else None,
            "secret_access_key": (secret or self.tenant.secret_access_key) if is_signed else None,
            "region": "cn-beijing",
            "action": action,
            "body": body,
            "timeout_seconds": timeout_seconds,
        }
        return await self._ask(request, tries)

    async def _ask(self, request: dict[str, Any], tries: int) -> Report:
        marks = [(gateway, gateway.mark()) for gateway in (self.site.gateway, self.strict)]
        outcome = await ask(self.client, request)
        with suppress(TimeoutError):
            async with asyncio.timeout(HANG_SECONDS):
                while len(_answers(marks)) < tries:  # noqa: ASYNC110 - there is no event for a new line
                    await asyncio.sleep(0.05)
        # One more than expected may be a moment later.
        await asyncio.sleep(_SETTLING_SECONDS)
        return Report(outcome, _answers(marks))

    def tries(self, trouble: str) -> int:
        """Returns how often the SDK sends a request that meets such trouble."""
        return self.client.attempts.get(trouble, 1)

    def release_after(self, trouble: str) -> dict[str, Callable[[], None]]:
        """Returns when a front has the upstream go on with the create that it holds, by the arguments of the front.

        That is when the SDK, which meets such trouble, tries again, or else has given up: the time that it waits for
        the outcome is its own, and no race with that of the upstream.
        """
        return {"on_second" if self.tries(trouble) > 1 else "on_end": self.site.end_faults}

    def check_tries(self, report: Report, trouble: str) -> None:
        """Fails unless it tried as often as it is known to; an SDK that tries again gets what it wanted."""
        assert len(report.answers) == self.tries(trouble)
        assert (report.outcome.failure is None) == (self.tries(trouble) > 1)

    def check_shown(self, report: Report, status: int, code: str) -> None:
        """Fails unless the gateway gave this answer each time that it was asked, and the SDK shows what it shows."""
        assert report.answers, "the gateway was not asked"
        assert set(report.answers) == {(status, code)}
        assert len(report.answers) == self.tries(str(status))
        shown, shows = report.failure, self.client.shows
        assert shown.status == (status if "status" in shows else None)
        assert shown.code == (code if "code" in shows else None)
        assert shown.message
        assert (shown.request_id is not None) == ("request_id" in shows)


def _answers(marks: list[tuple[GatewayProcess, int]]) -> list[tuple[int | None, str | None]]:
    lines = [line for gateway, mark in marks for line in gateway.requests_since(mark)]
    return [(line["status"], line["code"]) for line in lines]
