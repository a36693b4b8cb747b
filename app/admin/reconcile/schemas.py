"""Schemas of upstream objects without an owner.

``GET /admin/v1/reconcile`` answers one JSON object a line: ``Line``, and at last ``End``.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from app.http.schemas import RequestModel

_MAX_ADOPTED = 100
_UpstreamId = Annotated[str, Field(min_length=1, max_length=128)]


class FoundObject(BaseModel):
    """An upstream task, group or asset that has no row, not even a deleted one."""

    type: Literal["object"] = "object"
    kind: str = Field(description="`task`, `group` or `asset`")
    upstream_id: str
    channel_id: str
    channel_name: str
    created_at: datetime | None = Field(description="on the upstream's clock")
    status: str | None = Field(description="the upstream's word; null for a group")
    model: str | None = Field(default=None, description="of a task, as the upstream calls it")
    service_tier: str | None = Field(default=None, description="of a task")
    total_tokens: int | None = Field(default=None, description="what is billed for a task, once that is known")
    name: str | None = Field(default=None, description="of a group or asset")
    group_id: str | None = Field(default=None, description="of an asset")
    is_in_flight: bool = Field(description="a create that is under way at this moment may have made it: ask again")
    is_ours: Literal[True] | None = Field(description="null: another program on the account may have made it")
    likely_tenant: str | None = Field(description="the tenant that the evidence names, if this gateway made it")
    evidence: str | None = Field(description="why, in a few words")
    possible_tasks: list[str] = Field(
        default=[], description="our own ids of the open or ended creates that may have made a task, at most a hundred"
    )


class Progress(BaseModel):
    """Sent while a list is being read."""

    type: Literal["progress"] = "progress"
    channel_name: str
    kind: str


class ListEnd(BaseModel):
    """The end of one list."""

    type: Literal["list"] = "list"
    kind: str
    channel_id: str
    channel_name: str
    since: datetime = Field(description="how far back it was read: the upstream keeps tasks for seven days")
    listed: int = Field(description="how many objects were made since then")
    unknown: int = Field(description="how many of them no row owns")
    is_complete: bool = Field(description="false: something may be missing")
    problem: str | None = Field(description="why")


class End(BaseModel):
    """The last line; without it the answer is incomplete."""

    type: Literal["end"] = "end"


Line = FoundObject | Progress | ListEnd


class Adopt(RequestModel):
    """Body of ``POST /tenants/{id}/adopt``: at least one id, and at most a hundred."""

    channel: str = Field(min_length=1, max_length=200, description="name or id of the channel that holds them")
    task_ids: list[_UpstreamId] = Field(default=[], description="upstream tasks that no row owns")
    group_ids: list[_UpstreamId] = Field(
        default=[], description="upstream groups, which bring their assets; of a group of the tenant's, what is missing"
    )

    @model_validator(mode="after")
    def _check_count(self) -> Self:
        if not 1 <= len(self.task_ids) + len(self.group_ids) <= _MAX_ADOPTED:
            raise ValueError(f"1 to {_MAX_ADOPTED} ids in `task_ids` and `group_ids` are needed")
        return self


class AdoptedView(BaseModel):
    """The outcome for one id."""

    kind: str = Field(description="`task` or `group`")
    upstream_id: str
    outcome: str = Field(
        description="`adopted`; `own`: it was the tenant's before; `owned`: another tenant owns it; `not_found`; "
        "`in_flight`: a create that is under way may have made it; `deleted`: the tenant has deleted it; `failed`"
    )
    detail: str | None = Field(
        default=None, description="why it failed; then nothing was changed except the listed assets"
    )
    asset_ids: list[str] = Field(default=[], description="the assets of a group that were given to the tenant")


class Adopted(BaseModel):
    """The outcome for each id, groups first."""

    data: list[AdoptedView]
