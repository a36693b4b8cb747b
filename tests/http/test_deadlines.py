"""What is late ends, and what is too much is not read, on a connection whose time passes when the test says so."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from app.http.connections import ConnectionLimits
from tests.http.answers import Answer, final_answers
from tests.http.driven import Application, Connection, Server, TurnLoop

HEAD = b"POST /api/v3/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def loop() -> Iterator[TurnLoop]:
    """A loop in which time stands still."""
    opened = TurnLoop()
    yield opened
    opened.close()


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
    """Has the client stop to read its answers."""
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


@pytest.mark.parametrize("begun", [b"G", GET[:-1], b"\r", HEAD[:-2]])
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


def test_an_idle_connection_outlives_the_minute_of_a_load_balancer(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.send([GET])
    loop.pass_time(70)
    assert not connection.pipe.is_ended
    connection.send([GET])
    assert len(answers_of(connection)) == 2
    loop.pass_time(77)
    assert is_gone(connection)


def test_a_request_that_is_worked_on_has_no_deadline_here(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.send([HEAD, b"0123456789"[:9]])
    loop.pass_time(29)
    connection.send([b"9"])
    assert [answer.status for answer in answers_of(connection)] == [200]


def test_a_client_that_writes_first_and_reads_later_has_time_to_see_why(loop: TurnLoop, server: Server) -> None:
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


def test_who_reads_none_of_an_answer_for_a_minute_is_cut(loop: TurnLoop, server: Server) -> None:
    connection = server.connect()
    connection.send([GET])
    block(connection)
    loop.pass_time(58)
    assert not is_gone(connection)
    loop.pass_time(4)
    assert is_gone(connection)


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
