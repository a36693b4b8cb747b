"""Tenants, API keys and authentication."""
