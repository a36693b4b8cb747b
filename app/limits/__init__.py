"""Shares of what an upstream account allows."""
