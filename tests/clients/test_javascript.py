"""Programs in JavaScript."""

from tests.clients.conftest import Check
from tests.clients.javascript import JAVASCRIPT
from tests.clients.program import Program
from tests.clients.running import each


@each(JAVASCRIPT)
async def test_a_program_does_all_that_it_can(program: Program, check: Check) -> None:
    await check(program)
