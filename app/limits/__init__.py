"""Limits on the requests of a key or a tenant."""
