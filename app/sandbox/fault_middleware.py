"""The middleware in front of the planes and the media: it writes the ledger and applies scripted faults.

A fault applies at one of five moments: the headers were read (``request``), the body is complete (``before``), the call
was carried out (``after``), within the response's ``headers``, within its ``body``. Responses are buffered completely,
so that a fault can alter or drop them.
"""

import asyncio

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.sandbox.authentication import guess_account
from app.sandbox.calls import Call, operation_of, read_query
from app.sandbox.errors import RefusedError
from app.sandbox.exchange import JSON_HEADERS, Answer, ClientDisconnectedError, Exchange
from app.sandbox.faults import Effect, Fault
from app.sandbox.ids import new_request_id
from app.sandbox.store import Sandbox


class FaultMiddleware:
    """ASGI middleware around the application.

    Args:
        app: carries calls out; finds its ``Call`` in ``scope["state"]["call"]``.
        sandbox: holds faults and ledger.
    """

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a call of the upstream; passes on the lifespan, the H5 page and the control API."""
        operation = operation_of(scope) if scope["type"] == "http" else None
        if operation is None:
            await self._app(scope, receive, send)
            return
        call = self._open_call(scope, operation)
        fault = self._sandbox.store.faults.take(operation, call.entry.account, len(call.entry.url))
        call.entry.fault_id = fault.id if fault else None
        exchange = Exchange(scope, receive, send, call, self._sandbox)
        await self._serve(exchange, fault)

    def _open_call(self, scope: Scope, operation: str) -> Call:
        store = self._sandbox.store
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        raw_path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        account = guess_account(self._sandbox.config.accounts, headers)
        request_id = new_request_id(store.clock.now())
        entry = store.ledger.open_entry(
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

    async def _serve(self, exchange: Exchange, fault: Fault | None) -> None:
        effect = fault.script.effect if fault else None
        if effect and effect.at == "request":
            await exchange.cut(effect, None)
            return
        try:
            await exchange.read_body()
        except ClientDisconnectedError:
            return
        except RefusedError as error:
            await exchange.send(exchange.error_answer(error))
            return
        if fault and effect and effect.at == "before":
            await self._sandbox.pause(effect.delay_seconds, fault.removed)
            if effect.kind != "delay":
                await self._apply(exchange, effect, None)
                return
        answer = await self._run_app(exchange)
        if fault and effect and effect.at != "before":
            await self._apply_after(exchange, fault, answer)
        else:
            await exchange.send(answer)

    async def _run_app(self, exchange: Exchange) -> Answer:
        """Runs the application on the complete body and returns its response."""
        call = exchange.call
        call.entry.has_effect = True
        answer = Answer()
        parts: list[bytes] = []
        request: list[Message] = [{"type": "http.request", "body": call.body, "more_body": False}]

        async def receive() -> Message:
            if not request:
                # The upstream carries a call out whether or not its client is still connected.
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

    async def _apply_after(self, exchange: Exchange, fault: Fault, answer: Answer) -> None:
        """Applies a fault to a call that was carried out."""
        effect = fault.script.effect
        if effect.kind == "trickle":
            await exchange.send_slowly(answer, effect.delay_seconds)
            return
        await self._sandbox.pause(effect.delay_seconds, fault.removed)
        if effect.kind == "delay":
            await exchange.send(answer)
        else:
            await self._apply(exchange, effect, answer)

    async def _apply(self, exchange: Exchange, effect: Effect, answer: Answer | None) -> None:
        """Cuts the connection, or sends the fault's response instead of ``answer``."""
        if effect.kind == "cut":
            await exchange.cut(effect, answer)
        elif effect.kind == "oversize":
            await exchange.send_oversize(effect.size_bytes)
        else:
            await exchange.send(_scripted_answer(exchange, effect))


def _scripted_answer(exchange: Exchange, effect: Effect) -> Answer:
    if effect.kind == "garbage":
        answer = Answer(200, list(JSON_HEADERS), b'\x00\xff{"id": "cgt-<<<')
    elif effect.kind == "answer":
        answer = _custom_answer(effect)
    else:
        answer = exchange.error_answer(_scripted_error(exchange.call, effect))
    custom = [(name.lower().encode(), value.encode("latin-1")) for name, value in effect.headers.items()]
    names = {name for name, _ in custom}
    answer.headers = [pair for pair in answer.headers if pair[0] not in names] + custom
    return answer


def _custom_answer(effect: Effect) -> Answer:
    """Returns the response that the script contains: without a body, a string as it is, or JSON."""
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
