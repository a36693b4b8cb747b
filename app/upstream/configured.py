"""The client and the destinations of upstream calls, as the settings describe them."""

from app.settings import Settings, naming
from app.upstream.destinations import DestinationRules
from app.upstream.http.client import HttpClient, Timeouts, open_http_client
from app.upstream.origins import parse_origin


def open_http(settings: Settings, destinations: DestinationRules) -> HttpClient:
    """Returns the HTTP client for upstream calls; the caller closes it.

    Raises:
        SettingError: the proxy is not valid, or the CA bundle cannot be read.
    """
    proxy = settings.egress_proxy
    with naming("EGRESS_PROXY or SEEDGATE_CA_BUNDLE"):
        return open_http_client(
            destinations=destinations,
            max_connections=settings.upstream_max_connections,
            timeouts=Timeouts(
                connect_seconds=settings.upstream_connect_timeout_seconds,
                read_seconds=settings.upstream_read_timeout_seconds,
            ),
            proxy=proxy.get_secret_value() if proxy is not None else None,
            ca_bundle=str(settings.ca_bundle) if settings.ca_bundle is not None else None,
            max_response_bytes=settings.upstream_max_response_bytes,
        )


def destination_rules(settings: Settings) -> DestinationRules:
    """Returns the servers that channels may lead to: public https, and those that the environment names or allows.

    Raises:
        SettingError: a URL of the channel ``default`` is not valid.
    """
    named = set()
    for name in ("ark_base_url", "openapi_url"):
        with naming(name.upper()):
            named.add(parse_origin(getattr(settings, name)))
    return DestinationRules(
        named=frozenset(named),
        hosts=frozenset(entry for entry in settings.channel_allow if isinstance(entry, str)),
        networks=tuple(entry for entry in settings.channel_allow if not isinstance(entry, str)),
    )
