"""Signed deliveries to the addresses that tenants name in ``callback_url``."""
