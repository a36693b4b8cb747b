"""Deadlines and flow control of a connection, with a clock that the test moves."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from app.http.chunked_body import ChunkedBody
from app.http.connections import ConnectionLimits
from tests.http.answers import Answer, final_answers
from tests.http.driven import Application, Connection, Server, TurnLoop

HEAD = b"POST /api/v3/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
LINE_END = b"\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def server(loop: TurnLoop) -> Server:
    """A server with the limits that the gateway has."""
    return Server(loop, limits=ConnectionLimits(max_connections=1000))


class Held(Application):
    """An application that begins to answer when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        await self.may_go_on.wait()
        await super().__call__(scope, receive, send)

    begun = 0


def block(connection: Connection) -> None:
    """Makes the client stop reading its answers."""
    connection.pipe.is_blocked = True
    connection.pipe.written += b" "
    protocol = connection.pipe.get_protocol()
    assert isinstance(protocol, asyncio.Protocol)
    protocol.pause_writing()


def is_gone(connection: Connection) -> bool:
    return connection.pipe.is_gone


def answers_of(connection: Connection) -> list[Answer]:
    return final_answers(bytes(connection.pipe.written))


def test_a_connection_that_sends_nothing_ends_silently_within_a_minute(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    loop.pass_time(58)
    assert not connection.pipe.is_ended
    loop.pass_time(2)
    assert is_gone(connection)
    assert connection.pipe.written == b""


@pytest.mark.parametrize("begun", [b"G", GET[:-1], HEAD[:-2]])
def test_a_head_that_has_begun_must_end_within_fifteen_seconds(loop: TurnLoop, server: Server, begun: bytes) -> None:
    connection = server.connect()
    for at in range(len(begun)):
        connection.send([begun[at : at + 1]])
        loop.pass_time(14 / len(begun))
    assert not connection.pipe.is_ended
    loop.pass_time(2)
    (answer,) = answers_of(connection)
    assert (answer.status, answer.code) == (408, "RequestTooSlow")
    assert connection.pipe.is_ended


def test_a_body_without_progress_is_given_up_after_thirty_seconds(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.send([HEAD])
    for _ in range(3):
        connection.send([b"."])
        loop.pass_time(29)
    assert answers_of(connection) == []
    loop.pass_time(2)
    (answer,) = answers_of(connection)
    assert (answer.status, answer.code) == (408, "RequestTooSlow")
    assert connection.pipe.is_ended


def test_an_idle_connection_is_kept_longer_than_a_load_balancer_keeps_it(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.send([GET])
    loop.pass_time(70)
    assert not connection.pipe.is_ended
    connection.send([GET])
    assert len(answers_of(connection)) == 2
    loop.pass_time(77)
    assert is_gone(connection)


def test_a_request_in_progress_has_no_deadline_of_the_connection(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.send([HEAD, b"0123456789"[:9]])
    loop.pass_time(29)
    connection.send([b"9"])
    assert [answer.status for answer in answers_of(connection)] == [200]


def test_a_client_that_writes_first_can_still_read_the_refusal(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.send([b"GET / HTTP/1.1\r\n"])
    connection.send([b"A: " + b"x" * 70_000])
    (answer,) = answers_of(connection)
    assert (answer.status, answer.code) == (431, "RequestHeaderFieldsTooLarge")
    assert connection.pipe.is_ended
    assert not is_gone(connection), "closing now would reset the connection"
    connection.send([b"x" * 200_000])
    assert connection.pipe.is_reading()
    loop.pass_time(7)
    assert is_gone(connection)
    assert len(answers_of(connection)) == 1


def test_no_request_is_begun_while_answers_are_not_read(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    block(connection)
    connection.send([GET * 50])
    assert server.app.requests == []
    assert not connection.pipe.is_reading()
    connection.pipe.written.clear()
    protocol = connection.pipe.get_protocol()
    assert isinstance(protocol, asyncio.Protocol)
    protocol.resume_writing()
    loop.settle()
    assert len(answers_of(connection)) == 50
    assert connection.pipe.is_reading()


def test_a_client_that_reads_nothing_of_a_response_for_a_minute_is_cut(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.send([GET])
    block(connection)
    loop.pass_time(58)
    assert not is_gone(connection)
    loop.pass_time(4)
    assert is_gone(connection)


@pytest.mark.parametrize("is_stopping", [False, True], ids=["idle", "when the server stops"])
def test_few_unread_bytes_end_a_connection_as_many_do(loop: TurnLoop, server: Server, *, is_stopping: bool) -> None:
    connection = server.connect()
    connection.pipe.is_blocked = True
    connection.send([GET])
    if is_stopping:
        server.stop()
    loop.pass_time(4 if is_stopping else 58)
    assert not is_gone(connection)
    loop.pass_time(5)
    assert is_gone(connection)


def test_unread_answers_count_however_few_they_are(loop: TurnLoop) -> None:
    server = Server(loop, limits=ConnectionLimits(max_connections=99, max_per_address=99, budget_bytes=20_000))
    connections = [server.connect() for _ in range(5)]
    for connection in connections:
        connection.pipe.is_blocked = True
        connection.send([GET] * 80)
        assert 5000 < len(connection.pipe.written) < 20_000
    loop.pass_time(2)
    gone = [is_gone(connection) for connection in connections]
    assert gone == sorted(gone, reverse=True)
    assert any(gone)
    assert not all(gone)


def test_a_stop_does_not_wait_for_a_body_that_does_not_come(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.send([HEAD])
    server.stop()
    loop.pass_time(7)
    assert [answer.status for answer in answers_of(connection)] == [408]
    loop.pass_time(7)
    assert is_gone(connection)


@pytest.mark.parametrize("stray", [b"\r", b"\r\n"])
def test_an_empty_line_behind_a_body_asks_for_no_answer(loop: TurnLoop, server: Server, stray: bytes) -> None:
    connection = server.connect()
    connection.send([HEAD + b"0123456789" + stray])
    loop.pass_time(20)
    assert len(answers_of(connection)) == 1
    connection.send([(LINE_END + GET)[len(stray) :]])
    assert [answer.status for answer in answers_of(connection)] == [200, 200]


def test_bytes_after_an_early_response_to_expect_are_not_parsed_as_a_request(loop: TurnLoop, server: Server) -> None:
    server.app = Application(is_hasty=True)
    connection = server.connect()
    connection.send([HEAD.replace(LINE_END, LINE_END + b"Expect: 100-continue" + LINE_END, 1)])
    (answer,) = answers_of(connection)
    assert answer.headers["connection"] == "close"
    connection.send([GET, GET])
    assert len(server.app.requests) == len(answers_of(connection)) == 1


def test_a_slow_reader_gets_the_whole_refusal(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.pipe.is_blocked = True
    connection.send([GET + b"\0"])
    loop.pass_time(40)
    assert connection.pipe.is_ended
    assert not is_gone(connection), "some of it is still unread"
    connection.pipe.is_blocked = False
    loop.pass_time(8)
    assert is_gone(connection)


class Late(Application):
    """An application that fails once its answer is complete."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)
        if len(self.requests) == 1:
            await asyncio.sleep(0)
            raise RuntimeError("too late")


def test_an_error_after_the_response_does_not_end_the_next_request(loop: TurnLoop, server: Server) -> None:
    server.app = Late()
    connection = server.connect()
    connection.send([GET + GET])
    loop.settle()
    assert [answer.status for answer in answers_of(connection)] == [200, 200]
    assert not connection.pipe.is_ended


@pytest.mark.parametrize("unit", [b"1\r\n.\r\n", b"4\r\n\r\n\r\n\r\n", b"2;a=b\r\n..\r\n"])
def test_of_many_small_chunks_some_are_read_at_a_time(unit: bytes) -> None:
    chunks, data, turns = ChunkedBody(), unit * 10_000 + b"0\r\n\r\n", 0
    while not chunks.is_complete:
        found, count = chunks.read(data)
        assert 0 < count <= 1000 * len(unit)
        assert len(found) <= count
        data = data[count:]
        turns += 1
    assert 10 <= turns <= 100
    assert data == b""


def test_empty_lines_in_a_chunk_are_read_at_once() -> None:
    chunks, lines = ChunkedBody(), b"\r\n" * 0x8000
    data = b"%x\r\n" % len(lines) + lines + b"\r\n0\r\n\r\n"
    assert chunks.read(data) == (lines, len(data))
    assert chunks.is_complete


def test_pipelined_requests_are_run_one_by_one_and_no_more_is_read(loop: TurnLoop, server: Server) -> None:
    held = server.app = Held()
    connection = server.connect()
    connection.send([GET * 9, GET])
    assert held.begun == 1
    assert not connection.pipe.is_reading()
    held.may_go_on.set()
    loop.settle()
    assert held.begun == len(answers_of(connection)) == 9


def test_unfinished_heads_have_one_budget(loop: TurnLoop) -> None:
    limits = ConnectionLimits(max_connections=1000, max_per_address=1000, budget_bytes=200_000)
    server = Server(loop, limits=limits)
    connections = [server.connect() for _ in range(5)]
    for connection in connections:
        connection.send([b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 60_000])
    assert [connection.pipe.is_gone for connection in connections] == [True, True, False, False, False]
    connections[-1].send([b"\r\n\r\n"])
    assert [answer.status for answer in answers_of(connections[-1])] == [200]


@pytest.fixture
def short(server: Server) -> Server:
    """A server whose fast path takes every request with a body."""
    server.app = Application(is_short=True)
    return server


def test_a_short_way_that_waits_for_a_body_leaves_it_to_the_application_after_a_second(
    loop: TurnLoop, short: Server
) -> None:
    connection = short.connect()
    connection.send([HEAD, b"01234"])
    loop.pass_time(0.9)
    assert short.app.requests == []
    loop.pass_time(1.1)
    assert [request.body for request in short.app.requests] == [b"01234"]
    loop.pass_time(31)
    assert [answer.status for answer in answers_of(connection)] == [408]


def test_a_client_that_leaves_a_short_way_before_its_body_is_reported_by_the_application(short: Server) -> None:
    connection = short.connect()
    connection.send([HEAD, b"01234"])
    connection.pipe.lose()
    short.loop.settle()
    assert [request.is_complete for request in short.app.requests] == [False]


def test_a_stop_while_a_short_way_waits_for_a_body_lets_the_application_end_the_request(short: Server) -> None:
    connection = short.connect()
    connection.send([HEAD, b"01234"])
    short.stop()
    connection.send([b"56789"])
    [answer] = answers_of(connection)
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert [request.body for request in short.app.requests] == [b"0123456789"]
    assert is_gone(connection)


def test_requests_behind_a_short_way_wait_for_its_answer(short: Server) -> None:
    connection = short.connect()
    connection.send([(HEAD + b"0123456789") * 3])
    assert [answer.status for answer in answers_of(connection)] == [200] * 3


def test_the_keep_alive_of_a_short_way_begins_with_its_answer(loop: TurnLoop, short: Server) -> None:
    connection = short.connect()
    connection.send([HEAD + b"0123456789"])
    loop.pass_time(70)
    connection.send([HEAD + b"0123456789"])
    assert [answer.status for answer in answers_of(connection)] == [200] * 2
    loop.pass_time(80)
    assert is_gone(connection)
