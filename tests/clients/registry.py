"""Every program that runs against the gateway."""

from tests.clients.javascript import JAVASCRIPT
from tests.clients.machine import MACHINE

PROGRAMS = (*JAVASCRIPT, *MACHINE)
"""All of them, of both marks."""
