"""The servers to which upstream calls may be made. Pure.

The admin API accepts any URL for a channel, and the gateway may run in a network that its operator must not reach.
Channels therefore lead to public addresses over https, unless the environment of the process allows more.
"""

from dataclasses import dataclass

from app.addresses import Address, Network, is_in, is_public, read_literal, unwrap
from app.upstream.origins import Origin

_SETTING = "SEEDGATE_CHANNEL_ALLOW"


class DestinationError(ValueError):
    """No upstream call may be made to this server; the text says why, without a full stop."""


@dataclass(frozen=True)
class DestinationRules:
    """The destinations that the environment of the process allows in addition to public https.

    Attributes:
        named: origins that the environment names for the channel ``default``, at any address.
        hosts: names from ``SEEDGATE_CHANNEL_ALLOW``, in lower case, on any port, with http or https, at any address.
        networks: networks from ``SEEDGATE_CHANNEL_ALLOW``. A URL with a literal address of theirs may use http; a name
            that resolves to one needs https, because it may resolve to a different address later.
    """

    named: frozenset[Origin] = frozenset()
    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def check(self, origin: Origin) -> None:
        """Checks an origin without resolving its name.

        Raises:
            DestinationError: no call may be made to it.
        """
        if self.is_trusted(origin):
            return
        address = read_literal(origin.host)
        if address is not None and is_in(unwrap(address), self.networks):
            return
        if address is not None and not is_public(address):
            raise DestinationError(f"its address is not on the public internet and not allowed by {_SETTING}")
        if not origin.is_tls:
            raise DestinationError(f"it must begin with https://, unless {_SETTING} allows its host")

    def is_trusted(self, origin: Origin) -> bool:
        """Whether an origin may be called at any address."""
        return origin in self.named or origin.host in self.hosts

    def is_allowed(self, address: Address) -> bool:
        """Whether a connection to an address may be opened for an origin that is not trusted."""
        return is_public(address) or is_in(unwrap(address), self.networks)
