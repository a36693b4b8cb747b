"""The gate in front of the emulated upstream: writes the ledger and lets scripted faults strike.

A call passes through five moments: its headers are read (``request``), its body is complete (``before``), it is
carried out, its answer is ready (``after``), its answer is on the wire (``headers``, ``body``). Answers are small,
so they are held back whole until the faults have had their say.
"""

import asyncio

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.sandbox.authentication import guess_account
from app.sandbox.calls import Call, operation_of, read_query
from app.sandbox.errors import RefusedError
from app.sandbox.exchange import JSON_HEADERS, Answer, ClientGoneError, Exchange
from app.sandbox.faults import Effect, Fault
from app.sandbox.ids import new_request_id
from app.sandbox.store import Sandbox


class FaultMiddleware:
    """ASGI middleware around the two planes and the media.

    Args:
        app: carries calls out; finds its ``Call`` in ``scope["state"]["call"]``.
        state: the sandbox's.
    """

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, or passes on what is not the upstream's (lifespan, controls, the H5 page)."""
        operation = operation_of(scope) if scope["type"] == "http" else None
        if operation is None:
            await self._app(scope, receive, send)
            return
        call = self._open_call(scope, operation)
        fault = self._sandbox.store.faults.take(operation, call.entry.account, len(call.entry.url))
        call.entry.fault_id = fault.id if fault else None
        exchange = Exchange(scope, receive, send, call, self._sandbox)
        await self._pass(exchange, fault)

    def _open_call(self, scope: Scope, operation: str) -> Call:
        store = self._sandbox.store
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        raw_path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        account = guess_account(self._sandbox.config.accounts, headers)
        request_id = new_request_id(store.clock.now())
        entry = store.ledger.receive(
            at=store.clock.now(),
            operation=operation,
            account=account.name if account else None,
            url=f"{raw_path}?{query}" if query else raw_path,
            client_request_id=headers.get("x-client-request-id"),
            request_id=request_id,
        )
        return Call(
            operation=operation,
            request_id=request_id,
            headers=headers,
            query=read_query(scope),
            raw_path=raw_path,
            entry=entry,
        )

    async def _pass(self, exchange: Exchange, fault: Fault | None) -> None:
        """Takes a call through its moments."""
        effect = fault.script.effect if fault else None
        if effect and effect.at == "request":
            await exchange.cut(effect, None)
            return
        try:
            await exchange.read_body()
        except ClientGoneError:
            return
        except RefusedError as error:
            await exchange.answer(exchange.refusal(error))
            return
        if fault and effect and effect.at == "before":
            await self._sandbox.pause(effect.delay_seconds, fault.removed)
            if effect.kind != "delay":
                await self._break(exchange, effect, None)
                return
        answer = await self._carry_out(exchange)
        if fault and effect and effect.at != "before":
            await self._break_after(exchange, fault, answer)
        else:
            await exchange.answer(answer)

    async def _carry_out(self, exchange: Exchange) -> Answer:
        """Runs the application on the complete body and collects its whole answer."""
        call = exchange.call
        call.entry.has_effect = True
        answer = Answer()
        parts: list[bytes] = []
        request: list[Message] = [{"type": "http.request", "body": call.body, "more_body": False}]

        async def receive() -> Message:
            if not request:
                # The upstream carries a call out whether or not its client is still there.
                await asyncio.Event().wait()
            return request.pop()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = list(message.get("headers", []))
            else:
                parts.append(message.get("body", b""))

        scope = {**exchange.scope, "extensions": {}}
        scope["state"] = {**scope.get("state", {}), "call": call}
        await self._app(scope, receive, send)
        answer.body = b"".join(parts)
        return answer

    async def _break_after(self, exchange: Exchange, fault: Fault, answer: Answer) -> None:
        """Lets a fault strike a call that was carried out."""
        effect = fault.script.effect
        if effect.kind == "trickle":
            await exchange.answer_slowly(answer, effect.delay_seconds)
            return
        await self._sandbox.pause(effect.delay_seconds, fault.removed)
        if effect.kind == "delay":
            await exchange.answer(answer)
        else:
            await self._break(exchange, effect, answer)

    async def _break(self, exchange: Exchange, effect: Effect, answer: Answer | None) -> None:
        """Cuts the connection, or sends what a fault puts in the place of the answer."""
        if effect.kind == "cut":
            await exchange.cut(effect, answer)
        elif effect.kind == "oversize":
            await exchange.answer_oversize(effect.size_bytes)
        else:
            await exchange.answer(_scripted_answer(exchange, effect))


def _scripted_answer(exchange: Exchange, effect: Effect) -> Answer:
    if effect.kind == "garbage":
        answer = Answer(200, list(JSON_HEADERS), b'\x00\xff{"id": "cgt-<<<')
    elif effect.kind == "answer":
        answer = _own_answer(effect)
    else:
        answer = exchange.refusal(_scripted_error(exchange.call, effect))
    chosen = [(name.lower().encode(), value.encode("latin-1")) for name, value in effect.headers.items()]
    names = {name for name, _ in chosen}
    answer.headers = [pair for pair in answer.headers if pair[0] not in names] + chosen
    return answer


def _own_answer(effect: Effect) -> Answer:
    """Returns the answer that a caller wrote: no body, a text as it is, or JSON."""
    status = effect.status or 200
    if effect.body is None:
        return Answer(status)
    if isinstance(effect.body, str):
        return Answer(status, [], effect.body.encode())
    return Answer(status, list(JSON_HEADERS), orjson.dumps(effect.body))


def _scripted_error(call: Call, effect: Effect) -> RefusedError:
    code, message = effect.code, effect.message
    if effect.kind == "throttle":
        is_control = call.raw_path == "/"
        code = code or ("AccountFlowLimitExceeded" if is_control else "AccountRateLimitExceeded")
        message = message or "Request speed exceeds the account flow control limit."
    text = message or "A scripted fault."
    return RefusedError(code or "InternalServiceError", text, param=effect.param, status=effect.status)
