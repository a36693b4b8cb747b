"""Routes of ``/v1/videos``: parse, call, wrap."""

from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.archive.media_routes import MediaService
from app.creates.sdk_retry_headers import is_marked_as_retry, read_idempotency_key
from app.errors import NotFoundError, SeedgateError
from app.http.body import BodyAdmission
from app.http.body_thread import BodyThread
from app.http.disconnect import client_disconnected
from app.http.openapi import STALE_RESPONSE, openai_errors
from app.http.query import read_query
from app.http.responses import json_response, stale_header
from app.observability.log_context import add_log_fields
from app.openai import documentation
from app.openai.content import ContentStreams
from app.openai.request_params import parse_list, parse_variant
from app.openai.schemas import DeletedVideo, Video, VideoPage
from app.openai.service import VideoService, not_available
from app.openai.video_body import read_body
from app.openai.videos import COMPLETED, FAILED, to_deleted
from app.tasks.creation.create import ClientRequest
from app.tasks.request_params import checked_task_id, parse_dry_run
from app.tasks.schemas import DryRun
from app.tenants.caller import admit, count_create, identify
from app.tenants.permissions import Permission

VIDEOS = "/v1/videos"
_ONE = VIDEOS + "/{video_id}"
_NATIVE = "POST /api/v3/contents/generations/tasks"
_POLL_AFTER = "openai-poll-after-ms"
# The SDKs' own pause is a second; a video takes minutes.
_POLL_AFTER_MILLISECONDS = 5000
# As Starlette's own redirects: what a URL may have as it is.
_URL_CHARACTERS = ":/%#?=@[]!$&'()*+,;"
_MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
_REMIX = "A video is not remixed. Create a new one with the video among `videos`, as a URL or an asset, and a prompt"
_EDIT = (
    "Create a video of the model 2.5 with the video among `videos`, as a URL or an asset, and "
    "`omni_reference_task_type` `{}`"
)

router = APIRouter(tags=["videos of OpenAI"], responses=openai_errors(400, 401, 403, 404, 429, 502, 503))


@router.post(
    VIDEOS,
    summary="Create a video",
    response_model=Video | DryRun,
    responses=openai_errors(409, 413, 415),
    openapi_extra=documentation.CREATE,
)
async def create_video(request: Request) -> Response:
    """Creates a video; with ``dry_run=true`` only validates it and tells what it will cost at most."""
    sender = await admit(request, Permission.TASKS)
    service: VideoService = request.state.videos
    bodies: BodyAdmission = request.state.bodies
    thread: BodyThread = request.state.body_thread
    is_dry_run = parse_dry_run(read_query(request))
    idempotency_key = read_idempotency_key(request.headers.raw)
    async with read_body(request, bodies, sender, thread) as body:
        # Checked again: the key may have been revoked while the body was arriving.
        principal = await identify(request, Permission.TASKS)
        if is_dry_run:
            return json_response(await service.dry_run(principal, body))
        await count_create(request, principal)
        async with client_disconnected(request) as gone:
            client = ClientRequest(
                id=request.state.request_id,
                idempotency_key=idempotency_key,
                is_marked_retry=is_marked_as_retry(request.headers),
                gone=gone,
            )
            video = await service.create(principal, body, client)
    add_log_fields(task=video["id"])
    return json_response(video, headers=_poll_header(video["status"]))


@router.get(VIDEOS, summary="List videos", response_model=VideoPage, openapi_extra=documentation.LIST)
async def list_videos(request: Request) -> Response:
    """Lists the tenant's videos as stored, of both dialects."""
    principal = await identify(request, Permission.READ)
    service: VideoService = request.state.videos
    return json_response(await service.page(principal, parse_list(read_query(request))))


@router.get(
    _ONE, summary="Query a video", response_model=Video, responses=STALE_RESPONSE, openapi_extra=documentation.ONE
)
async def get_video(request: Request) -> Response:
    """Returns one video; ``X-Seedgate-Stale`` is the age in seconds of a stale answer."""
    principal = await identify(request, Permission.READ)
    service: VideoService = request.state.videos
    video, stale_seconds = await service.get(principal, _video_id(request))
    return json_response(video, headers={**stale_header(stale_seconds), **_poll_header(video["status"])})


