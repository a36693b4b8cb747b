"""Schemas of ``whoami``."""

from datetime import datetime

from pydantic import BaseModel, Field


class CallerTenant(BaseModel):
    """The caller's tenant."""

    id: str
    name: str


class CallerKey(BaseModel):
    """The caller's API key, without its secret."""

    id: str
    name: str
    public_part: str
    expires_at: datetime | None = Field(
        description="when the key stops: at its expiry or at the end of the grace after a rotation"
    )


class CallerLimit(BaseModel):
    """A limit on the caller's requests, and what is left of it."""

    limit: int
    window_seconds: int
    left: int
    resets_in_seconds: int


class CallerView(BaseModel):
    """The caller and its rights; null lists allow everything."""

    tenant: CallerTenant
    key: CallerKey
    allowed_models: list[str] | None
    allowed_channels: list[str] | None
    permissions: list[str]
    limits: dict[str, CallerLimit] = Field(description="by their names, such as `key-rpm`; empty: none")
