"""Amounts of money: integers of a millionth of a currency's unit, so that sums are exact. Pure."""

MAX_COST_MICROS = 10**15
"""The largest cost of a task, a thousand million units: a nonsense of the upstream's must not stop its settlement."""

_TOKENS_OF_A_PRICE = 1_000_000
_MICROS_OF_A_UNIT = 1_000_000


def cost_micros(tokens: int, micros_per_million_tokens: int) -> int:
    """Returns what tokens cost, in millionths of the price's currency, rounded up; at most ``MAX_COST_MICROS``."""
    return min(-(-tokens * micros_per_million_tokens // _TOKENS_OF_A_PRICE), MAX_COST_MICROS)


def currency_of(region: str) -> str:
    """Returns the currency in which the upstream bills the accounts of a region.

    Volcano Engine bills in CNY, BytePlus, which has every region outside of China, in USD.
    """
    return "CNY" if region.startswith("cn-") else "USD"


def to_units(micros: int) -> str:
    """Returns an amount in units of its currency, with two to six decimals: 1234500 is ``1.2345``."""
    whole, rest = divmod(abs(micros), _MICROS_OF_A_UNIT)
    decimals = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}{whole}.{decimals}"
