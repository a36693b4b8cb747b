"""The names of the settings, and the refusal of misspelt ones. Imports nothing that costs time.

The operator's commands need the names without the settings, whose import takes as long as a whole command may.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

PREFIX = "SEEDGATE_"

SETTINGS = (
    "secrets_dir",
    "database_url",
    "database_host",
    "database_port",
    "database_user",
    "database_password",
    "database_name",
    "data_dir",
    "pg_bin",
    "pg_user",
    "db_pool_size",
    "admin_token",
    "secret_key",
    "ark_base_url",
    "ark_api_key",
    "ark_exclusive",
    "openapi_url",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "region",
    "channel_allow",
    "max_body_bytes",
    "body_budget_bytes",
    "max_connections",
    "models",
    "trusted_proxies",
    "cors_origins",
    "upstream_max_connections",
    "upstream_connect_timeout_seconds",
    "upstream_read_timeout_seconds",
    "create_read_timeout_seconds",
    "upstream_max_response_bytes",
    "egress_proxy",
    "ca_bundle",
    "drain_seconds",
    "background",
    "console",
    "log_level",
    "log_format",
    "public_url",
    "callback_allow",
    "unknown_grace_seconds",
    "retention_days",
    "metrics_port",
    "operator_webhook",
    "archive_url",
    "archive_endpoint",
    "archive_region",
    "archive_access_key_id",
    "archive_secret_access_key",
    "archive_public_endpoint",
    "archive_link_seconds",
    "video_content",
    "redis_url",
    "queue",
)
"""The fields of ``app.settings.Settings``, in its order, as a test checks."""

_OTHER_PREFIXES = ("SEEDGATE_PORT_", "SEEDGATE_SERVICE_")
_OTHERS = ("SEEDGATE_URL", "SEEDGATE_API_KEY", "SEEDGATE_WEBHOOK_SECRET", "SEEDGATE_PORT")
"""Variables of users' programs and of compose, which are no settings."""

_OF_KUBERNETES = re.compile(
    r"SEEDGATE_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP|SCTP)(_.*)?)", re.ASCII
)
_LINK = re.compile(r"(tcp|udp|sctp)://.*")
"""Kubernetes sets such variables for a service ``seedgate`` or ``seedgate-…``, and ``…_PORT`` to such a value."""


def variable(field: str) -> str:
    """Returns the name of the environment variable of a setting."""
    return f"{PREFIX}{field.upper()}"


def is_kubernetes_link(value: str) -> bool:
    """Returns whether a value is one that Kubernetes gives a variable ``…_PORT``."""
    return bool(_LINK.fullmatch(value))


def unknown_names(variables: Iterable[tuple[str, str | None]]) -> Mapping[str, str]:
    """Returns the names that look like settings but are none, each with a hint at a similar one, or an empty string.

    A variable without a value counts as unset.
    """
    known = [*map(variable, SETTINGS), *_OTHERS]
    filled = {name.upper(): value for name, value in variables if value}
    unknown = {
        name
        for name, value in filled.items()
        if name.startswith(PREFIX)
        and name not in known
        and not name.startswith(_OTHER_PREFIXES)
        and not _is_of_kubernetes(name, value)
    }
    return {name: _hint(name, known) for name in sorted(unknown)}


def refusals(variables: Iterable[tuple[str, str | None]]) -> list[str]:
    """Returns a line for each name that looks like a setting but is none."""
    return [f"{name} is no setting{hint}" for name, hint in unknown_names(variables).items()]


def _is_of_kubernetes(name: str, value: str) -> bool:
    return bool(_OF_KUBERNETES.fullmatch(name) or (name.endswith("_PORT") and is_kubernetes_link(value)))


def _hint(name: str, known: list[str]) -> str:
    # Without the prefix, which would make all names similar.
    nearest = get_close_matches(name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in known], n=1)
    return f"; did you mean {PREFIX}{nearest[0]}?" if nearest else ""
