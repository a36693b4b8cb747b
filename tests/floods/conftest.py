"""Fixtures of the floods: the site of the suite that breaks the gateway."""

from tests.chaos.conftest import launcher, site

__all__ = ["launcher", "site"]
