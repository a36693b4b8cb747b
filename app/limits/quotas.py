"""The quotas that follow from the stored limits of a key and its tenant. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MINUTE_SECONDS = 60
_WINDOWS = {"rps": 1, "rpm": MINUTE_SECONDS, "create_rpm": MINUTE_SECONDS}
_OF_CREATES = {"create_rpm"}


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests of one owner are answered in a window of time.

    Attributes:
        id: names the owner and the limit; all processes count under it.
        name: what clients are shown, such as ``key-rpm``.
        limit: the largest number of requests.
        seconds: the length of the window.
    """

    id: str
    name: str
    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Quotas:
    """The quotas of a caller.

    Attributes:
        requests: those that every request uses up.
        creates: those that a create of a video task uses up, too.
        policy: all of them as the value of ``RateLimit-Policy``.
    """

    requests: tuple[Quota, ...]
    creates: tuple[Quota, ...]
    policy: str

    @property
    def all(self) -> tuple[Quota, ...]:
        """The quotas of both kinds."""
        return self.requests + self.creates


def quotas_of(stored: Iterable[tuple[str, str, Mapping[str, Any] | None]]) -> Quotas | None:
    """Returns the quotas of a caller, or None if nothing is limited.

    Args:
        stored: of each owner its kind, ``key`` or ``tenant``, its id (that of the first one for a key that has replaced
            others), and its limits by their names.
    """
    requests: list[Quota] = []
    creates: list[Quota] = []
    for kind, owner_id, limits in stored:
        for name, seconds in _WINDOWS.items():
            limit = (limits or {}).get(name)
            if limit is not None:
                # With the limit in its name, a changed one begins a window of its own at once.
                quota = Quota(f"{owner_id}:{name}:{limit}", f"{kind}-{name.replace('_', '-')}", limit, seconds)
                (creates if name in _OF_CREATES else requests).append(quota)
    every = (*requests, *creates)
    if not every:
        return None
    policy = ", ".join(f'"{quota.name}";q={quota.limit};w={quota.seconds}' for quota in every)
    return Quotas(tuple(requests), tuple(creates), policy)
