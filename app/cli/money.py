"""Amounts of money as people write them: units of a currency, in place of the API's millionths."""

from decimal import Decimal, InvalidOperation

from app.cli.exit_codes import MISCONFIGURED, stop

_MICROS = 1_000_000
_MAX_LENGTH = 30
_NAN = Decimal("NaN")


def to_units(micros: int) -> str:
    """Returns an amount in units, exactly, such as ``49.9``."""
    return f"{(Decimal(micros) / _MICROS).normalize():f}"


def parse_units(text: str, option: str) -> int:
    """Returns an amount in millionths of the currency; ends the program if the text is no such amount."""
    try:
        micros = Decimal(text) * _MICROS if len(text) <= _MAX_LENGTH else _NAN
        is_amount = micros == micros.to_integral_value() and micros.is_finite()
    except InvalidOperation:
        is_amount = False
    if not is_amount:
        what = f"{text[:_MAX_LENGTH]!r} is no amount such as 500 or 49.90, with six decimals at most"
        stop(f"{option}: {what}", MISCONFIGURED)
    return int(micros)
