"""Budgets: how much a tenant or a key may spend in a period."""
