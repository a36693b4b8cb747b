"""Fixtures of this folder."""

from tests.support.admin_fixtures import clock, other_process, process, seconds

__all__ = ["clock", "other_process", "process", "seconds"]
