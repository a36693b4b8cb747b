"""``seedgate prices shipped``: the price list of this version of the program."""

from datetime import date
from typing import Any

from app.money.prices.default_prices import DEFAULT_PRICES, LISTED_ON


def shipped_prices() -> tuple[date, list[dict[str, Any]]]:
    """Returns the date of the shipped list and its prices, as the admin API shows them."""
    return LISTED_ON, [price.to_json() for price in DEFAULT_PRICES]
