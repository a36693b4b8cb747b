"""The price list of a new installation: the upstream's public list prices. Pure.

Source: reference ``upstream.md`` §6 and §11.4: the price pages of Volcano Engine (82379/1544106) and BytePlus
ModelArk, without promotions. What they name no price for has none here either: 1.0 lite, 2.5 premium, and the tier flex
of 1.0 on BytePlus.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.money.prices.price import Price

LISTED_ON = date(2026, 11, 28)
"""The date of the shipped list: on that day these were the public prices."""

_MICROS = 1_000_000
# Before the first create of any installation, so that no create of a slow clock is without a price.
_VALID_FROM = datetime(2026, 1, 1, tzinfo=UTC)

# For each currency: model, resolutions (None: any), and the prices without and with video input.
_SECOND_GENERATION = {
    "CNY": (
        ("doubao-seedance-2-5-260628", ("480p", "720p"), "70", "42"),
        ("doubao-seedance-2-5-260628", ("1080p",), "77", "46"),
        ("doubao-seedance-2-0-260128", ("480p", "720p"), "46", "28"),
        ("doubao-seedance-2-0-260128", ("1080p",), "51", "31"),
        ("doubao-seedance-2-0-260128", ("4k",), "26", "16"),
        ("doubao-seedance-2-0-fast-260128", (None,), "37", "22"),
        ("doubao-seedance-2-0-mini-260615", (None,), "23", "14"),
    ),
    "USD": (
        ("dreamina-seedance-2-5-260628", ("480p", "720p"), "10.70", "6.40"),
        ("dreamina-seedance-2-5-260628", ("1080p",), "11.70", "7.00"),
        ("dreamina-seedance-2-0-260128", ("480p", "720p"), "7.00", "4.30"),
        ("dreamina-seedance-2-0-260128", ("1080p",), "7.70", "4.70"),
        ("dreamina-seedance-2-0-260128", ("4k",), "4.00", "2.40"),
        ("dreamina-seedance-2-0-fast-260128", (None,), "5.60", "3.30"),
        ("dreamina-seedance-2-0-mini-260615", (None,), "3.50", "2.10"),
    ),
}

# For each currency: model, tier, sound (None: any), price. These take no video.
_FIRST_GENERATION = {
    "CNY": (
        ("doubao-seedance-1-5-pro-251215", "default", True, "16"),
        ("doubao-seedance-1-5-pro-251215", "default", False, "8"),
        ("doubao-seedance-1-5-pro-251215", "flex", True, "8"),
        ("doubao-seedance-1-5-pro-251215", "flex", False, "4"),
        ("doubao-seedance-1-0-pro-250528", "default", None, "15"),
        ("doubao-seedance-1-0-pro-250528", "flex", None, "7.5"),
        ("doubao-seedance-1-0-pro-fast-251015", "default", None, "4.2"),
        ("doubao-seedance-1-0-pro-fast-251015", "flex", None, "2.1"),
    ),
    "USD": (
        ("seedance-1-5-pro-251215", "default", True, "2.40"),
        ("seedance-1-5-pro-251215", "default", False, "1.20"),
        ("seedance-1-5-pro-251215", "flex", True, "1.20"),
        ("seedance-1-5-pro-251215", "flex", False, "0.60"),
        ("seedance-1-0-pro-250528", "default", None, "2.50"),
        ("seedance-1-0-pro-fast-251015", "default", None, "1.00"),
    ),
}


def _prices() -> Iterator[Price]:
    for currency, rows in _SECOND_GENERATION.items():
        for model, resolutions, without_video, with_video in rows:
            for resolution in resolutions:
                for has_video_input, amount in ((False, without_video), (True, with_video)):
                    yield _price(model, currency, amount, resolution=resolution, has_video_input=has_video_input)
    for currency, others in _FIRST_GENERATION.items():
        for model, tier, has_audio, amount in others:
            yield _price(model, currency, amount, has_video_input=False, service_tier=tier, has_audio=has_audio)


def _price(model: str, currency: str, amount: str, **named: Any) -> Price:
    micros = int(Decimal(amount) * _MICROS)
    return Price(
        upstream_model=model, currency=currency, micros_per_million_tokens=micros, valid_from=_VALID_FROM, **named
    )


DEFAULT_PRICES: tuple[Price, ...] = tuple(_prices())
"""The list prices of ``LISTED_ON``."""
