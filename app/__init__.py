"""Seedgate: a multi-tenant gateway in front of Volcano Engine Ark."""
