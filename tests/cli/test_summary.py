"""``seedgate summary`` against a running gateway."""

import json

from tests.cli.commands import Command
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import Gateway

gateway = prepared_gateway


async def test_what_needs_a_human_is_shown_with_the_command_that_ends_it(gateway: Gateway, seedgate: Command) -> None:
    await gateway.fault("create_task", kind="cut", at="after")
    await (await gateway.tenant()).new_task()

    code, out, err = await seedgate("summary")
    shown = json.loads((await seedgate("summary", "--days", "2", "--time-zone", "Asia/Shanghai", "--json"))[1])

    assert (code, err) == (0, "")
    (line,) = (line for line in out.splitlines() if "unknown_outcome" in line)
    assert "seedgate tasks resolve ID" in line
    assert "tasks: " in out
    assert shown.keys() == {"at", "findings", "tasks", "spend", "budgets", "series"}
    assert (shown["spend"]["time_zone"], len(shown["series"]["points"])) == ("Asia/Shanghai", 2)


async def test_wrong_options_are_told(gateway: Gateway, seedgate: Command) -> None:
    assert (await seedgate("summary", "--hours", "1", "--days", "1"))[0] == 2
    code, _, err = await seedgate("summary", "--time-zone", "Mars")
    assert (code, "InvalidParameter.time_zone" in err) == (1, True)
