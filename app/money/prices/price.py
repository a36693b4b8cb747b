"""A price: what a million tokens of a kind of video cost. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

_MAX_MICROS = 10**12

_UpstreamModel = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
_Resolution = Annotated[str, Field(pattern=r"^[0-9]{1,5}[pk]$")]
_Tier = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
_Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
_Micros = Annotated[int, Field(ge=0, le=_MAX_MICROS)]


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("there is no such time") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price. A None means any.

    Attributes:
        upstream_model: the ``model`` that the upstream is sent, or an endpoint ``ep-…``.
        resolution: such as ``720p``, in lower case.
        has_video_input: whether the request has reference videos.
        service_tier: ``default`` or ``flex``.
        has_audio: whether sound is generated.
        currency: three capital letters, such as ``CNY``.
        micros_per_million_tokens: millionths of the currency's unit.
        valid_from: creates from then on have this price, UTC.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    upstream_model: _UpstreamModel
    resolution: _Resolution | None = None
    has_video_input: bool | None = None
    service_tier: _Tier | None = None
    has_audio: bool | None = None
    currency: _Currency
    micros_per_million_tokens: _Micros
    valid_from: Annotated[AwareDatetime, AfterValidator(_to_utc)]

    @property
    def is_named(self) -> tuple[bool, bool, bool, bool]:
        """Which of resolution, video input, tier and audio it names."""
        named = (self.resolution, self.has_video_input, self.service_tier, self.has_audio)
        return (named[0] is not None, named[1] is not None, named[2] is not None, named[3] is not None)

    @property
    def identity(self) -> tuple[Any, ...]:
        """What no two prices of a list may have in common: everything but the amount."""
        return (
            self.upstream_model,
            self.resolution,
            self.has_video_input,
            self.service_tier,
            self.has_audio,
            self.currency,
            self.valid_from,
        )

    @property
    def place(self) -> tuple[Any, ...]:
        """Its place in a list: by currency, model, what it names (any first), smaller frames first, and time."""
        words = tuple((len(word or ""), word or "") for word in (self.resolution, self.service_tier))
        switches = tuple(-1 if switch is None else int(switch) for switch in (self.has_video_input, self.has_audio))
        return (self.currency, self.upstream_model, *words, *switches, self.valid_from)

    def to_json(self) -> dict[str, Any]:
        """Returns the price as plain JSON values, every member present."""
        return asdict(self) | {"valid_from": self.valid_from.isoformat().replace("+00:00", "Z")}

    @staticmethod
    def from_json(value: Mapping[str, Any], now: datetime) -> "Price":
        """Returns a price from ``to_json``, or as an operator wrote it; ``valid_from`` is ``now`` when it is left out.

        Raises:
            ValueError: a member is missing, unknown, of the wrong type or out of range; the message begins with its
                name and a colon, where one is to blame.
        """
        members = {"valid_from": now.isoformat(), **value}
        try:
            return _PRICE.validate_json(json.dumps(members))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            reason = first["msg"].removeprefix("Value error, ")
            raise ValueError(f"{first['loc'][0]}: {reason}" if first["loc"] else reason) from None


class RepeatedPriceError(ValueError):
    """Two prices of a list differ in the amount alone.

    Attributes:
        index: the place of the later one in the list.
    """

    def __init__(self, index: int) -> None:
        super().__init__("another price of the list differs from it in the amount alone")
        self.index = index


def check_distinct(prices: Sequence[Price]) -> None:
    """Checks that no two prices differ in the amount alone.

    Raises:
        RepeatedPriceError: two do.
    """
    seen: set[tuple[Any, ...]] = set()
    for index, price in enumerate(prices):
        if price.identity in seen:
            raise RepeatedPriceError(index)
        seen.add(price.identity)


# Built once: building takes a hundred times as long as using it.
_PRICE = TypeAdapter(Price)
