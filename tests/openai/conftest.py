"""Fixtures of the tests of OpenAI's dialect."""

from tests.support.due_jobs import jobs_run_only_when_due
from tests.support.frozen_gateway import prepared_gateway

__all__ = ["jobs_run_only_when_due"]

gateway = prepared_gateway
