"""The configuration of a sandbox."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from app.sandbox.rate_limits import Limits

DEFAULT_PORT = 8090
MIN_TIME_SCALE = 0.001


@dataclass(frozen=True, slots=True)
class Account:
    """One main account of the emulated upstream; accounts are isolated from each other.

    Attributes:
        name: for the ledger and for scripted faults; never on the wire.
        api_key: Bearer key of the data plane.
        access_key_id: access key id of the control plane.
        secret_access_key: its secret.
        session_token: when set, the key pair is temporary (STS) and requests need this ``X-Security-Token``.
    """

    name: str
    api_key: str = field(repr=False)
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


DEFAULT_ACCOUNT = Account(
    name="default",
    api_key="sandbox-ark-key",
    access_key_id="AKSANDBOX0000000000000000",
    secret_access_key="sandbox-secret-access-key",  # noqa: S106 - opens nothing but a sandbox
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """The settings of one sandbox.

    Attributes:
        accounts: the accounts it serves.
        region: ``cn-…`` serves the Chinese model ids, any other region those of BytePlus; also the signing region.
        time_scale: sandbox seconds of queueing, rendering and asset processing per real second, at least 0.001.
            Timestamps, URL lifetimes and expiry are not scaled; ``/_sandbox/clock`` can advance them.
        clock: returns the time, UTC-aware.
        monotonic: returns seconds, for the rate limits.
        video_url_seconds: lifetime of the URLs of a finished task. Upstream it is 24 hours; ``dev`` uses the 7 days
            during which the task can be read, so that yesterday's demo still plays.
        public_url: origin of the URLs that the sandbox returns; ``SandboxServer`` replaces it by its own.
        limits: rate limits and quotas; None for none.
        consistency_delay_seconds: how long a new asset is invisible to GetAsset, ListAssets and create-task.
        token_ttl_seconds: lifetime of a face verification's BytedToken.
        callback_timeout_seconds: for one delivery of a callback.
        callback_retry_seconds: between two deliveries of a final state.
        endpoints: ``ep-…`` ids and the dated model id behind each.
        projects: existing project names; None accepts every name.
        ledger_requests: how many requests the ledger keeps.
    """

    accounts: tuple[Account, ...] = (DEFAULT_ACCOUNT,)
    region: str = "cn-beijing"
    time_scale: float = 1.0
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    monotonic: Callable[[], float] = monotonic
    video_url_seconds: int = 24 * 3600
    public_url: str = f"http://127.0.0.1:{DEFAULT_PORT}"
    limits: Limits | None = field(default_factory=Limits)
    consistency_delay_seconds: float = 0.0
    token_ttl_seconds: float = 1800.0
    callback_timeout_seconds: float = 5.0
    callback_retry_seconds: float = 1.0
    endpoints: Mapping[str, str] = field(default_factory=dict)
    projects: frozenset[str] | None = None
    ledger_requests: int = 200_000

    def __post_init__(self) -> None:
        if self.time_scale < MIN_TIME_SCALE:
            raise ValueError(f"the time scale is at least {MIN_TIME_SCALE}")
