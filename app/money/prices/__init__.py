"""The price list: what a million tokens cost, with its history."""
