"""Texts of failed attempts. Pure.

The stored text is for the operator. The tenant is shown another one (``callback.last_error`` of its task), which
reveals nothing about the operator's network: no address, no words of a resolver, a TLS library or the endpoint. A
name without an address and a name with only forbidden addresses have the same text for a tenant, which could otherwise
find out which internal names exist. All failures at an address that only the operator's list allows share one text,
too; otherwise a tenant could scan the allowed networks.
"""

import re
from enum import StrEnum


class Failure(StrEnum):
    """Why a message was not delivered, for the operator. A status of the endpoint is appended in parentheses."""

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
    NO_ENDPOINT = "this process has no SEEDGATE_OPERATOR_WEBHOOK"

    def with_status(self, status: int) -> str:
        """Returns the text for a response with a status."""
        return f"{self.value} ({status})"


class TenantFailure(StrEnum):
    """What a tenant is shown instead of the operator's text."""

    NO_ADDRESS = "the host name does not resolve to a public address"
    NOT_REACHED = "the endpoint could not be reached"
    OTHER = "the message could not be delivered"


_ALLOWED_NETWORK = " (allowed network)"
_STATUS = re.compile(r" \([0-9]{3}\)")
_WITH_STATUS = (Failure.REDIRECTED, Failure.GONE, Failure.REFUSED)
_FOR_TENANT = {
    **{failure.value: failure.value for failure in Failure if failure not in (*_WITH_STATUS, Failure.NO_ENDPOINT)},
    **{failure.value: failure.value for failure in TenantFailure},
    Failure.UNRESOLVED.value: TenantFailure.NO_ADDRESS.value,
    Failure.NO_ALLOWED_ADDRESS.value: TenantFailure.NO_ADDRESS.value,
}


def in_allowed_network(words: str) -> str:
    """Returns the operator's text for a failure at an address that only ``SEEDGATE_CALLBACK_ALLOW`` allows."""
    return words + _ALLOWED_NETWORK


def for_tenant(words: str) -> str:
    """Returns what a tenant is shown of a failure.

    Args:
        words: the stored text. Texts that other versions have stored are not shown.
    """
    if words.endswith(_ALLOWED_NETWORK):
        return TenantFailure.NOT_REACHED.value
    for failure in _WITH_STATUS:
        if words.startswith(failure.value) and _STATUS.fullmatch(words, len(failure.value)):
            return words
    return _FOR_TENANT.get(words, TenantFailure.OTHER.value)
