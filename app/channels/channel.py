"""An upstream account as the rest of the program uses it, and the order in which channels are tried. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Literal

from app.upstream.credentials import ArkAccount, OpenApiAccount

Plane = Literal["ark", "openapi"]
"""Half of an upstream account: ``ark`` for videos, ``openapi`` for assets. Each has its own credentials."""

Correlate = Literal["off", "safety_identifier"]
"""How a create of unknown outcome is recognised without a callback; see ``Channel.correlate``."""

ALL_PLANES: frozenset[Plane] = frozenset({"ark", "openapi"})


class ChannelStatus(StrEnum):
    """Whether a channel may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel with its secrets open.

    Attributes:
        id: ``ch_…``.
        name: chosen by the operator, unique.
        ark: account of the data plane, or None when it has no key.
        openapi: account of the control plane, or None when it has no key pair.
        exclusive: only this gateway uses the account, so unowned objects found there may be attributed to it.
        correlate: the request field that carries a random tag which the upstream returns with the task, or ``off``.
        region: the region of the account; it decides which models there are and how they are called.
        models: public model name → the upstream id to use instead of the catalog's.
        projects: names of the account's projects that tenants may use; the first is the default.
        priority: channels of a higher priority are tried first.
        weight: share of the first tries among channels of equal priority, at least 1.
        status: ``active`` or ``suspended``.
        status_reason: why the gateway suspended it; None when an operator did, or it is active.
        is_breaker_open: whether its circuit breaker refuses creates.
        media_hosts: the servers from which its clips may be fetched; none: the upstream's own
            (``app.channels.media_hosts``).
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
    media_hosts: tuple[str, ...] = ()

    def is_ready_for(self, plane: Plane) -> bool:
        """Whether it is active and has the credentials of ``plane``."""
        account = self.ark if plane == "ark" else self.openapi
        return self.status == ChannelStatus.ACTIVE and account is not None

    def is_in(self, allowed: frozenset[str] | None) -> bool:
        """Whether its id is in ``allowed``; None allows all."""
        return allowed is None or self.id in allowed


def order_candidates(channels: Iterable[Channel], rng: Random) -> list[Channel]:
    """Returns all ``channels``, best first: by priority, higher first, and at random where priorities are equal.

    Among channels of one priority, each comes first as often as its share of their weights.

    Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): the order of
    ``u ** (1 / weight)`` for random ``u`` is a weighted draw without replacement.
    """
    return sorted(channels, key=lambda channel: (channel.priority, rng.random() ** (1 / channel.weight)), reverse=True)