@router.delete(
    _ONE,
    summary="Delete a video",
    response_model=DeletedVideo,
    responses=openai_errors(409),
    openapi_extra=documentation.ONE,
)
async def delete_video(request: Request) -> Response:
    """Removes a video; a queued one is cancelled first, a running one is refused."""
    principal = await identify(request, Permission.TASKS)
    service: VideoService = request.state.videos
    video_id = _video_id(request)
    await service.delete(principal, video_id)
    return json_response(to_deleted(video_id))


@router.get(
    _ONE + "/content",
    summary="Fetch the content of a video",
    response_class=Response,
    responses={
        200: {"description": "the file, or a part of it (206), where the gateway passes it on"},
        302: {"description": "where it is, for a while and without a key"},
        **openai_errors(410, 416),
    },
    openapi_extra=documentation.CONTENT,
)
async def get_video_content(request: Request) -> Response:
    """Redirects to the file, which can be fetched without a key until the video expires, or passes it on."""
    principal = await identify(request, Permission.READ)
    service: VideoService = request.state.videos
    variant = parse_variant(read_query(request))
    content = await service.content(principal, _video_id(request), variant)
    if content.copy is not None:
        media: MediaService = request.state.media
        missing = not_available("The content of the video is not in the archive any more.")
        try:
            row = await media.stored(*content.copy)
        except NotFoundError:
            raise missing from None
        return media.response(row, request, cache_control="no-store", missing=missing)
    if request.scope["state"].get("is_head"):
        # The link is signed for GET alone, and a GET is one of a hundred.
        headers = {"Cache-Control": "no-store"} | ({} if content.rule is None else {"Accept-Ranges": "bytes"})
        return _without_length(Response(media_type=_media_type_of(content.url), headers=headers))
    if content.rule is not None:
        streams: ContentStreams = request.state.content_streams
        return streams.response(principal.tenant_id, content.url, content.rule, request.headers)
    return Response(
        status_code=302, headers={"Location": quote(content.url, safe=_URL_CHARACTERS), "Cache-Control": "no-store"}
    )


@router.post(
    _ONE + "/remix", summary="Refused: remix a video", response_class=Response, openapi_extra=documentation.REFUSED
)
async def remix_video(request: Request) -> Response:
    """Refuses the operation, and names what there is instead."""
    raise await _unsupported(request, _REMIX)


@router.post(
    VIDEOS + "/edits", summary="Refused: edit a video", response_class=Response, openapi_extra=documentation.REFUSED
)
async def edit_video(request: Request) -> Response:
    """Refuses the operation, and names what there is instead."""
    raise await _unsupported(request, _EDIT.format("edit"))


@router.post(
    VIDEOS + "/extensions",
    summary="Refused: extend a video",
    response_class=Response,
    openapi_extra=documentation.REFUSED,
)
async def extend_video(request: Request) -> Response:
    """Refuses the operation, and names what there is instead."""
    raise await _unsupported(request, _EDIT.format("extend"))


@router.post(
    VIDEOS + "/characters",
    summary="Refused: make a character",
    response_class=Response,
    openapi_extra=documentation.REFUSED,
)
async def create_character(request: Request) -> Response:
    """There are no characters; a person is an asset."""
    await admit(request, Permission.TASKS)
    raise NotFoundError("There are no characters here. Use an asset, by the actions at /api/v3/open.")


async def _unsupported(request: Request, instead: str) -> SeedgateError:
    await admit(request, Permission.TASKS)
    text = f"This operation is not supported. {instead}; natively, `{_NATIVE}`."
    return SeedgateError(text, status=400, code="unsupported_operation")


def _without_length(response: Response) -> Response:
    """Returns the response to HEAD of a file whose length is not known."""
    del response.headers["content-length"]
    return response


def _media_type_of(url: str) -> str:
    """Returns the type of a file by the end of its path, as far as the upstream has them."""
    path = url.partition("?")[0].lower()
    return next((type_ for end, type_ in _MEDIA_TYPES.items() if path.endswith(end)), _MEDIA_TYPES[".mp4"])


def _poll_header(status: str) -> dict[str, str]:
    return {} if status in {COMPLETED, FAILED} else {_POLL_AFTER: str(_POLL_AFTER_MILLISECONDS)}


def _video_id(request: Request) -> str:
    return checked_task_id(request.path_params["video_id"])
