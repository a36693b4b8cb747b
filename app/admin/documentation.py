"""What ``/openapi.json`` says of admin routes, made from their wire classes.

The routes read and check bodies themselves, so FastAPI cannot see this by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from app.http.openapi import ADMIN_ERROR, json_body, json_content, schema_of

_PAGE_QUERY: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    "after": {"type": "string", "description": "`next_cursor` of the page before"},
}
_ID: Mapping[str, Any] = {"type": "string"}
# 400: a query parameter that the route does not declare.
_ALWAYS = (400, 401, 429, 503)
_WITH_BODY = (413, 415)


def operation(
    *,
    answer: type[BaseModel] | Mapping[str, Any] | None,
    status: int = 200,
    body: type[BaseModel] | None = None,
    example: Mapping[str, Any] | None = None,
    path: Sequence[str] = (),
    query: Mapping[str, Mapping[str, Any]] | None = None,
    errors: Sequence[int] = (),
    media_type: str | None = None,
) -> dict[str, Any]:
    """Returns the ``openapi_extra`` of a route.

    Args:
        answer: what a success holds, as a wire class or a schema; None for an empty one.
        status: status of the success.
        body: wire class of the request body.
        example: a body that is accepted as it is; every body needs one (``json_body``).
        path: names of the path's parameters, all of them strings.
        query: schemas of the query's parameters.
        errors: statuses beside 400, 401, 429 and 503, and beside 413 and 415 of a body.
        media_type: of a success that is no JSON; ``answer`` then describes each of its lines.
    """
    told = sorted({*_ALWAYS, *errors, *(_WITH_BODY if body else ()), *((404,) if path else ())})
    documented: dict[str, Any] = {
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": _ID} for name in path),
            *(
                {"name": name, "in": "query", "required": False, "schema": dict(of)}
                for name, of in (query or {}).items()
            ),
        ],
        "responses": {str(status): _success(answer, media_type)}
        | {str(error): json_content("an error", ADMIN_ERROR) for error in told},
    }
    if body is not None:
        documented["requestBody"] = json_body(schema_of(body, mode="validation"), {"example": example or {}})
    return documented


def list_operation(item: type[BaseModel], *, query: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Returns the ``openapi_extra`` of a list with cursor paging."""
    page = {
        "type": "object",
        "required": ["data", "has_more", "next_cursor"],
        "properties": {
            "data": {"type": "array", "items": schema_of(item, mode="serialization")},
            "has_more": {"type": "boolean"},
            "next_cursor": {"type": ["string", "null"]},
        },
    }
    return operation(answer=page, query={**(query or {}), **_PAGE_QUERY})


def _success(answer: type[BaseModel] | Mapping[str, Any] | None, media_type: str | None) -> dict[str, Any]:
    if answer is None:
        return {"description": "done"}
    schema = answer if isinstance(answer, Mapping) else schema_of(answer, mode="serialization")
    return (
        json_content("done", schema)
        if media_type is None
        else {
            "description": "done, a JSON object in each line",
            "content": {media_type: {"schema": dict(schema)}},
        }
    )
