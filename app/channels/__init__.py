"""Upstream accounts, and the choice between them."""
