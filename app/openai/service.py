"""Use cases of ``/v1/videos``: those of tasks, in OpenAI's words."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import httpx
import structlog

from app.catalog.model_index import ModelIndex
from app.catalog.model_spec import ModelSpec
from app.catalog.service import ModelCatalog
from app.channels.directory import ChannelDirectory
from app.errors import InvalidParameterError, NotFoundError, SeedgateError, ServiceUnavailableError
from app.http.body_thread import BodyThread
from app.money.estimates.families import family_of
from app.openai.request_params import THUMBNAIL, ListQuery, unknown_after
from app.openai.video_body import VideoBody
from app.openai.videos import new_video, to_page, to_video
from app.tasks.archived import is_copied
from app.tasks.creation.create import ClientRequest, TaskCreation
from app.tasks.deletion import TaskDeletion
from app.tasks.freshness import freshness_of
from app.tasks.link_expiry import link_ends_at
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.responses import ended_at_of, public_id
from app.tasks.service import TaskService
from app.tenants.principal import Principal
from app.upstream.downloads import OriginRule
from app.upstream.origins import origin_of
from app.urls import begins_as_web_url

_log = structlog.get_logger()


class Content(NamedTuple):
    """A file of a video.

    Attributes:
        url: where it is.
        rule: from which servers it may be passed on; None: the client fetches it itself.
        copy: its copy in the archive, which is passed on in any case; None if there is none.
    """

    url: str
    rule: OriginRule | None
    copy: "CopyKey | None" = None


class CopyKey(NamedTuple):
    """What names a copy in the archive; ``task_id`` is the task's spare id."""

    tenant_id: str
    task_id: str
    member: str


