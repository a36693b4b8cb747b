"""Fixtures of this folder."""

from tests.tasks.conftest import running_stage, stage

__all__ = ["running_stage", "stage"]
