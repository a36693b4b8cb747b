"""Refusals of an account are kept by channel, operation and code, until they have not recurred for five minutes."""

import asyncio
from datetime import timedelta

import pytest

from app.channels.faults import ChannelFaults
from app.upstream.errors import (
    AccountFaultError,
    ForeignResponseError,
    NotSentError,
    OutcomeUnknownError,
    ThrottledError,
    UpstreamRejectedError,
)
from tests.support.channel_app import ChannelApp

LIMIT = AccountFaultError(status=429, code="SetLimitExceeded", message="Your account 2100123456 is at its limit.")
PAGE = ForeignResponseError(status=404, what="a web page")


async def shown(app: ChannelApp, channel_id: str) -> list[tuple[str, int, str, int]]:
    """Returns operation, status, code and number of the refusals that the operator is shown."""
    health = (await app.http.get(f"/channels/{channel_id}")).json()["health"]
    return [(fault["operation"], fault["status"], fault["code"], fault["times"]) for fault in health["faults"]]


async def test_a_refusal_is_shown_until_it_recurs_no_more(app: ChannelApp) -> None:
    made = await app.channel(ark_base_url="http://127.0.0.1:1/api/v3")
    first, second = (ChannelFaults(app.sessions, app.clock) for _ in range(2))
    for faults in (first, second, first):
        faults.observe(made["id"], "create_task", LIMIT)
    first.observe(made["id"], "get_task", PAGE)
    await asyncio.gather(first.flush(), second.flush())
    assert sorted(await shown(app, made["id"])) == [
        ("create_task", 429, "SetLimitExceeded", 3),
        ("get_task", 404, "Unworded", 1),
    ]
    listed = (await app.http.get("/channels")).json()["data"][0]["health"]["faults"]
    assert "Your account 2100123456 is at its limit." in [fault["message"] for fault in listed]

    # An answer soon after may be about another model; one to another operation, a throttle or an unclear answer tells
    # nothing at all.
    second.observe(made["id"], "create_task", None)
    app.clock.advance(301)
    nothing = [OutcomeUnknownError("x"), NotSentError("x"), ThrottledError(status=429, code="X", message="x")]
    for error in nothing:
        second.observe(made["id"], "create_task", error)
    second.observe(made["id"], "get_task", None)
    await second.flush()
    assert await shown(app, made["id"]) == [("create_task", 429, "SetLimitExceeded", 3)]
    second.observe(made["id"], "create_task", UpstreamRejectedError(status=400, code="InvalidParameter", message="x"))
    await second.flush()
    assert await shown(app, made["id"]) == []


async def test_a_lasting_refusal_outlives_answers_and_other_refusals(
    app: ChannelApp, caplog: pytest.LogCaptureFixture
) -> None:
    made = await app.channel(ark_base_url="http://127.0.0.1:1/api/v3")
    faults = ChannelFaults(app.sessions, app.clock)
    for _ in range(20):
        for error in (LIMIT, None, PAGE):
            app.clock.advance(1)
            faults.observe(made["id"], "create_task", error)
        await faults.flush()
    assert sorted(await shown(app, made["id"])) == [
        ("create_task", 404, "Unworded", 20),
        ("create_task", 429, "SetLimitExceeded", 20),
    ]
    assert caplog.text.count("channel_refused_call") == 2


async def test_codes_that_never_repeat_are_bounded(app: ChannelApp, caplog: pytest.LogCaptureFixture) -> None:
    made = await app.channel(ark_base_url="http://127.0.0.1:1/api/v3")
    processes = [ChannelFaults(app.sessions, app.clock) for _ in range(2)]
    for number in range(50):
        for process, faults in enumerate(processes):
            error = AccountFaultError(status=403, code=f"Odd{process}x{number}", message="x")
            faults.observe(made["id"], "create_task", error)
    for faults in processes:
        await faults.flush()
    assert (len(await shown(app, made["id"])), caplog.text.count("channel_refused_call")) == (20, 40)


async def test_two_processes_and_an_operator_do_not_block_each_other(app: ChannelApp) -> None:
    made = await app.channel(ark_base_url="http://127.0.0.1:1/api/v3")
    processes = [ChannelFaults(app.sessions, app.clock) for _ in range(2)]
    operations = ["create_task", "get_task"]
    for number in range(25):
        for faults in processes:
            operations.reverse()
            faults.observe(made["id"], operations[0], None)
            faults.observe(made["id"], operations[1], LIMIT)
        # In the order of the operations one process would forget what the other is writing.
        app.clock.advance(301)
        changed = app.patch(made["id"], ark_api_key=f"key-{number}") if number % 5 == 0 else asyncio.sleep(0)
        await asyncio.gather(*(faults.flush() for faults in processes), changed)


async def test_what_was_refused_before_the_last_change_is_not_written(app: ChannelApp) -> None:
    made = await app.channel(ark_base_url="http://127.0.0.1:1/api/v3")
    faults = ChannelFaults(app.sessions, app.clock)
    faults.observe(made["id"], "create_task", LIMIT)
    app.clock.advance(1)
    await app.patch(made["id"], ark_api_key="another")
    await faults.flush()
    assert await shown(app, made["id"]) == []


async def test_what_was_refused_elsewhere_or_of_a_channel_that_is_gone_is_forgotten(app: ChannelApp) -> None:
    made = await app.channel(ark_base_url="http://127.0.0.1:1/api/v3")
    faults = ChannelFaults(app.sessions, app.clock)
    faults.observe(made["id"], "create_task", LIMIT)
    faults.observe("ch_gone", "create_task", LIMIT)
    await faults.flush()
    assert (await app.patch(made["id"], weight=2))["health"]["faults"] != []
    assert (await app.patch(made["id"], ark_api_key="another"))["health"]["faults"] == []


async def test_what_could_not_be_written_is_written_later(app: ChannelApp, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await app.channel(ark_base_url="http://127.0.0.1:1/api/v3")
    faults = ChannelFaults(app.sessions, app.clock)
    faults.observe(made["id"], "create_task", LIMIT)
    with monkeypatch.context() as broken:
        broken.setattr("app.channels.faults._RECORD", None)
        with pytest.raises(Exception):  # noqa: B017, PT011 - the driver has several
            await faults.flush()
    faults.observe(made["id"], "create_task", LIMIT)
    await faults.flush()
    assert await shown(app, made["id"]) == [("create_task", 429, "SetLimitExceeded", 2)]


async def test_a_refusal_is_logged_once_in_five_minutes(app: ChannelApp, caplog: pytest.LogCaptureFixture) -> None:
    faults = ChannelFaults(app.sessions, app.clock)

    def told() -> int:
        return caplog.text.count("channel_refused_call")

    for _ in range(3):
        faults.observe("ch_1", "create_task", LIMIT)
    assert (told(), "2100123456" in caplog.text) == (1, True)
    faults.observe("ch_1", "create_task", PAGE)
    assert told() == 2
    app.clock.advance(timedelta(minutes=6).total_seconds())
    faults.observe("ch_1", "create_task", PAGE)
    assert told() == 3
