"""The everyday tests that rely on the server most: on locks, leases, roles, claims of rows, transactions that meet."""

from tests.support.toolchains import ROOT

_FILES = (
    "tests/db/test_engine.py",
    "tests/core/test_leases.py",
    "tests/db/test_periodic_statements.py",
    "tests/core/test_process_registry.py",
    "tests/db/test_roles.py",
    "tests/db/test_schema.py",
    "tests/tasks/test_delete.py",
    "tests/tasks/test_get.py",
    "tests/tasks/test_idempotency.py",
    "tests/tasks/test_list.py",
    "tests/tasks/test_reconciler.py",
    "tests/assets/test_create.py",
    "tests/assets/test_lists.py",
    "tests/webhooks/test_due_destinations.py",
)
_UPGRADES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/db/test_upgrade_*.py"))

SELECTION = (*_FILES, *_UPGRADES)
"""Their paths, relative to the root."""
