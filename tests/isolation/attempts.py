"""Every request that names an object: one row for each route or Assets action, kind of object and place of the id."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from app.assets.actions import VERSION
from tests.support.driving import URL
from tests.support.gateway import TASKS
from tests.support.signing import Signing
from tests.tasks.bodies import audio, body, draft, image, video

VIDEOS = "/v1/videos"
VIDEO = {"model": "doubao-seedance-2-0-260128", "prompt": "a kitten"}
DRAFTING = "doubao-seedance-1-5-pro-251215"
PAGE: dict[str, Any] = {"PageNumber": 1, "PageSize": 10}
ENTRIES = ("/api/v3/open/{action}", "/api/v3/assets", "/")
"""The paths under which each Assets action can be called."""
NAMES_NOTHING = {
    ("GET", "/api/v3/whoami"),
    # The token names a file, and is authenticated; tests/archive/test_links.py tries it.
    ("GET", "/media/{token}"),
    # Models belong to the operator.
    ("GET", "/api/v3/models"),
    ("GET", "/api/v3/models/{model_id:path}"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{model_id:path}"),
    ("POST", "/api/v3/open/CreateAssetGroup"),
    ("POST", "/api/v3/open/CreateVisualValidateSession"),
    ("POST", "/api/v3/open/{action:path}"),
    # Refused, whatever they name.
    ("POST", "/v1/videos/edits"),
    ("POST", "/v1/videos/extensions"),
    ("POST", "/v1/videos/characters"),
    ("POST", "/v1/videos/{video_id}/remix"),
    # A session of the console is named by its cookie alone, which is a credential; tests/console tries it.
    ("POST", "/console/session"),
    ("GET", "/console/session"),
    ("DELETE", "/console/session"),
    ("GET", "/console"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("HEAD", "/openapi.json"),
    ("GET", "/"),
}
"""Method and path of the routes for which no request can name an object."""


@dataclass(frozen=True)
class Attempt:
    """One request that names an object.

    Attributes:
        kind: the kind of the object.
        method: the method of the request.
        route: its path, as the application declares it.
        query: with ``{id}`` where the id stands, if it stands there.
        body: with ``$id`` where the id stands, if it stands there.
        is_signed: with a signing key instead of an API key.
        denied: what a client gets for an object that it does not own.
        own: what its owner gets.
    """

    kind: str
    method: str
    route: str
    query: str = ""
    body: Any = None
    is_signed: bool = False
    denied: int = 404
    own: int = 200

    def __str__(self) -> str:
        written = "" if self.body is None else f" {json.dumps(self.body)}"
        return f"{self.kind} {self.method} {self.route}{self.query}{written}{' signed' if self.is_signed else ''}"

    async def send(self, client: httpx.AsyncClient, object_id: str, signing: Signing | None) -> httpx.Response:
        """Sends the request for one id."""
        content = None if self.body is None else json.dumps(self.body).replace("$id", object_id).encode()
        headers = {"Content-Type": "application/json", "X-Client-Request-Id": "mine"}
        path = "/".join(object_id if part.startswith("{") else part for part in self.route.split("/"))
        url = path + self.query.replace("{id}", object_id)
        auth = signing if self.is_signed else None
        return await client.request(self.method, url, content=content, headers=headers, auth=auth)


def on_task(
    kind: str,
    *,
    as_draft: tuple[int, int] = (200, 200),
    named: tuple[int, int] = (200, 200),
    deletion: int = 200,
    content: int = 302,
) -> list[Attempt]:
    """Returns what can be tried with a task.

    Args:
        kind: the kind of the task.
        as_draft: what its owner gets for creates that use it as a draft: for a dry run, and for a real one.
        named: the same for creates that name it in a parameter which the gateway does not know.
        deletion: what its owner gets for its deletion.
        content: what its owner gets for its content.
    """
    return [
        Attempt(kind, "GET", f"{TASKS}/{{task_id}}"),
        Attempt(kind, "GET", TASKS, "?filter.task_ids={id}", denied=200),
        Attempt(kind, "GET", f"{VIDEOS}/{{video_id}}"),
        Attempt(kind, "GET", VIDEOS, "?after={id}", denied=400),
        Attempt(kind, "GET", f"{VIDEOS}/{{video_id}}/content", own=content),
        *in_create(kind, draft("$id"), own=as_draft, model=DRAFTING),
        *in_create(kind, own=named, somewhere={"draft_task": {"id": "$id"}}),
        Attempt(kind, "DELETE", f"{TASKS}/{{task_id}}", own=deletion),
    ]


def in_create(kind: str, *content: dict[str, Any], own: tuple[int, int] = (200, 200), **fields: Any) -> list[Attempt]:
    """Returns two creates of a task that refer to an object: a dry run and a real one."""
    written = body(*content, **fields)
    return [
        Attempt(kind, "POST", TASKS, query, written, denied=400, own=status)
        for query, status in zip(("?dry_run=true", ""), own, strict=True)
    ]


def on_every_entry(kind: str, action: str, *, own: int = 200, denied: int = 404, **members: Any) -> list[Attempt]:
    """Returns an Assets action on each entry, and on the native one with either credential."""
    query = f"?Action={action}&Version={VERSION}"
    rows = [
        (ENTRIES[0].replace("{action}", action), "", False),
        (ENTRIES[1], query, False),
        (ENTRIES[2], query, False),
        (ENTRIES[2], query, True),
    ]
    return [Attempt(kind, "POST", *row[:2], members, is_signed=row[2], own=own, denied=denied) for row in rows]


_IN_GROUP: dict[str, Any] = {"Filter": {"GroupType": "AIGC", "GroupIds": ["$id"]}}

ATTEMPTS = [
    *on_task("task", as_draft=(200, 400)),
    *on_task("draft"),
    *on_task("unconcluded", as_draft=(400, 400), named=(400, 400), deletion=409, content=400),
    Attempt("queued", "DELETE", f"{TASKS}/{{task_id}}"),
    Attempt("video", "DELETE", f"{VIDEOS}/{{video_id}}"),
    *on_every_entry("group", "GetAssetGroup", Id="$id"),
    *on_every_entry("group", "UpdateAssetGroup", Id="$id", Name="renamed"),
    *on_every_entry("group", "CreateAsset", GroupId="$id", URL=URL, AssetType="Image"),
    *on_every_entry("group", "ListAssetGroups", denied=200, **_IN_GROUP),
    *on_every_entry("group", "ListAssets", denied=200, **_IN_GROUP, **PAGE),
    *on_every_entry("asset", "GetAsset", Id="$id"),
    *on_every_entry("asset", "UpdateAsset", Id="$id", Name="renamed"),
    *in_create("asset", image(url="asset://$id")),
    *in_create("asset", video(url="asset://$id")),
    *(
        Attempt("asset", "POST", VIDEOS, query, {**VIDEO, name: reference}, denied=400)
        for query in ("?dry_run=true", "")
        for name, reference in (("input_reference", {"file_id": "$id"}), ("videos", ["asset://$id"]))
    ),
    *in_create("asset", image("reference_image"), audio(url="asset://$id")),
    *in_create("asset", image("reference_image"), later={"image_url": {"url": "asset://$id"}}),
    *on_every_entry("asset", "DeleteAsset", Id="$id"),
    *on_every_entry("group", "DeleteAssetGroup", Id="$id"),
    *on_every_entry("session", "GetVisualValidateResult", BytedToken="$id"),
    *on_every_entry("open session", "GetVisualValidateResult", own=404, BytedToken="$id"),
    *on_every_entry("person", "GetAssetGroup", Id="$id"),
    *on_every_entry("person", "CreateAsset", GroupId="$id", URL=URL, AssetType="Image"),
    Attempt("key_id", "GET", "/api/v3/usage", "?key={id}&group_by=key", denied=200),
    Attempt("callback", "POST", "/callbacks/{token}", body={"id": "cgt-20260101000000-zzzzz"}, denied=200),
]
