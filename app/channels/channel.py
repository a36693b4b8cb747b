"""What the rest of the program knows of an upstream account."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from app.upstream.credentials import ArkAccount, OpenApiAccount

Plane = Literal["ark", "openapi"]
"""Half of an upstream account: ``ark`` makes videos, ``openapi`` keeps assets. Each has credentials of its own."""

Correlate = Literal["off", "safety_identifier"]
"""How a create of unknown outcome is told from others beside a callback; see ``Channel.correlate``."""

ALL_PLANES: frozenset[Plane] = frozenset({"ark", "openapi"})


class ChannelStatus(StrEnum):
    """Whether a channel is used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel with its secrets open.

    Attributes:
        id: ``ch_…``.
        name: the operator's word for it, unique.
        ark: account of the data plane, or None when it has no key.
        openapi: account of the control plane, or None when it has no key pair.
        exclusive: nothing but this gateway uses the account, so what is found there and belongs to nobody is ours.
        correlate: the request's field in which the upstream is sent a tag of ours that it echoes, or ``off``.
        region: of the account, which decides what its models are called and which there are.
        models: public model name → the upstream id to use instead of the catalogue's.
        projects: names of the account's projects that tenants may use; the first one is the usual one.
        priority: channels of a higher one are tried first.
        weight: share of the first tries among channels of equal priority, at least 1.
        status: ``active`` or ``suspended``.
        status_reason: why the gateway itself suspended it; None when an operator did, or it is active.
        is_breaker_open: its last creates were not clearly answered, so that it is given no more for a while.
    """

    id: str
    name: str
    ark: ArkAccount | None
    openapi: OpenApiAccount | None
    exclusive: bool
    region: str
    models: Mapping[str, str]
    projects: tuple[str, ...]
    priority: int
    weight: int
    status: str
    status_reason: str | None
    correlate: Correlate = "off"
    is_breaker_open: bool = False

    def is_ready_for(self, plane: Plane) -> bool:
        """Whether it is active and has the credentials of ``plane``."""
        account = self.ark if plane == "ark" else self.openapi
        return self.status == ChannelStatus.ACTIVE and account is not None

    def is_in(self, allowed: frozenset[str] | None) -> bool:
        """Whether a list of ids holds it; None holds all."""
        return allowed is None or self.id in allowed
