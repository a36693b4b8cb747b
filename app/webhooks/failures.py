"""In what words a failed try is told. Pure.

The operator reads the words that are stored with a message. The tenant reads others (``callback.last_error`` of its
task), which hold nothing of our network: no address, nothing that a resolver, a TLS library or the endpoint said. A
name without an address and one that leads only to addresses that may not be reached have the same words for a tenant,
or it could find out which names exist inside our network. So have all failures at an address that the operator's list
alone allows, or a tenant could search the allowed networks for what listens there.
"""

import re
from enum import StrEnum


class Failure(StrEnum):
    """Why a message was not delivered, for the operator. Those with a status are followed by it in parentheses."""

    UNRESOLVED = "the host name does not resolve"
    NO_ALLOWED_ADDRESS = "the host name leads to no address that may be reached"
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


class TenantFailure(StrEnum):
    """What a tenant is told in place of an operator's words."""

    NO_ADDRESS = "the host name does not resolve to a public address"
    NOT_REACHED = "the endpoint could not be reached"
    OTHER = "the message could not be delivered"


_ALLOWED_NETWORK = " (allowed network)"
_STATUS = re.compile(r" \([0-9]{3}\)")
_WITH_STATUS = (Failure.REDIRECTED, Failure.GONE, Failure.REFUSED)
_FOR_TENANT = {
    **{failure.value: failure.value for failure in Failure if failure not in _WITH_STATUS},
    **{failure.value: failure.value for failure in TenantFailure},
    Failure.UNRESOLVED.value: TenantFailure.NO_ADDRESS.value,
    Failure.NO_ALLOWED_ADDRESS.value: TenantFailure.NO_ADDRESS.value,
}


def in_allowed_network(words: str) -> str:
    """Returns the operator's words for a failure at an address that only ``SEEDGATE_CALLBACK_ALLOW`` allows."""
    return words + _ALLOWED_NETWORK


def for_tenant(words: str) -> str:
    """Returns what a tenant is told of a failure.

    Args:
        words: as they are stored with the message. Other versions have stored other words, which are not passed on.
    """
    if words.endswith(_ALLOWED_NETWORK):
        return TenantFailure.NOT_REACHED.value
    for failure in _WITH_STATUS:
        if words.startswith(failure.value) and _STATUS.fullmatch(words, len(failure.value)):
            return words
    return _FOR_TENANT.get(words, TenantFailure.OTHER.value)
