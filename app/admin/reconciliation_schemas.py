"""The lines that ``GET /admin/v1/reconcile`` answers, one JSON object each."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from app.channels.channel import Channel


class FoundObject(BaseModel):
    """A task, group or asset of the upstream's that no row owns, deleted rows included."""

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
        default=[], description="our own ids of the creates of unknown outcome that may have made a task"
    )


class Progress(BaseModel):
    """Says that a list is still being read."""

    type: Literal["progress"] = "progress"
    channel_name: str
    kind: str


class ListEnd(BaseModel):
    """How the reading of one list ended."""

    type: Literal["list"] = "list"
    kind: str
    channel_id: str
    channel_name: str
    since: datetime = Field(description="how far back it was read: the upstream keeps tasks for seven days")
    listed: int = Field(description="how many objects were made since then")
    unknown: int = Field(description="how many of them no row owns")
    is_complete: bool = Field(description="false: something may be missing")
    problem: str | None = Field(description="why")

    @classmethod
    def of(
        cls,
        channel: Channel,
        kind: str,
        since: datetime,
        *,
        is_complete: bool,
        problem: str | None,
        listed: int = 0,
        unknown: int = 0,
    ) -> Self:
        """Returns the end of a list of a channel."""
        return cls(
            kind=kind,
            channel_id=channel.id,
            channel_name=channel.name,
            since=since,
            listed=listed,
            unknown=unknown,
            is_complete=is_complete,
            problem=problem,
        )


class End(BaseModel):
    """The last line; an answer without it broke off."""

    type: Literal["end"] = "end"


Line = FoundObject | Progress | ListEnd
