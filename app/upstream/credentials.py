"""Address and credentials of an upstream account, one class per plane."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ArkAccount:
    """The data plane (video tasks) of an account.

    Attributes:
        base_url: up to and including the API version, ``https://ark.cn-beijing.volces.com/api/v3``.
        api_key: the Bearer key; left out of ``repr``.
        channel_id: the account's channel, for the log; empty when it has none.
    """

    base_url: str
    api_key: str = field(repr=False)
    channel_id: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Strings to redact from any text."""
        return (self.api_key,)


@dataclass(frozen=True, slots=True)
class OpenApiAccount:
    """The control plane (Assets API) of an account.

    Attributes:
        url: the entry point, ``https://open.volcengineapi.com``; a path is kept.
        access_key_id: the public half of the key pair; redacted from texts like the secret half.
        secret_access_key: as issued, not decoded; left out of ``repr``.
        session_token: the session token of temporary (STS) credentials, or None; left out of ``repr``.
        region: signing region, ``cn-beijing``.
        channel_id: the account's channel, for the log; empty when it has none.
    """

    url: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str = "cn-beijing"
    channel_id: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Strings to redact from any text."""
        return tuple(filter(None, (self.access_key_id, self.secret_access_key, self.session_token)))
