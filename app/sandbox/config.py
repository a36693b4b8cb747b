"""What a sandbox is started with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from app.sandbox.rate_limits import Limits

DEFAULT_PORT = 8090
MIN_TIME_SCALE = 0.001


@dataclass(frozen=True, slots=True)
class Account:
    """One main account of the emulated upstream; accounts see nothing of each other.

    Attributes:
        name: for the ledger and for scripted faults; never on the wire.
        api_key: Bearer key of the data plane.
        access_key_id: the public half of the control plane's key pair.
        secret_access_key: the secret half.
        session_token: set, the pair counts as temporary (STS) and needs this ``X-Security-Token``.
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
    """How one sandbox behaves.

    Attributes:
        accounts: who may call.
        region: ``cn-…`` serves the Chinese model ids, any other region the BytePlus ones; also the signing region.
        time_scale: how many sandbox seconds of queueing, rendering and asset processing pass in a real one,
            0.001 at least.
            Timestamps, URL lifetimes and expiry follow the clock itself, which ``/_sandbox/clock`` can advance.
        clock: the time, UTC-aware.
        monotonic: seconds for the rate limits.
        video_url_seconds: life of the URLs of a finished task. The upstream's is 24 hours; those of ``dev`` live as
            long as the task can be read, so that a demo can be shown the next day.
        public_url: origin in the URLs that the sandbox hands out; a server on port 0 fills it in by itself.
        limits: None switches all rates and caps off.
        consistency_delay_seconds: so long a new asset is not found by GetAsset, ListAssets and create-task.
        token_ttl_seconds: life of a face verification's BytedToken.
        callback_timeout_seconds: how long a callback waits for its answer.
        callback_retry_seconds: pause between the deliveries of a final state.
        endpoints: ``ep-…`` ids and the dated model id that each serves.
        projects: known project names; None knows all.
        ledger_requests: how many requests the ledger remembers.
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
