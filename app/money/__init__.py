"""Money: what tokens cost, what a create will cost at most."""
