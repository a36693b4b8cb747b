"""Fixtures of this folder."""

from tests.support.frozen_gateway import prepared_gateway

gateway = prepared_gateway
