"""Every route of the gateway, for tests that a new route must not escape."""

from dataclasses import dataclass
from functools import cache

from fastapi.routing import iter_route_contexts

from app.main import create_app
from app.settings import Settings


@dataclass(frozen=True)
class Route:
    """One route.

    Attributes:
        method: the method of its requests.
        path: as the application declares it, with names of parameters in braces.
    """

    method: str
    path: str

    @property
    def names(self) -> list[str]:
        """The names of the parameters in the path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def is_operators(self) -> bool:
        """Whether the admin token opens it."""
        return self.path.startswith("/admin/") or self.path == "/metrics"

    def filled(self, value: str = "x") -> str:
        """Returns the path with a value in place of each parameter."""
        return "/".join(value if part.startswith("{") else part for part in self.path.split("/"))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def all_routes() -> tuple[Route, ...]:
    """Returns every route of the application, those that no document names as well."""
    found = iter_route_contexts(create_app(Settings(_env_file=None)).routes)
    return tuple(Route(method, str(each.path)) for each in found for method in sorted(each.methods or {"GET"}))
