"""Fixtures of this folder."""

from tests.support.admin_fixtures import clock, other_process, process, seconds
from tests.support.frozen_gateway import prepared_gateway

__all__ = ["clock", "other_process", "process", "seconds"]

gateway = prepared_gateway
