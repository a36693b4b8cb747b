"""What identifies a create that is sent again, and one create as one request sees it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from app.core.watched_event import WatchedEvent
from app.creates.idempotency import IdempotencyKey


class Sent(NamedTuple):
    """What two requests have in common of which one may be the other's retry; see ``RequestFingerprint``."""

    tenant_id: str
    key_id: str
    route: str
    body_hash: bytes


@dataclass(frozen=True)
class RequestFingerprint:
    """Identifies a create as a client sends it.

    Attributes:
        tenant_id: the tenant of the API key.
        key_id: the API key's row.
        route: ``CREATE_TASK``, ``CREATE_VIDEO``, or the action.
        body_hash: SHA-256 of the body's bytes; at ``CREATE_VIDEO`` a hash of what they say, since an SDK sends other
            bytes with each try.
        is_marked_retry: an SDK marked it as a retry (``app.creates.sdk_retry_headers``).
        idempotency_key: or None; when there is one, it alone identifies the create.
    """

    tenant_id: str
    key_id: str
    route: str
    body_hash: bytes
    is_marked_retry: bool = False
    idempotency_key: IdempotencyKey | None = None

    @property
    def sent(self) -> Sent:
        """What the request has in common with its retries."""
        return Sent(self.tenant_id, self.key_id, self.route, self.body_hash)


@dataclass(frozen=True)
class Attempt:
    """One create, as one request carries it out or waits for it.

    Attributes:
        id: the id of the row.
        result_id: what the create makes; None while that is not known.
        started_at: when this request began. Reset on takeover; later updates by the previous request are ignored
            (compare-and-set on this value).
        is_keyed: it has an ``Idempotency-Key``, so that it need not be marked as abandoned.
        sent: by its request, unless it is keyed.
    """

    id: str
    result_id: str | None
    started_at: datetime
    is_keyed: bool = False
    sent: Sent | None = None


@dataclass(frozen=True)
class Client:
    """The request that a create serves.

    Attributes:
        fingerprint: identifies the request.
        gone: set when the client disconnects before it is answered.
    """

    fingerprint: RequestFingerprint
    gone: WatchedEvent = field(default_factory=WatchedEvent)
