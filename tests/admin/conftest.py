"""Fixtures of this folder."""

from tests.support.admin_fixtures import clock, other_process, process, seconds
from tests.tasks.conftest import running_stage, stage

__all__ = ["clock", "other_process", "process", "running_stage", "seconds", "stage"]
