"""The client of a create, as far as it matters to what becomes of the create when that client is lost."""

import asyncio
from dataclasses import dataclass

from app.creates.retry_dedup import RequestFingerprint


@dataclass(frozen=True)
class Client:
    """One request and who waits for its answer.

    Attributes:
        sent: what tells the request from other ones.
        gone: set when the client has gone without waiting for the answer.
    """

    sent: RequestFingerprint
    gone: asyncio.Event
