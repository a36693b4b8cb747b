"""Programs that are installed on the machine."""

from tests.clients.conftest import Check
from tests.clients.machine import MACHINE
from tests.clients.program import Program
from tests.clients.running import each


@each(MACHINE)
async def test_a_program_does_all_that_it_can(program: Program, check: Check) -> None:
    await check(program)
