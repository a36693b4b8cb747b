"""Amounts of money: integers of a millionth of a currency's unit, so that sums are exact. Pure."""

_TOKENS_OF_A_PRICE = 1_000_000


def cost_micros(tokens: int, micros_per_million_tokens: int) -> int:
    """Returns what tokens cost, in millionths of the price's currency, rounded up."""
    return -(-tokens * micros_per_million_tokens // _TOKENS_OF_A_PRICE)


def currency_of(region: str) -> str:
    """Returns the currency in which the upstream bills the accounts of a region.

    Volcano Engine bills in CNY, BytePlus, which has every region outside of China, in USD.
    """
    return "CNY" if region.startswith("cn-") else "USD"
