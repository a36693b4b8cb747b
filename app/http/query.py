"""The query string of a request: parsed once, within limits, and checked against the parameters of its route.

A route declares its query parameters in ``openapi_extra``, the source of ``/openapi.json``; there is no second list. An
array parameter may be repeated, and its name may end in ``[]`` or in an index such as ``[0]``, as axios and others
write it. Every other parameter may be given once. An undeclared parameter is refused, not ignored: a misspelt
``dry_run`` would cost money.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from starlette.requests import Request

from app.errors import InvalidParameterError
from app.http.exact_paths import unescaped

MAX_QUERY_BYTES = 32 * 1024
"""Room for the 500 task ids that a list may name."""

MAX_PARAMETERS = 600

_INDEX = re.compile(r"\[[0-9]{0,4}\]\Z", re.ASCII)
_SHOWN_LENGTH = 64
_ODD_CHARACTER = re.compile(r"[^A-Za-z0-9_.\[\]-]|^[.\[]")
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
# The ratio of ``difflib`` from which on a known name is suggested.
_MIN_SIMILARITY = 0.6


class Query:
    """The query string of one request as received; ``app.http.request_scope`` stores it in the request's state."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parsed: tuple[tuple[str, str], ...] | InvalidParameterError | None = None
        self._declared: DeclaredQuery | None = None

    def pairs(self) -> Sequence[tuple[str, str]]:
        """Returns the decoded names and values, in order.

        Raises:
            InvalidParameterError: 400, it exceeds a limit or is not UTF-8.
        """
        if self._parsed is None:
            try:
                self._parsed = _parse(self._data)
            except InvalidParameterError as error:
                self._parsed = error
        if isinstance(self._parsed, InvalidParameterError):
            raise self._parsed
        return self._parsed

    def declared_by(self, route: Any) -> "DeclaredQuery":
        """Returns the parameters as the request's route declares them.

        Raises:
            InvalidParameterError: 400, as ``read_query``.
        """
        if self._declared is None:
            self._declared = _declared(self.pairs(), _declarations(route))
        return self._declared

    def first(self, name: str, default: str) -> str:
        """Returns the first value of a parameter, or ``default`` when it is absent or the query is malformed."""
        try:
            return next((value for key, value in self.pairs() if key == name), default)
        except InvalidParameterError:
            return default


class DeclaredQuery:
    """The declared parameters of one request."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    def one(self, name: str) -> str | None:
        """Returns the value of a parameter, or None when it is absent.

        Raises:
            KeyError: the route does not declare it, a bug of the route.
        """
        return next(iter(self._values[name]), None)

    def many(self, name: str) -> Sequence[str]:
        """Returns every value of an array parameter.

        Raises:
            KeyError: the route does not declare it, a bug of the route.
        """
        return self._values[name]


def query_parameter(name: str, schema: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    """Returns the declaration of a query parameter, for the ``parameters`` of a route's ``openapi_extra``."""
    declared = {"name": name, "in": "query", "required": False, "schema": schema}
    return {**declared, "description": description} if description else declared


def read_query(request: Request) -> DeclaredQuery:
    """Returns the parameters of an authenticated request.

    An unauthenticated client must not learn what a route declares, so this is called after authentication, by
    ``app.tenants.caller`` and by the router of the admin API, for every route that authenticates its caller.

    Raises:
        InvalidParameterError: 400, the query exceeds a limit or is not UTF-8; or a parameter is not declared by the
            route, or given more than once although it is no array.
    """
    query: Query = request.state.query
    return query.declared_by(request.scope.get("route"))


def declared_query(data: bytes, parameters: Iterable[Mapping[str, Any]]) -> DeclaredQuery:
    """Returns the parameters of a query string as a route declares them.

    Raises:
        InvalidParameterError: 400, as ``read_query``.
    """
    return _declared(_parse(data), _are_arrays(parameters))


def _declarations(route: Any) -> dict[str, bool]:
    """Returns the query parameters that a route declares, and whether each is an array."""
    return _are_arrays((getattr(route, "openapi_extra", None) or {}).get("parameters", ()))


def _are_arrays(parameters: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    return {each["name"]: each["schema"].get("type") == "array" for each in parameters if each["in"] == "query"}


def _declared(pairs: Sequence[tuple[str, str]], known: Mapping[str, bool]) -> DeclaredQuery:
    values: dict[str, list[str]] = {name: [] for name in known}
    for written, value in pairs:
        name = written
        if name not in known:
            name = _INDEX.sub("", written)
            if not known.get(name, False):
                raise _unknown(written, known)
        elif values[name] and not known[name]:
            raise InvalidParameterError(name, f"The query parameter `{name}` must not be given more than once.")
        values[name].append(value)
    return DeclaredQuery(values)


def _unknown(name: str, known: Mapping[str, bool]) -> InvalidParameterError:
    shown = _ODD_CHARACTER.sub("?", name[:_SHOWN_LENGTH]) or "?"
    nearest = _nearest(name, known)
    hint = "" if nearest is None else f" Did you mean `{nearest}`?"
    names = ", ".join(f"`{each}`" for each in known) or "none"
    return InvalidParameterError(
        shown, f"`{shown}` is not a query parameter of this request.{hint} Its query parameters are: {names}."
    )


def _nearest(name: str, known: Mapping[str, bool]) -> str | None:
    """Returns the known name most similar to ``name``, or None."""
    plain = {_plain(each): each for each in known}
    close = get_close_matches(_plain(name[:_SHOWN_LENGTH]), plain, n=1, cutoff=_MIN_SIMILARITY)
    return plain[close[0]] if close else None


def _plain(name: str) -> str:
    return _NOT_ALPHANUMERIC.sub("", name.lower())


def _parse(data: bytes) -> tuple[tuple[str, str], ...]:
    if len(data) > MAX_QUERY_BYTES:
        raise InvalidParameterError(None, f"The query string has more than {MAX_QUERY_BYTES} bytes.")
    if data.count(b"&") >= MAX_PARAMETERS:
        raise InvalidParameterError(None, f"The query string has more than {MAX_PARAMETERS} parameters.")
    try:
        return decoded_pairs(data)
    except UnicodeDecodeError:
        raise InvalidParameterError(None, "The query string of the request is malformed.") from None


def decoded_pairs(data: bytes) -> tuple[tuple[str, str], ...]:
    """Returns the names and values of a query or a form, in order, whatever their number.

    The standard library's parser takes 300 ns for each ``%`` that is no escape.

    Raises:
        UnicodeDecodeError: they are not UTF-8.
    """
    halves = [part.partition(b"=") for part in data.split(b"&") if part]
    return tuple((_decoded(name), _decoded(value)) for name, _, value in halves)


def _decoded(text: bytes) -> str:
    return unescaped(text.replace(b"+", b" ")).decode()
