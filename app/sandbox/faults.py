"""Scripted faults: which calls fail, how, and how often."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

DATA_OPERATIONS = ("create_task", "get_task", "list_tasks", "delete_task", "list_models", "get_media")
CONTROL_OPERATIONS = (
    "CreateAssetGroup",
    "GetAssetGroup",
    "ListAssetGroups",
    "UpdateAssetGroup",
    "DeleteAssetGroup",
    "CreateAsset",
    "GetAsset",
    "ListAssets",
    "UpdateAsset",
    "DeleteAsset",
    "CreateVisualValidateSession",
    "GetVisualValidateResult",
)
CALLBACK = "callback"
CONNECT = "connect"
ANY = "*"
_OPERATIONS = frozenset({*DATA_OPERATIONS, *CONTROL_OPERATIONS, CALLBACK, CONNECT, ANY})
_CALLBACK_KINDS = frozenset({"delay", "drop", "duplicate"})
_OVERSIZE_BYTES = 32 * 1024 * 1024

Moment = Literal["request", "before", "after", "headers", "body"]


class Effect(BaseModel):
    """What a fault does to a call.

    Attributes:
        kind: ``delay``; ``answer`` (a custom response); ``error`` (a code, in the plane's shape); ``throttle``; ``cut``
            (the connection is closed); ``garbage`` (200, not JSON); ``oversize`` (200, a huge body); ``trickle`` (the
            real response, byte by byte); for callbacks ``delay``, ``drop`` and ``duplicate``.
        at: ``before`` or ``after`` the call is carried out. A cut can also happen at ``request`` (the body is not
            read), or within the response's ``headers`` or ``body`` (the call was carried out).
        delay_seconds: real seconds to wait at that moment, unless the fault is removed earlier; between two bytes of a
            ``trickle``.
        status: the HTTP status of ``answer``, ``error`` and ``throttle``.
        headers: added to that response.
        body: the body of ``answer``: JSON, or a string that is sent unchanged.
        code: the code of ``error`` and ``throttle``.
        message: the message of ``error`` and ``throttle``.
        param: the ``param`` of ``error``, on the data plane.
        reset: whether a cut is a TCP reset instead of FIN.
        size_bytes: the size of the body of ``oversize``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["delay", "answer", "error", "throttle", "cut", "garbage", "oversize", "trickle", "drop", "duplicate"]
    at: Moment = "before"
    delay_seconds: float = Field(default=0, ge=0)
    status: int | None = Field(default=None, ge=200, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    code: str | None = None
    message: str | None = None
    param: str = ""
    reset: bool = False
    size_bytes: int = Field(default=_OVERSIZE_BYTES, ge=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind != "cut" and self.at not in {"before", "after"}:
            raise ValueError(f"only a cut can happen at {self.at}")
        if self.kind == "trickle" and self.at != "after":
            raise ValueError("only an answer can trickle, so it happens after")
        if self.kind == "error" and self.code is None:
            raise ValueError("an error needs a code")
        return self


class FaultScript(BaseModel):
    """The definition of a fault: the body of ``POST /_sandbox/faults``.

    Attributes:
        operation: a task operation, an action of the Assets API, ``get_media``, ``callback``, ``connect`` (new
            connections), or ``*`` for every request.
        account: name of the only account whose calls match; None for all.
        skip: number of matching calls that pass first.
        times: number of calls that are hit after them; None for all until the fault is removed.
        min_url_bytes: minimum length of path and query of a matching call.
        effect: what happens to the calls that are hit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: str
    account: str | None = None
    skip: int = Field(default=0, ge=0)
    times: int | None = Field(default=1, ge=1)
    min_url_bytes: int = Field(default=0, ge=0)
    effect: Effect

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.operation not in _OPERATIONS:
            raise ValueError(f"unknown operation; expected one of {', '.join(sorted(_OPERATIONS))}")
        if self.operation == CALLBACK and self.effect.kind not in _CALLBACK_KINDS:
            raise ValueError("a callback can be delayed, dropped or duplicated")
        if self.operation != CALLBACK and self.effect.kind in {"drop", "duplicate"}:
            raise ValueError(f"{self.effect.kind} is for callbacks only")
        if self.operation == CONNECT and self.effect.kind != "cut":
            raise ValueError("a connection can only be cut")
        return self


@dataclass(slots=True)
class Fault:
    """An active fault.

    Attributes:
        id: ``fault-<number>``.
        script: its definition.
        seen: matching calls so far.
        hits: calls that were hit so far.
        removed: set on removal; ends the delays that the fault causes.
    """

    id: str
    script: FaultScript
    seen: int = 0
    hits: int = 0
    removed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_spent(self) -> bool:
        """Whether it hits no further call."""
        return self.script.times is not None and self.hits >= self.script.times

    def to_wire(self) -> dict[str, Any]:
        """Returns its JSON in the control API."""
        return {"id": self.id, "seen": self.seen, "hits": self.hits, "is_spent": self.is_spent} | (
            self.script.model_dump(mode="json")
        )


class Faults:
    """All faults. A call is hit by at most one of them: the oldest that matches."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._made = 0

    def add(self, script: FaultScript) -> Fault:
        """Adds a fault and returns it."""
        self._made += 1
        fault = Fault(f"fault-{self._made}", script)
        self._faults[fault.id] = fault
        return fault

    def list(self) -> list[Fault]:
        """Returns all faults, spent ones included."""
        return list(self._faults.values())

    def remove(self, fault_id: str) -> bool:
        """Removes a fault and ends the delays that it causes; returns whether it existed."""
        fault = self._faults.pop(fault_id, None)
        if fault is not None:
            fault.removed.set()
        return fault is not None

    def clear(self) -> None:
        """Removes all faults and ends the delays that they cause."""
        for fault_id in list(self._faults):
            self.remove(fault_id)

    def take(self, operation: str, account: str | None = None, url_bytes: int = 0) -> Fault | None:
        """Returns the fault that hits this call, or None; counts the call."""
        for fault in self._faults.values():
            script = fault.script
            is_match = script.operation == operation or (
                script.operation == ANY and operation not in {CALLBACK, CONNECT}
            )
            if not is_match or fault.is_spent or script.account not in (None, account):
                continue
            if url_bytes < script.min_url_bytes:
                continue
            fault.seen += 1
            if fault.seen > script.skip:
                fault.hits += 1
                return fault
        return None
