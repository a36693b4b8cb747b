"""What an account refuses is kept by channel and operation, until the operation is answered again."""

import asyncio
from datetime import timedelta

import pytest

from app.channels.faults import ChannelFaults
from app.upstream.errors import (
    AccountFaultError,
    ForeignAnswerError,
    NotSentError,
    OutcomeUnknownError,
    ThrottledError,
    UpstreamError,
    UpstreamRejectedError,
)
from tests.support.channel_app import ChannelApp

LIMIT = AccountFaultError(status=429, code="SetLimitExceeded", message="Your account 2100123456 is at its limit.")
PAGE = ForeignAnswerError(status=404, what="a web page")


async def shown(app: ChannelApp, channel_id: str) -> list[tuple[str, int, str, int]]:
    """Returns operation, status, code and number of the refusals that the operator is shown."""
    health = (await app.http.get(f"/channels/{channel_id}")).json()["health"]
    return [(fault["operation"], fault["status"], fault["code"], fault["times"]) for fault in health["faults"]]


async def test_a_refusal_is_shown_until_the_operation_is_answered(app: ChannelApp) -> None:
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

    app.clock.advance(1)
    # An answer to another operation, a throttle or an unclear answer tells nothing about this one.
    nothing = [OutcomeUnknownError("x"), NotSentError("x"), ThrottledError(status=429, code="X", message="x")]
    for error in nothing:
        second.observe(made["id"], "create_task", error)
    second.observe(made["id"], "get_task", None)
    await second.flush()
    assert await shown(app, made["id"]) == [("create_task", 429, "SetLimitExceeded", 3)]
    second.observe(made["id"], "create_task", UpstreamRejectedError(status=400, code="InvalidParameter", message="x"))
    await second.flush()
    assert await shown(app, made["id"]) == []


@pytest.mark.parametrize("errors", [[LIMIT, None], [None, LIMIT], [LIMIT, None, LIMIT]])
async def test_the_last_call_counts(app: ChannelApp, errors: list[UpstreamError | None]) -> None:
    made = await app.channel(ark_base_url="http://127.0.0.1:1/api/v3")
    faults = ChannelFaults(app.sessions, app.clock)
    for error in errors:
        faults.observe(made["id"], "create_task", error)
    await faults.flush()
    assert [code for _, _, code, _ in await shown(app, made["id"])] == (["SetLimitExceeded"] if errors[-1] else [])


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
        broken.setattr("app.channels.faults._NOTE", None)
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the driver says
            await faults.flush()
    faults.observe(made["id"], "create_task", LIMIT)
    await faults.flush()
    assert await shown(app, made["id"]) == [("create_task", 429, "SetLimitExceeded", 2)]


async def test_the_log_tells_a_refusal_once_in_five_minutes(app: ChannelApp, caplog: pytest.LogCaptureFixture) -> None:
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
