"""Credentials for one upstream account, one class per plane."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ArkAccount:
    """How to reach the data plane (video tasks).

    Attributes:
        base_url: up to and including the API version, ``https://ark.cn-beijing.volces.com/api/v3``.
        api_key: the Bearer key; left out of ``repr``.
        channel_id: which channel it belongs to, for the log; empty when none.
    """

    base_url: str
    api_key: str = field(repr=False)
    channel_id: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never appear in a text."""
        return (self.api_key,)


@dataclass(frozen=True, slots=True)
class OpenApiAccount:
    """How to reach the control plane (Assets).

    Attributes:
        url: the entry, ``https://open.volcengineapi.com``; a path is kept.
        access_key_id: the public half of the key pair; no secret by itself, but nobody's business, so it is kept out
            of texts like one.
        secret_access_key: as issued, not decoded; left out of ``repr``.
        session_token: of temporary (STS) credentials, or None; left out of ``repr``.
        region: signing region, ``cn-beijing``.
        channel_id: which channel it belongs to, for the log; empty when none.
    """

    url: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str = "cn-beijing"
    channel_id: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never appear in a text."""
        both = (self.access_key_id, self.secret_access_key)
        return (*both, self.session_token) if self.session_token else both
