"""Admin routes of the price list."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, TypeAdapter, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from app.admin.params import body_of, query_moment, read_body
from app.errors import InvalidParameterError
from app.http.openapi import admin_errors
from app.http.query import query_parameter
from app.http.responses import json_response
from app.http.schemas import RequestModel
from app.money.prices.default_prices import DEFAULT_PRICES, LISTED_ON
from app.money.prices.price import Price, RepeatedPriceError, check_distinct
from app.money.prices.service import PriceCatalog

router = APIRouter(tags=["admin: prices"])

_MAX_PRICES = 1000
# Sent unchanged to a new installation, it changes nothing.
_EXAMPLE = {"data": [price.to_json() for price in DEFAULT_PRICES]}
_PRICE_FIELDS = {field.name for field in fields(Price)}
_SCHEMA = TypeAdapter(Price).json_schema()
_OPTIONAL = {"valid_from"}
_LATER_DEFAULTS = {"required": [name for name in _SCHEMA["required"] if name not in _OPTIONAL]}

_Shown = Annotated[dict[str, Any], WithJsonSchema(_SCHEMA)]
_Wanted = Annotated[dict[str, Any], WithJsonSchema(_SCHEMA | _LATER_DEFAULTS)]


class PricesView(BaseModel):
    """The whole price list, in the form of a list that has one page; null means any."""

    data: list[_Shown]
    has_more: Literal[False] = False
    next_cursor: None = None


class PricesReplace(RequestModel):
    """Body of ``PUT /prices``: the whole list, also as ``GET`` shows it."""

    data: Annotated[list[_Wanted], Field(max_length=_MAX_PRICES)]
    has_more: Literal[False] = False
    next_cursor: None = None


@router.get(
    "/prices",
    summary="Show the price list",
    description=(
        "Shows what a million tokens cost, in millionths of the currency, by what the upstream calls the model; prices "
        f"that become valid later, too. A new installation has the public prices of {LISTED_ON}."
    ),
    response_model=PricesView,
    openapi_extra={
        "parameters": [
            query_parameter("at", {"type": "string", "format": "date-time"}, "the list as it was at this time")
        ]
    },
)
async def list_prices(request: Request) -> Response:
    """Shows the list, or what it was at a time."""
    catalog: PriceCatalog = request.state.prices
    return json_response(_view(await catalog.stored(query_moment(request, "at"))))


@router.put(
    "/prices",
    summary="Replace the price list",
    response_model=PricesView,
    responses=admin_errors(413, 415),
    openapi_extra=body_of(PricesReplace, _EXAMPLE),
)
async def replace_prices(request: Request) -> Response:
    """Replaces all prices at once, for creates from now on.

    What was created before keeps its price, whatever `valid_from` says; without it, a price is valid at once.
    """
    catalog: PriceCatalog = request.state.prices
    wanted = await read_body(request, PricesReplace)
    await catalog.replace(request.state.actor, _to_prices(wanted.data, catalog.now()))
    return json_response(_view(await catalog.stored()))


def _to_prices(entries: Sequence[Mapping[str, Any]], now: datetime) -> list[Price]:
    if not entries:
        raise InvalidParameterError("data", "The parameter `data` is not valid: at least one price is needed.")
    prices = [_to_price(entry, f"data[{index}]", now) for index, entry in enumerate(entries)]
    try:
        check_distinct(prices)
    except RepeatedPriceError as error:
        raise _not_valid(f"data[{error.index}]", str(error)) from None
    return prices


def _to_price(entry: Mapping[str, Any], path: str, now: datetime) -> Price:
    try:
        return Price.from_json(entry, now)
    except ValueError as error:
        field, _, reason = str(error).partition(": ")
    if field in _PRICE_FIELDS:
        raise _not_valid(f"{path}.{field}", reason)
    raise _not_valid(path, f"{field}: {reason}" if reason else field)


def _not_valid(path: str, reason: str) -> InvalidParameterError:
    return InvalidParameterError(path, f"The parameter `{path}` is not valid: {reason}.")


def _view(prices: Sequence[Price]) -> PricesView:
    return PricesView(data=[price.to_json() for price in prices])
