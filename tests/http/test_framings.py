"""One request in, at most one answer out, whatever the bytes and wherever they are cut into segments.

What a strict parser sees in all the bytes is compared with what reaches the application and what is answered.
"""

import functools
import itertools
from collections.abc import Iterable, Sequence

import pytest

from tests.http.answers import Answer, final_answers
from tests.http.driven import Application, Server
from tests.http.framings import FRAMINGS, SMALL, SMUGGLED, SMUGGLED_PATH, Framing
from tests.http.strict import Request, Seen, parse

_REFUSED_FROM = 400
_LONG_BYTES = 400
KINDS = {kind: list(group) for kind, group in itertools.groupby(FRAMINGS, lambda framing: framing.name.split(":")[0])}
_OF_CONNECTION = {b"connection", b"upgrade", b"http2-settings"}


@functools.cache
def seen_in(data: bytes) -> Seen:
    """Returns what a strict parser sees."""
    return parse(data)


def exchange(server: Server, segments: Iterable[bytes], app: Application) -> tuple[list[Answer], bool]:
    """Sends segments on a connection of their own; returns the answers and whether the server ended the connection."""
    server.app = app
    connection = server.connect()
    connection.send(segments)
    if app.is_short:
        # A body that does not come is then left to the application.
        server.loop.pass_time(2)
    answers, is_ended, count = (
        final_answers(bytes(connection.pipe.written)),
        connection.pipe.is_ended,
        len(app.requests),
    )
    connection.end()
    assert len(app.requests) == count, "the end of the connection has made a request"
    assert server.loop.failures == []
    return answers, is_ended


def check_judged(seen: Seen, app: Application, answers: Sequence[Answer], *, is_ended: bool) -> None:
    """Checks that the application got nothing but what a strict parser sees, and that nothing else was answered."""
    assert len(answers) <= seen.max_answers
    assert len(app.requests) <= len(seen.requests)
    for got, real in zip(app.requests, seen.requests, strict=False):
        assert got.method == real.method
        assert got.target in real.target
        assert _plain_names(got) == _plain_names(real)
        assert real.body.startswith(got.body)
        assert not got.is_complete or (real.is_complete and got.body == real.body)
    assert app.trailing == [], "trailers became headers"
    assert not any(answer.is_servers_own for answer in answers[:-1]), "something was answered behind an error"
    for answer in answers:
        if answer.is_servers_own:
            assert answer.status >= _REFUSED_FROM
            assert answer.code
            assert answer.headers.get("connection") == "close"
            assert is_ended
    if seen.is_malformed:
        assert is_ended
        assert sum(not answer.is_servers_own for answer in answers) <= len(seen.requests)


def _plain_names(request: Request) -> list[bytes]:
    """The names of a request's headers, without those of the connection, which a server may keep to itself."""
    return [name for name, _ in request.headers if name not in _OF_CONNECTION]


def check(
    server: Server, framing: Framing, segments: Sequence[bytes], *, is_hasty: bool = False, is_short: bool = False
) -> None:
    """Sends a framing in segments and checks what it led to."""
    app = Application(is_hasty=is_hasty, is_short=is_short)
    answers, is_ended = exchange(server, segments, app)
    try:
        check_judged(seen_in(framing.data), app, answers, is_ended=is_ended)
        if framing.answers is None or (is_hasty and (framing.is_refused or not framing.answers)):
            return
        if is_hasty and answers[0].headers.get("connection") == "close" and b"100-continue" in framing.data.lower():
            # Answered before its body came; what comes next may be the body or not.
            return
        assert len(answers) == framing.answers
        own = [answer.status for answer in answers if answer.is_servers_own]
        assert bool(own) == framing.is_refused
        assert framing.status is None or own == [framing.status]
    except AssertionError as error:
        sizes = [len(segment) for segment in segments[:3]]
        error.add_note(
            f"{framing.name}: {framing.data[:400]!r} in {sizes}, hasty: {is_hasty}, short: {is_short}: {answers}"
        )
        raise


def test_what_may_not_be_executed_would_be_a_request() -> None:
    (request,) = parse(SMUGGLED).requests
    assert (request.method, request.target) == ("GET", SMUGGLED_PATH)
    assert len(FRAMINGS) == len({framing.name for framing in FRAMINGS}) >= 80
    assert f"{len(SMUGGLED):x}" == "23"


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_that_comes_whole_or_byte_by_byte(server: Server, kind: str) -> None:
    for framing in KINDS[kind]:
        single = [framing.data[at : at + 1] for at in range(len(framing.data))]
        for segments in ([framing.data], single) if framing in SMALL else ([framing.data],):
            for is_hasty in (False, True):
                check(server, framing, segments, is_hasty=is_hasty)
            check(server, framing, segments, is_short=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_that_is_cut_in_two(server: Server, kind: str) -> None:
    for number, framing in enumerate(KINDS[kind]):
        for at in _some_cuts(framing, number):
            check(server, framing, [framing.data[:at], framing.data[at:]], is_hasty=at % 3 == 0, is_short=at % 3 == 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_message_that_is_cut_in_two_at_any_byte(server: Server, kind: str) -> None:
    for framing in KINDS[kind]:
        for at in range(1, len(framing.data)) if framing in SMALL else ():
            segments = [framing.data[:at], framing.data[at:]]
            for is_hasty in (False, True):
                check(server, framing, segments, is_hasty=is_hasty)
            check(server, framing, segments, is_short=True)


def _some_cuts(framing: Framing, number: int) -> Iterable[int]:
    """Returns places to cut: before and inside line ends of what is large, else every few bytes.

    Which bytes those are differs from one framing to the next, and most of their lines are alike. Each byte is tried in
    ``test_a_message_that_is_cut_in_two_at_any_byte``.
    """
    data = framing.data
    if framing in SMALL:
        return range(1 + number % 12, len(data), 12 if len(data) < _LONG_BYTES else 28)
    ends = [at for at in range(len(data)) if data[at : at + 2] == b"\r\n"]
    return sorted({at + shift for at in (*ends[:2], *ends[-2:]) for shift in (0, 1, 2)} - {len(data)})
