"""Admin routes of channels."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.admin.channel_continuity import ContinuityCheck
from app.admin.deletion_guards import find_dependent
from app.admin.params import body_of, name_query, path_id, query_choice, query_text, read_body
from app.channels.channel import ChannelStatus
from app.channels.models import ChannelRow
from app.channels.probe import ChannelProbe
from app.channels.repository import ChannelSearch
from app.channels.schemas import ChannelCheckView, ChannelCreate, ChannelPatch, ChannelView, PlaneCheckView
from app.channels.service import ChannelService
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response

_STATUSES = [status.value for status in ChannelStatus]
_ALL = "/channels"
_ONE = _ALL + "/{channel_id}"
_CHECK = _ONE + "/check"
# Suspended: sent as it is, it must not be given creates, which it would refuse.
_CREATE_EXAMPLE = {"name": "second-account", "ark_api_key": "the-key-of-that-account", "status": "suspended"}

router = APIRouter(tags=["admin: channels"])


@router.post(
    _ALL,
    summary="Create a channel",
    status_code=201,
    response_model=ChannelView,
    responses=admin_errors(409, 413, 415),
    openapi_extra=body_of(ChannelCreate, _CREATE_EXAMPLE),
)
async def create_channel(request: Request) -> Response:
    """Makes a channel; its secrets are sealed and never shown again.

    The URLs for which it has credentials are asked for a list of one, which costs nothing. One that leads to something
    else than the upstream's API is refused; a server that does not answer proves nothing.
    """
    service: ChannelService = request.state.channels
    probe: ChannelProbe = request.state.probe
    wanted = await read_body(request, ChannelCreate)
    row = await service.create(request.state.actor, wanted, find_foreign=probe.find_foreign)
    return json_response(await _view(service, row), status=201)


@router.get(
    _ALL,
    summary="List channels",
    response_model=Page[ChannelView],
    openapi_extra={
        "parameters": [
            name_query("the id of a channel"),
            query_parameter("status", {"type": "string", "enum": _STATUSES}, "only channels in this state"),
            *PAGE_QUERY,
        ]
    },
)
async def list_channels(request: Request) -> Response:
    """Lists channels, newest first, with what was refused of their last calls."""
    service: ChannelService = request.state.channels
    page = parse_page(request)
    status = query_choice(request, "status", _STATUSES)
    wanted = ChannelSearch(text=query_text(request, "q"), status=None if status is None else ChannelStatus(status))
    rows = await service.page(page, wanted)
    health = await service.health_of([row.id for row in rows])
    return json_response(
        to_page(rows, page, cursor_of=lambda row: row.id, view=lambda row: ChannelView.of_row(row, health[row.id]))
    )


@router.get(_ONE, summary="Show a channel", response_model=ChannelView, responses=admin_errors(404))
async def get_channel(request: Request) -> Response:
    """Shows one channel, with what was refused of its last calls."""
    service: ChannelService = request.state.channels
    return json_response(await _view(service, await service.get(path_id(request, "channel_id"))))


@router.patch(
    _ONE,
    summary="Change a channel",
    response_model=ChannelView,
    responses=admin_errors(404, 409, 413, 415),
    openapi_extra=body_of(ChannelPatch, {"priority": 10, "weight": 2}),
)
async def update_channel(request: Request) -> Response:
    """Changes the members that are sent; null clears a secret.

    A URL that moves to another origin needs the secrets that go there in the same request. Without them those that were
    given for the old origin are dropped, and the channel comes back suspended. A new URL that leads to something else
    than the upstream's API is refused.

    When an address or a credential changes, or a suspension is lifted, the newest live task or asset must still
    answer; otherwise the channel comes back suspended, with the reason in `status_reason`.
    """
    service: ChannelService = request.state.channels
    continuity: ContinuityCheck = request.state.continuity
    probe: ChannelProbe = request.state.probe
    patch = await read_body(request, ChannelPatch)
    row = await service.update(
        request.state.actor,
        path_id(request, "channel_id"),
        patch,
        verify=continuity,
        find_foreign=probe.find_foreign,
    )
    return json_response(await _view(service, row))


@router.delete(_ONE, summary="Delete a channel", status_code=204, responses=admin_errors(404, 409))
async def delete_channel(request: Request) -> Response:
    """Deletes a channel and its secrets; refused while unfinished tasks, assets or asset groups live on it.

    What an erasure of a tenant has not deleted upstream yet stays there; the audit row `tenant.erased` tells it.
    """
    service: ChannelService = request.state.channels
    await service.delete(request.state.actor, path_id(request, "channel_id"), find_dependent=find_dependent)
    return Response(status_code=204)


@router.post(
    _CHECK, summary="Try a channel's credentials", response_model=ChannelCheckView, responses=admin_errors(404)
)
async def check_channel(request: Request) -> Response:
    """Asks both planes for a list of one with the channel's own credentials; changes nothing and costs nothing."""
    service: ChannelService = request.state.channels
    probe: ChannelProbe = request.state.probe
    channel = await service.open(path_id(request, "channel_id"))
    results = await probe.probe(channel)
    return json_response(
        ChannelCheckView(ark=PlaneCheckView.of(results["ark"]), openapi=PlaneCheckView.of(results["openapi"]))
    )


async def _view(service: ChannelService, row: ChannelRow) -> ChannelView:
    return ChannelView.of_row(row, (await service.health_of([row.id]))[row.id])
