"""Seedgate: a multi-tenant gateway in front of Volcano Engine Ark."""

__version__ = "0.1.0"
