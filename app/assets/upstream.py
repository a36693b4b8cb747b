"""Calls of Assets actions, on the channel that may take them."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.assets.schemas import DEFAULT_PROJECT
from app.channels.channel import Channel, ChannelStatus
from app.channels.directory import ChannelDirectory
from app.errors import AccessDeniedError, InvalidParameterError, NoChannelError, SeedgateError
from app.tenants.principal import Principal
from app.upstream.errors import OutcomeUnknownError
from app.upstream.openapi import OpenApiClient

_MAX_TEXT_LENGTH = 8192


class AssetsUpstream:
    """The Assets actions of all channels."""

    def __init__(self, directory: ChannelDirectory, control: OpenApiClient) -> None:
        self._directory = directory
        self._control = control

    async def candidates(self, principal: Principal, project_name: str | None) -> list[Channel]:
        """Returns the channels that may take a create in a project, best first, at least one; see ``project_for``.

        Raises:
            InvalidParameterError: 400, no channel has the project.
            AccessDeniedError: 403, the key may use none of the channels that have Assets.
            SeedgateError: 403 ``OperationDenied.ServiceNotOpen``, no channel has a key pair for Assets.
            NoChannelError: 503, no channel is active.
        """
        usable = await self._directory.candidates(principal.allowed_channels, needs="openapi")
        if not usable:
            raise await self._why_none(principal)
        fitting = [channel for channel in usable if project_for(channel, project_name) in channel.projects]
        if not fitting:
            text = f"The parameter `ProjectName` is not valid: project {project_name} is not available here."
            raise InvalidParameterError("ProjectName", text)
        return fitting

    async def channel_of(self, principal: Principal, channel_id: str) -> Channel:
        """Returns the channel of an object; no other channel can be asked about it.

        Raises:
            AccessDeniedError: 403, the key may not use it.
            SeedgateError: 403 ``OperationDenied.ServiceNotOpen``, it has no key pair for Assets any more.
            NoChannelError: 503, it is suspended or deleted.
        """
        channel = await self.find_usable(channel_id)
        if not channel.is_in(principal.allowed_channels):
            raise AccessDeniedError("This API key may not use the upstream channel that holds this object.")
        return channel

    async def find_usable(self, channel_id: str) -> Channel:
        """Returns an active channel with a key pair; for background work, which has no API key.

        A suspended channel is not asked: it may lead to another account, which would answer "not found" for every id.

        Raises:
            SeedgateError: as ``channel_of``.
        """
        channel = await self._directory.find(channel_id)
        if channel is None or channel.status != ChannelStatus.ACTIVE:
            raise NoChannelError("The upstream channel that holds this object is not available at the moment.")
        if channel.openapi is None:
            raise _not_open()
        return channel

    async def call(self, channel: Channel, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """Calls an action on one channel and returns its result.

        Raises:
            UpstreamError: there is no usable result.
        """
        if channel.openapi is None:
            raise _not_open()
        return await self._control.call(channel.openapi, action, body)

    async def create(
        self,
        channel: Channel,
        action: str,
        body: Mapping[str, Any],
        *,
        project_name: str | None,
        required: Sequence[str] = ("Id",),
    ) -> dict[str, Any]:
        """Calls an action that makes something, in the project for which a client asked on this channel.

        Args:
            channel: with a key pair.
            action: such as ``CreateAsset``.
            body: its parameters; ``ProjectName`` is added.
            project_name: as the client named it, or None.
            required: members of the result that must be texts for it to be usable.

        Raises:
            UpstreamError: there is no usable result.
        """
        result = await self.call(channel, action, {**body, "ProjectName": project_for(channel, project_name)})
        if not all(_is_text(result.get(name)) for name in required):
            raise OutcomeUnknownError(f"answered {action} without {' and '.join(required)}")
        return result

    async def _why_none(self, principal: Principal) -> SeedgateError:
        allowed = principal.allowed_channels
        if allowed is not None and not await self._directory.all(allowed):
            return AccessDeniedError("This API key may not use any upstream channel that has Assets.")
        if await self._directory.candidates(allowed, needs="ark"):
            return _not_open()
        return NoChannelError()


def project_for(channel: Channel, project_name: str | None) -> str:
    """Returns the project in which a channel creates an object.

    That is the one the client named, else ``default`` as the spec says; on a channel without ``default``, its first
    project.
    """
    if project_name is not None:
        return project_name
    return DEFAULT_PROJECT if DEFAULT_PROJECT in channel.projects else channel.projects[0]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT_LENGTH and value.isprintable()


def _not_open() -> SeedgateError:
    return SeedgateError(
        "Assets are not available here: the operator has not configured an access key (AK/SK) for them.",
        status=403,
        code="OperationDenied.ServiceNotOpen",
    )
