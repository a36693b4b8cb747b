"""Validation by request models."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, field_validator

from app.errors import SeedgateError
from app.http.schemas import RequestModel, parse_model


class Part(RequestModel):
    url: str


class Order(RequestModel):
    name: Annotated[str, Field(min_length=1, max_length=5)]
    count: int | None = None
    size: int = 3
    tier: Literal["low", "high"] = "low"
    parts: Annotated[list[Part], Field(default_factory=list)]
    group_type: Annotated[str | None, Field(alias="GroupType")] = None

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("this name is taken.")
        return value


def test_a_valid_object_becomes_an_instance() -> None:
    order = parse_model(Order, {"name": "a", "count": None, "parts": [{"url": "u"}], "GroupType": "AIGC"})

    assert (order.name, order.count, order.size, order.parts[0].url, order.group_type) == ("a", None, 3, "u", "AIGC")


@pytest.mark.parametrize(
    ("payload", "code", "param"),
    [
        ({}, "MissingParameter.name", "name"),
        ({"name": None}, "MissingParameter.name", "name"),
        ({"name": ""}, "MissingParameter.name", "name"),
        ({"name": 5}, "InvalidParameter.name", "name"),
        ({"name": "123456"}, "InvalidParameter.name", "name"),
        ({"name": "bad"}, "InvalidParameter.name", "name"),
        ({"name": "a", "count": "5"}, "InvalidParameter.count", "count"),
        ({"name": "a", "count": True}, "InvalidParameter.count", "count"),
        ({"name": "a", "size": None}, "MissingParameter.size", "size"),
        ({"name": "a", "tier": None}, "MissingParameter.tier", "tier"),
        ({"name": "a", "tier": "top"}, "InvalidParameter.tier", "tier"),
        ({"name": "a", "parts": {}}, "InvalidParameter.parts", "parts"),
        ({"name": "a", "parts": [{"url": "u"}, {}]}, "MissingParameter.parts", "parts[1].url"),
        ({"name": "a", "parts": [{"url": 1}]}, "InvalidParameter.parts", "parts[0].url"),
        ({"name": "a", "GroupType": 1}, "InvalidParameter.GroupType", "GroupType"),
        ({"name": "a", "extra": 1}, "InvalidParameter.extra", "extra"),
        ({"name": "a", "extra": None}, "InvalidParameter.extra", "extra"),
        ({"name": "a", "x.y[\n": 1}, "InvalidParameter.x?y??", "x?y??"),
    ],
)
def test_the_first_mistake_is_reported_with_its_path(payload: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(SeedgateError) as caught:
        parse_model(Order, payload)

    assert (caught.value.status, caught.value.code, caught.value.param) == (400, code, param)


def test_a_validators_own_sentence_reaches_the_client() -> None:
    with pytest.raises(SeedgateError) as caught:
        parse_model(Order, {"name": "bad"})

    assert caught.value.message == "The parameter `name` is not valid: this name is taken."


def test_a_mistake_never_repeats_the_value_that_was_sent() -> None:
    with pytest.raises(SeedgateError) as caught:
        parse_model(Order, {"name": "a", "count": "sg-secret"})

    assert "sg-secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
