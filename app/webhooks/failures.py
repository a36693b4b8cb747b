"""In what words a failed try is told. Pure.

The tenant reads them (``callback.last_error`` of its task), so they hold nothing of our network: no address, nothing
that a resolver, a TLS library or the endpoint said. A name without an address and one that leads only to addresses that
may not be reached have the same words, or a tenant could find out which names exist inside our network.
"""

from enum import StrEnum


class Failure(StrEnum):
    """Why a message was not delivered. Those with a status are followed by it in parentheses."""

    NO_ADDRESS = "the host name does not resolve to a public address"
    NOT_ALLOWED = "the address is not one that may be reached"
    NO_CONNECTION = "cannot connect"
    TLS = "the TLS certificate is not valid, or the handshake failed"
    TIMED_OUT = "no answer in time"
    CUT = "the connection was cut"
    NOT_HTTP = "no valid HTTP answer"
    TOO_LONG = "the answer is too long"
    REDIRECTED = "redirects are not followed"
    GONE = "the endpoint is gone"
    REFUSED = "the endpoint did not accept the message"
    NOT_SIGNED = "the message could not be signed"
    NOT_SENT = "the message could not be sent"

    def with_status(self, status: int) -> str:
        """Returns the words for an answer that had a status."""
        return f"{self.value} ({status})"
