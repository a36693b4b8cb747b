"""Whether a channel still leads to the account that holds what lives on it.

A mirror whose channel suddenly speaks for another account would tell tenants that their tasks and assets are gone.
So when an address or a credential changes, the newest task and the newest asset are asked for with the new ones.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.admin.channel_contents import ChannelContents, LiveObject
from app.admin.channel_probe import PROBE_SECONDS, ask, explain
from app.channels.channel import Channel, Plane
from app.upstream.ark import ArkClient
from app.upstream.credentials import OpenApiAccount
from app.upstream.errors import AccountFaultError, ThrottledError, UpstreamError, UpstreamRejectedError
from app.upstream.openapi import OpenApiClient

# The upstream forgets a task seven days after its creation; the hour keeps clear of the edge.
_TASK_LIFE = timedelta(days=7) - timedelta(hours=1)
# Right after a create the upstream may not find an object yet.
_SETTLING = timedelta(seconds=60)
_ATTEMPTS = 3


class ContinuityCheck:
    """Asks the upstream for a channel's newest task, asset or, without assets, asset group."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        ark: ArkClient,
        control: OpenApiClient,
        clock: Callable[[], datetime],
        *,
        pause_seconds: float = 1.0,
    ) -> None:
        """Makes a check.

        Args:
            sessions: of the database.
            ark: asks for tasks.
            control: asks for assets.
            clock: the time, UTC-aware.
            pause_seconds: between two of at most three attempts; only what may pass by itself is asked again, and
                after ten seconds nothing is, because an operator waits.
        """
        self._sessions = sessions
        self._ark = ark
        self._control = control
        self._clock = clock
        self._pause_seconds = pause_seconds

    async def __call__(self, channel: Channel, planes: frozenset[Plane]) -> str | None:
        """Returns why a channel must be suspended, or None when what lives on it answers, or nothing does.

        An upstream that cannot be reached proves nothing, and then the channel must be suspended too. No transaction
        is open while the upstream is asked.

        Args:
            channel: with the new addresses and credentials.
            planes: which of them are new.
        """
        task, asset, group = await self._newest(channel.id)
        checks: list[Awaitable[str | None]] = []
        if "ark" in planes and task is not None:
            checks.append(self._verify_task(channel, task))
        if "openapi" in planes and asset is not None:
            checks.append(self._verify_stored(channel, "GetAsset", "asset", asset))
        elif "openapi" in planes and group is not None:
            checks.append(self._verify_stored(channel, "GetAssetGroup", "asset group", group))
        return next((failure for failure in await asyncio.gather(*checks) if failure is not None), None)

    async def _newest(self, channel_id: str) -> tuple[LiveObject | None, LiveObject | None, LiveObject | None]:
        async with self._sessions() as session:
            contents = ChannelContents(session, channel_id)
            task = await contents.newest_task(created_after=self._clock() - _TASK_LIFE)
            return task, await contents.newest_asset(), await contents.newest_group()

    async def _verify_task(self, channel: Channel, task: LiveObject) -> str | None:
        account = channel.ark
        if account is None:
            return f"it has no ark_api_key, but live tasks such as {task.id}"
        return await self._verify("task", task, lambda: self._ark.get(account, task.id))

    async def _verify_stored(self, channel: Channel, action: str, kind: str, found: LiveObject) -> str | None:
        account = channel.openapi
        if account is None:
            return f"it has no access key pair, but live assets such as the {kind} {found.id}"
        return await self._verify(kind, found, lambda: self._get_stored(account, action, found))

    async def _get_stored(self, account: OpenApiAccount, action: str, found: LiveObject) -> object:
        return await self._control.call(account, action, {"Id": found.id, "ProjectName": found.project_name})

    async def _verify(self, kind: str, found: LiveObject, call: Callable[[], Awaitable[object]]) -> str | None:
        started = asyncio.get_running_loop().time()
        error = await ask(call())
        for _ in range(_ATTEMPTS - 1):
            is_over = asyncio.get_running_loop().time() - started >= PROBE_SECONDS
            if error is None or is_over or self._is_definite(error, found):
                break
            await asyncio.sleep(self._pause_seconds)
            error = await ask(call())
        if error is None:
            return None
        if isinstance(error, UpstreamRejectedError) and error.is_not_found:
            return f"its newest {kind} {found.id} is unknown to this account: {error.status} {error.code}"
        return f"its newest {kind} {found.id} could not be verified: {explain(error)}"

    def _is_definite(self, error: UpstreamError, found: LiveObject) -> bool:
        """Whether asking again cannot help."""
        if isinstance(error, UpstreamRejectedError):
            return not error.is_not_found or self._clock() - found.created_at > _SETTLING
        return isinstance(error, AccountFaultError) and not isinstance(error, ThrottledError)
