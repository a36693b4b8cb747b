"""OpenAPI descriptions of admin routes, derived from their schemas.

The routes parse bodies themselves, so FastAPI cannot derive this.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from app.http.openapi import ADMIN_ERROR, json_body, json_content, schema_of

_PAGE_QUERY: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    "after": {"type": "string", "description": "`next_cursor` of the previous page"},
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
        answer: model or schema of the response body; None for an empty one.
        status: of the response.
        body: model of the request body.
        example: a valid request body; every body needs one (``json_body``).
        path: names of the path parameters, all of them strings.
        query: schemas of the query parameters.
        errors: statuses besides 400, 401, 429 and 503, and with a body 413 and 415.
        media_type: of a response that is not JSON; ``answer`` then describes one line of it.
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
