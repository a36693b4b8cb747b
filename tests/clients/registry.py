"""Every program that runs against the gateway."""

from tests.clients.javascript import JAVASCRIPT
from tests.clients.machine import MACHINE
from tests.clients.python import PYTHON

PROGRAMS = (*JAVASCRIPT, *MACHINE, *PYTHON)
"""All of them, of both marks."""
