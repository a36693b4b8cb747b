"""Which price a create has, from the shipped list and from lists that name less or more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money.amounts import cost_micros, currency_of
from app.money.prices.default_prices import DEFAULT_PRICES
from app.money.prices.index import Billable, ListedPrice, PriceIndex, Unpriced
from app.money.prices.price import Price, check_distinct

AT = datetime(2026, 11, 30, tzinfo=UTC)
BEFORE = AT - timedelta(days=30)
M_2_0, M_2_0_ABROAD = "doubao-seedance-2-0-260128", "dreamina-seedance-2-0-260128"
M_1_5 = "doubao-seedance-1-5-pro-251215"
M_1_0, M_1_0_ABROAD = "doubao-seedance-1-0-pro-250528", "seedance-1-0-pro-250528"


def billable(model: str = M_2_0, resolution: str | None = "720p", **others: object) -> Billable:
    usual = {"has_video_input": False, "service_tier": "default", "has_audio": True, "currency": "CNY"}
    return Billable(upstream_model=model, resolution=resolution, **(usual | others))  # type: ignore[arg-type]


def price(micros: int, **named: object) -> Price:
    usual = {"upstream_model": M_2_0, "currency": "CNY", "valid_from": BEFORE}
    return Price(micros_per_million_tokens=micros, **(usual | named))  # type: ignore[arg-type]


def index(*prices: Price) -> PriceIndex:
    return PriceIndex(ListedPrice(number, each, each.valid_from) for number, each in enumerate(prices))


def found(prices: PriceIndex, wanted: Billable, at: datetime = AT) -> int | None:
    answer = prices.find(wanted, at)
    return None if isinstance(answer, Unpriced) else answer.price.micros_per_million_tokens


# Written from the upstream's pages (reference upstream.md §6, §11.4), not from the program's list.
@pytest.mark.parametrize(
    ("wanted", "per_million"),
    [
        (billable(), "46"),
        (billable(has_video_input=True), "28"),
        (billable(resolution="480p"), "46"),
        (billable(resolution="1080p", has_audio=False), "51"),
        (billable(resolution="1080p", has_video_input=True), "31"),
        (billable(resolution="4k"), "26"),
        (billable(resolution="4k", has_video_input=True), "16"),
        (billable("doubao-seedance-2-5-260628"), "70"),
        (billable("doubao-seedance-2-5-260628", "1080p", has_video_input=True), "46"),
        (billable("doubao-seedance-2-5-260628", "480p", has_video_input=True), "42"),
        (billable("doubao-seedance-2-0-fast-260128"), "37"),
        (billable("doubao-seedance-2-0-fast-260128", has_video_input=True), "22"),
        (billable("doubao-seedance-2-0-mini-260615", "480p"), "23"),
        (billable("doubao-seedance-2-0-mini-260615", has_video_input=True), "14"),
        (billable(M_1_5), "16"),
        (billable(M_1_5, has_audio=False), "8"),
        (billable(M_1_5, service_tier="flex"), "8"),
        (billable(M_1_5, service_tier="flex", has_audio=False), "4"),
        (billable(M_1_0, "1080p", has_audio=False), "15"),
        (billable(M_1_0, has_audio=False, service_tier="flex"), "7.5"),
        (billable("doubao-seedance-1-0-pro-fast-251015", has_audio=False), "4.2"),
        (billable("doubao-seedance-1-0-pro-fast-251015", has_audio=False, service_tier="flex"), "2.1"),
        (billable(M_2_0_ABROAD, currency="USD"), "7.0"),
        (billable(M_2_0_ABROAD, "1080p", currency="USD", has_video_input=True), "4.7"),
        (billable(M_2_0_ABROAD, "4k", currency="USD"), "4.0"),
        (billable("dreamina-seedance-2-5-260628", currency="USD"), "10.70"),
        (billable("dreamina-seedance-2-5-260628", "1080p", currency="USD"), "11.70"),
        (billable("dreamina-seedance-2-5-260628", currency="USD", has_video_input=True), "6.40"),
        (billable("dreamina-seedance-2-0-fast-260128", currency="USD", has_video_input=True), "3.3"),
        (billable("dreamina-seedance-2-0-mini-260615", currency="USD"), "3.5"),
        (billable("seedance-1-5-pro-251215", currency="USD", has_audio=False), "1.2"),
        (billable(M_1_0_ABROAD, currency="USD", has_audio=False), "2.5"),
        (billable("seedance-1-0-pro-fast-251015", currency="USD", has_audio=False), "1.0"),
    ],
    ids=str,
)
def test_the_shipped_list_has_the_published_prices(wanted: Billable, per_million: str) -> None:
    assert found(index(*DEFAULT_PRICES), wanted) == round(float(per_million) * 1_000_000)


@pytest.mark.parametrize(
    "wanted",
    [
        billable("doubao-seedance-1-0-lite-t2v-250428"),
        billable("ep-20260101-abcde"),
        billable(resolution="2k"),
        billable(resolution=None),
        billable(currency="USD"),
        billable(M_2_0_ABROAD),
        billable(M_1_0_ABROAD, currency="USD", service_tier="flex", has_audio=False),
        billable(M_1_5, has_video_input=True),
    ],
    ids=str,
)
def test_what_has_no_price_is_unpriced_and_named(wanted: Billable) -> None:
    answer = index(*DEFAULT_PRICES).find(wanted, AT)
    assert answer == Unpriced(wanted)
    assert str(answer).startswith(f"unpriced: {wanted.upstream_model}, ")


def test_the_shipped_list_has_no_price_twice_and_can_be_written_as_json() -> None:
    check_distinct(DEFAULT_PRICES)
    assert [Price.from_json(each.to_json(), AT) for each in DEFAULT_PRICES] == list(DEFAULT_PRICES)


def test_the_price_that_names_most_applies() -> None:
    prices = index(
        price(1),
        price(2, has_audio=True),
        price(3, service_tier="default"),
        price(4, has_video_input=False),
        price(5, resolution="720p"),
        price(6, service_tier="default", has_audio=True),
        price(7, resolution="1080p", has_video_input=True, service_tier="default", has_audio=True),
    )
    assert found(prices, billable(resolution="4k", has_video_input=True, service_tier="flex", has_audio=False)) == 1
    assert found(prices, billable(resolution="4k", has_video_input=True, service_tier="flex")) == 2
    assert found(prices, billable(has_audio=False)) == 5  # of three that name one each
    assert found(prices, billable()) == 6
    assert found(prices, billable(resolution="1080p", has_video_input=True)) == 7


def test_the_newest_price_that_is_valid_applies() -> None:
    hour = timedelta(hours=1)
    prices = index(price(1), price(3, valid_from=AT + hour), price(2, valid_from=AT))
    assert found(prices, billable(), BEFORE - hour) is None
    assert [found(prices, billable(), at) for at in (BEFORE, AT - hour, AT, AT + hour)] == [1, 1, 2, 3]


def test_a_price_applies_to_creates_from_its_record_until_its_replacement() -> None:
    hour = timedelta(hours=1)
    prices = PriceIndex(
        [
            ListedPrice(1, price(1), BEFORE, replaced_at=AT),
            ListedPrice(2, price(2), AT, replaced_at=AT + hour),
        ]
    )
    times = (BEFORE - hour, BEFORE, AT - hour, AT, AT + hour)
    assert [found(prices, billable(), at) for at in times] == [None, 1, 1, 2, None]


MAYBE = st.sampled_from((None, False, True))
PRICES = st.builds(
    lambda **named: price(1, **named),
    resolution=st.sampled_from((None, "480p", "720p")),
    has_video_input=MAYBE,
    service_tier=st.sampled_from((None, "default", "flex")),
    has_audio=MAYBE,
    valid_from=st.sampled_from((BEFORE, AT, AT + timedelta(days=1))),
)


@given(st.lists(PRICES, unique_by=lambda each: each.identity), st.randoms())
def test_the_order_of_a_list_does_not_matter(prices: list[Price], shuffler: object) -> None:
    amounts = [replace(each, micros_per_million_tokens=number) for number, each in enumerate(prices)]
    shuffled = list(amounts)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    assert found(index(*amounts), billable()) == found(index(*shuffled), billable())


@given(st.integers(0, 10**8), st.integers(0, 10**12))
def test_an_amount_is_rounded_up_to_a_millionth(tokens: int, micros: int) -> None:
    cost = cost_micros(tokens, micros)
    assert (cost - 1) * 1_000_000 < tokens * micros <= cost * 1_000_000


def test_an_account_in_china_is_billed_in_yuan_and_any_other_in_dollars() -> None:
    assert [currency_of(region) for region in ("cn-beijing", "ap-southeast-1", "eu-west-1")] == ["CNY", "USD", "USD"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"upstream_model": ""}, "upstream_model"),
        ({"resolution": "4K"}, "resolution"),
        ({"has_audio": 1}, "has_audio"),
        ({"currency": "cny"}, "currency"),
        ({"micros_per_million_tokens": -1}, "micros_per_million_tokens"),
        ({"micros_per_million_tokens": 1.5}, "micros_per_million_tokens"),
        ({"micros_per_million_tokens": 10**12 + 1}, "micros_per_million_tokens"),
        ({"valid_from": "2026-01-01T00:00:00"}, "valid_from"),
        ({"valid_from": 1767225600}, "valid_from"),
        ({"valid_from": "0001-01-01T00:00:00+14:00"}, "valid_from"),
        ({"valid_from": None}, "valid_from"),
        ({"tier": "flex"}, "tier"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        Price.from_json(price(1).to_json() | change, AT)


def test_without_a_time_a_price_is_valid_from_now_and_another_offset_is_read() -> None:
    written = {"upstream_model": M_2_0, "currency": "CNY", "micros_per_million_tokens": 1}
    assert Price.from_json(written, AT) == price(1, valid_from=AT)
    assert Price.from_json(written | {"valid_from": "2026-11-30T08:00:00+08:00"}, BEFORE) == price(1, valid_from=AT)
