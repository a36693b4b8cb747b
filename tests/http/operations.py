"""Every operation that ``/openapi.json`` names, read without starting anything."""

import functools
import json
from dataclasses import dataclass
from typing import Any

from app.main import create_app
from app.settings import Settings

_ENTRIES = ("/", "/api/v3/assets")
_METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        method: upper case.
        path: with its parameters in braces.
        documented: what the document says of it.
    """

    method: str
    path: str
    documented: dict[str, Any]

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.documented["operationId"])

    @property
    def is_admins(self) -> bool:
        """Whether it is the operator's."""
        return self.path.startswith("/admin/")

    @property
    def is_openais(self) -> bool:
        """Whether it is of OpenAI's dialect."""
        return self.path.startswith("/v1/")

    @property
    def url(self) -> str:
        """The path with ``x`` for each parameter, and an action for the entries that need one in the query."""
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        path = self.path.format(**dict.fromkeys(names, "x"))
        return f"{path}?Action=ListAssets" if self.path in _ENTRIES else path

    @property
    def members(self) -> list[str]:
        """The members that its body may have, by any of its schemas."""
        schema = self.documented["requestBody"]["content"]["application/json"]["schema"]
        return sorted({name for shape in schema.get("anyOf", [schema]) for name in shape["properties"]})

    @property
    def examples(self) -> dict[str, dict[str, Any]]:
        """The bodies that the document gives as examples, by name."""
        content = self.documented["requestBody"]["content"]["application/json"]
        return {name: each["value"] for name, each in content.get("examples", {}).items()}


@functools.cache
def _text() -> str:
    # Making the document takes a fifth of a second, and most files of this folder read it when they are imported.
    return json.dumps(create_app(Settings(_env_file=None)).openapi())


def document() -> dict[str, Any]:
    """Returns the document, a new copy for each caller."""
    copy: dict[str, Any] = json.loads(_text())
    return copy


def operations() -> list[Operation]:
    """Returns all operations of the document."""
    return [
        Operation(method.upper(), path, item[method])
        for path, item in document()["paths"].items()
        for method in _METHODS
        if method in item
    ]