class VideoService:
    """Videos of any tenant; every method takes the principal on whose behalf it acts."""

    def __init__(
        self,
        tasks: TaskService,
        creation: TaskCreation,
        deletion: TaskDeletion,
        *,
        catalog: ModelCatalog,
        directory: ChannelDirectory,
        body_thread: BodyThread,
        clock: Callable[[], datetime],
        are_streamed: bool,
        has_archive: bool,
        public_url: str | None,
    ) -> None:
        """``are_streamed`` says that the gateway passes on files of the upstream; otherwise clients are sent to them.

        ``has_archive`` says that it passes on copies in the archive. ``public_url`` is its own address, if it is known.
        """
        self._tasks = tasks
        self._creation = creation
        self._deletion = deletion
        self._catalog = catalog
        self._directory = directory
        self._body_thread = body_thread
        self._clock = clock
        self._are_streamed = are_streamed
        self._has_archive = has_archive
        self._public_url = public_url

    async def create(self, principal: Principal, body: VideoBody, client: ClientRequest) -> dict[str, Any]:
        """Creates a video and returns its object, or that of an earlier attempt of the same request.

        Raises:
            SeedgateError: as ``TaskCreation.create``; a 400 names the field as the client wrote it.
        """
        try:
            task_id = await self._creation.create(principal, body, client)
        except SeedgateError as error:
            raise body.renamed(error) from None
        try:
            return await self._shown(principal, await self._tasks.stored(principal, task_id))
        except Exception as error:  # noqa: BLE001 - the create was accepted, and an error would have it sent again
            _log.warning("accepted_video_not_read", error=type(error).__name__)
            return await self._as_accepted(principal, body, task_id)

    async def dry_run(self, principal: Principal, body: VideoBody) -> dict[str, Any]:
        """Checks a create; see ``TaskCreation.dry_run``."""
        try:
            return await self._creation.dry_run(principal, body)
        except SeedgateError as error:
            raise body.renamed(error) from None

    async def get(self, principal: Principal, video_id: str) -> tuple[dict[str, Any], int | None]:
        """Returns a video, refreshed if that is due, and its age in seconds when it is stale.

        Raises:
            NotFoundError: 404, no such task of this tenant.
        """
        found, _ = await self._tasks.refreshed(principal, video_id)
        return await self._shown(principal, found.row), freshness_of(found.row).stale_seconds(self._clock())

    async def page(self, principal: Principal, query: ListQuery) -> dict[str, Any]:
        """Returns one page of the tenant's videos as stored.

        Raises:
            InvalidParameterError: 400, ``after`` is no video of the tenant.
        """
        try:
            rows, has_more = await self._tasks.following(
                principal, query.after, limit=query.limit, is_descending=query.is_descending
            )
        except NotFoundError:
            raise unknown_after() from None
        index, ran = await self._catalog.index(), await self._tasks.seen_running(principal, rows)
        videos = [self._to_video(row, index, has_run=row.id in ran) for row in rows]
        return to_page(videos, has_more=has_more)

    async def delete(self, principal: Principal, video_id: str) -> None:
        """Removes a video; a queued one is cancelled first.

        Raises:
            SeedgateError: as ``TaskDeletion.remove``.
        """
        await self._deletion.remove(principal, video_id)

    async def content(self, principal: Principal, video_id: str, variant: str) -> Content:
        """Returns where a file of a video can be fetched now, and whether the gateway passes it on.

        Raises:
            NotFoundError: 404, no such task of this tenant.
            SeedgateError: 400 ``video_not_ready``, 404 ``video_not_available`` or 410 ``video_expired``.
            InvalidParameterError: 400, the video has no last frame.
            ServiceUnavailableError: 503, the gateway is to pass it on, and it is not on a server of the channel.
        """
        found, _ = await self._tasks.refreshed(principal, video_id)
        status = TaskStatus(found.row.status)
        if not status.is_final:
            raise _refused(400, "video_not_ready", "The video is not finished. Its content can be fetched afterwards.")
        task = self._tasks.body_of(found.row)
        content: dict[str, Any] = task["content"] if isinstance(task.get("content"), dict) else {}
        member, url = "video_url", content.get("video_url")
        if status is not TaskStatus.SUCCEEDED or not _is_url(url):
            raise not_available("No video was made, so there is no content.")
        if variant == THUMBNAIL:
            member, url = "last_frame_url", content.get("last_frame_url")
            if not _is_url(url):
                text = "This video has no last frame; set `return_last_frame` when it is created."
                raise InvalidParameterError("variant", text)
        if self._is_in_archive(found.row, member):
            return Content(str(url), None, CopyKey(found.row.tenant_id, found.row.id, member))
        if link_ends_at(str(url), ended_at_of(task, found.row)) <= self._clock().timestamp():
            raise _refused(410, "video_expired", "The content of the video is not kept any longer.")
        return Content(str(url), await self._stream_rule(str(url), found.row))

    async def _stream_rule(self, url: str, row: TaskRow) -> OriginRule | None:
        """Returns from which servers a file is passed on; None: the client is sent to it.

        A file that may not be passed on is an error: the link is not for clients where files are passed on.
        """
        if not self._are_streamed:
            return None
        rule = await self._directory.media_rule(str(row.channel_id))
        if rule is None:
            raise ServiceUnavailableError(internal="content: the channel of the video was deleted")
        try:
            origin = origin_of(httpx.URL(url))
        except (httpx.InvalidURL, ValueError):
            raise ServiceUnavailableError(internal="content: its URL is no http or https URL") from None
        if not rule(origin):
            raise ServiceUnavailableError(internal=f"content: {origin.text} is not among the channel's media_hosts")
        return rule

    def _is_in_archive(self, row: TaskRow, member: str) -> bool:
        return self._has_archive and is_copied(row, member)

    async def _shown(self, principal: Principal, row: TaskRow) -> dict[str, Any]:
        ran = await self._tasks.seen_running(principal, [row])
        return self._to_video(row, await self._catalog.index(), has_run=row.id in ran)

    def _to_video(self, row: TaskRow, index: ModelIndex, *, has_run: bool) -> dict[str, Any]:
        task = self._tasks.body_of(row)
        if self._are_streamed and isinstance(task.get("content"), dict):
            task = {**task, "content": self._with_own_addresses(row, task["content"])}
        return to_video(row, task, _family_of(row, index), has_run=has_run)

    def _with_own_addresses(self, row: TaskRow, content: dict[str, Any]) -> dict[str, Any]:
        """Returns a ``content`` without links of the upstream: they are for the gateway alone.

        In their place are the gateway's own addresses, which need a key, or null where its address is not known.
        """
        path = f"/v1/videos/{public_id(row)}/content"
        addresses = {"video_url": path, "last_frame_url": f"{path}?variant={THUMBNAIL}"}
        own = {
            member: None if self._public_url is None else self._public_url + address
            for member, address in addresses.items()
            if member in content and not self._is_in_archive(row, member)
        }
        return {**content, **own}

    async def _as_accepted(self, principal: Principal, body: VideoBody, task_id: str) -> dict[str, Any]:
        """Returns the object of a video that cannot be read, or was deleted, by what was asked for."""
        now = self._clock()
        try:
            index = await self._catalog.index()
            translated = await body.translate(self._body_thread, principal.tenant_id, index)
        except Exception:  # noqa: BLE001 - as above
            # An earlier attempt answered this one, which was not checked, and its model is not known any more.
            return new_video(task_id, {"model": body.model_as_written}, None, now=now)
        model = translated.model
        return new_video(
            task_id, {**translated.body, "model": model.name}, family_of(model.upstream_id, model), now=now
        )


def not_available(message: str) -> SeedgateError:
    """Returns the 404 of a video whose content is not there and will not be."""
    return _refused(404, "video_not_available", message)


def _family_of(row: TaskRow, index: ModelIndex) -> str | None:
    model = index.find(row.model) or ModelSpec(name=row.model, upstream_id=row.upstream_model)
    return family_of(row.upstream_model, model)


def _is_url(value: object) -> bool:
    return isinstance(value, str) and begins_as_web_url(value)


def _refused(status: int, code: str, message: str) -> SeedgateError:
    return SeedgateError(message, status=status, code=code)
