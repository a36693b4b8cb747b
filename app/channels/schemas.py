"""Channels in requests and responses of the admin API. Secrets are accepted and never returned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from app.channels.channel import Correlate
from app.channels.circuit_breaker import BreakerReason, reason_of
from app.channels.media_hosts import check_media_host
from app.channels.models import ChannelFaultRow, ChannelHealthRow, ChannelRow
from app.channels.rules import DEFAULT_REGION, check_ark_base_url, check_name, check_openapi_url, check_secret
from app.http.schemas import RequestModel, RowView, drop_defaults

DEFAULT_ARK_BASE_URL = "https://ark.cn-beijing.volces.com/api/v3"
DEFAULT_OPENAPI_URL = "https://open.volcengineapi.com"


def _check_secret(secret: SecretStr) -> SecretStr:
    check_secret(secret.get_secret_value())
    return secret


def _default_projects() -> list[str]:
    return ["default"]


# The length apart from the pattern: 64 repetitions of a class of Unicode took 4 MB of each process when compiled.
_Name = Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=64), AfterValidator(check_name)]
_ArkUrl = Annotated[str, AfterValidator(check_ark_base_url)]
_OpenApiUrl = Annotated[str, AfterValidator(check_openapi_url)]
_Secret = Annotated[SecretStr, Field(min_length=1, max_length=8192), AfterValidator(_check_secret)]
_Region = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
_ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
_MediaHost = Annotated[str, Field(min_length=1, max_length=260), AfterValidator(check_media_host)]
_Project = Annotated[str, Field(pattern=r"^\S{1,64}$")]


class ChannelSettings(RequestModel):
    """The settings of a channel, without its name.

    Attributes:
        ark_base_url: the base URL of the data plane, up to and including the API version.
        ark_api_key: its Bearer key; without it the channel has no video tasks.
        openapi_url: the URL of the control plane.
        access_key_id: public half of its key pair; without the pair the channel has no Assets.
        secret_access_key: secret half of the pair; the two are set or cleared together.
        session_token: the session token of a temporary (STS) pair; a new pair without one clears it.
        region: the region of the account: requests to the control plane are signed for it, and a model's ``regions``
            say whether it is served there and under which id.
        exclusive: only this gateway uses the account, so unowned objects found there may be attributed to it.
        correlate: ``safety_identifier`` sends a random tag in that field when the client sent none, by which a task of
            unknown outcome is recognised.
        models: public model name or alias → upstream id that this channel uses instead of the catalog's.
        projects: the account's projects that tenants may use; the first is the default.
        media_hosts: the servers from which clips may be fetched into the archive: ``host`` or ``*.domain``, with a
            ``:port`` where it is not the scheme's; none: the upstream's own.
        priority: channels of a higher priority are tried first.
        weight: share of the first tries among channels of equal priority.
        status: ``suspended`` channels take nothing new, and their tasks are not polled.
    """

    ark_base_url: _ArkUrl = DEFAULT_ARK_BASE_URL
    ark_api_key: _Secret | None = None
    openapi_url: _OpenApiUrl = DEFAULT_OPENAPI_URL
    access_key_id: _Secret | None = None
    secret_access_key: _Secret | None = None
    session_token: _Secret | None = None
    region: _Region = DEFAULT_REGION
    exclusive: bool = False
    correlate: Correlate = "off"
    models: Annotated[dict[_ModelName, _ModelName], Field(max_length=1000, default_factory=dict)]
    projects: Annotated[list[_Project], Field(min_length=1, max_length=100, default_factory=_default_projects)]
    media_hosts: Annotated[list[_MediaHost], Field(max_length=100, default_factory=list)]
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    status: Literal["active", "suspended"] = "active"


class ChannelCreate(ChannelSettings):
    """A new channel."""

    name: _Name


class ChannelPatch(ChannelSettings):
    """A change: members that are not sent keep their value; null clears a secret."""

    model_config = ConfigDict(json_schema_extra=drop_defaults)

    # Like the other defaults, it is not used: ``sent`` returns only the members that were sent.
    name: _Name = ""


@dataclass(frozen=True)
class ChannelHealth:
    """The state of a channel's circuit breaker, its recent refusals, and how much of its call rates is used.

    Attributes:
        breaker: None when it never had an unknown outcome.
        faults: newest first.
        rates_used: the share of each bucket that is used, from 0 to 1, by the class of calls.
    """

    breaker: ChannelHealthRow | None
    faults: Sequence[ChannelFaultRow]
    rates_used: Mapping[str, float]


class FaultView(RowView):
    """Recent refusals of one operation with one code; ``message`` is the upstream's."""

    operation: str
    status: int
    code: str
    message: str
    first_at: datetime
    last_at: datetime
    times: int


class HealthView(RowView):
    """The state of a channel's circuit breaker, its recent refusals, and how much of its call rates is used."""

    is_breaker_open: bool
    breaker_opened_at: datetime | None
    breaker_reason: BreakerReason | None = Field(
        description="`unknown_outcomes`: five creates in a row; `not_the_upstream`: what its URL leads to"
    )
    unknown_outcomes: int = Field(description="creates of unknown outcome in a row")
    rates_used: dict[str, float] = Field(
        description="by class of calls, which share of the account's call rate is used at this moment, from 0 to 1"
    )
    faults: list[FaultView]

    @classmethod
    def of_health(cls, health: ChannelHealth) -> Self:
        """Returns the view of a channel's health."""
        breaker = health.breaker
        opened_at = None if breaker is None else breaker.opened_at
        unknowns = 0 if breaker is None else breaker.unknowns
        return cls(
            is_breaker_open=opened_at is not None,
            breaker_opened_at=opened_at,
            breaker_reason=None if opened_at is None else reason_of(unknowns),
            unknown_outcomes=unknowns,
            rates_used=dict(health.rates_used),
            faults=[FaultView.of(fault) for fault in health.faults],
        )


class ChannelView(RowView):
    """A channel as the admin API shows it; of its secrets only whether they are set."""

    id: str
    name: str
    ark_base_url: str
    openapi_url: str
    region: str
    exclusive: bool
    correlate: str
    models: dict[str, str]
    projects: list[str]
    media_hosts: list[str]
    priority: int
    weight: int
    status: str
    status_reason: str | None
    has_ark_api_key: bool
    has_access_key: bool
    has_session_token: bool
    health: HealthView
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of_row(cls, row: ChannelRow, health: ChannelHealth) -> Self:
        """Returns the view of a row."""
        return cls.of(
            row,
            has_ark_api_key=row.ark_api_key_sealed is not None,
            has_access_key=row.access_key_id_sealed is not None,
            has_session_token=row.session_token_sealed is not None,
            health=HealthView.of_health(health),
        )


class PlaneCheckView(RowView):
    """The result of checking one plane of an upstream account."""

    ok: bool
    detail: str
    is_throttled: bool = Field(description="the upstream throttles the account, so the credentials were not checked")


class ChannelCheckView(BaseModel):
    """The results of checking both planes of an upstream account."""

    ark: PlaneCheckView
    openapi: PlaneCheckView
