"""What signs in, and what the page learns of its session."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.http.schemas import RequestModel

_MAX_TOKEN_LENGTH = 1024


class SignIn(RequestModel):
    """Body of ``POST /console/session``."""

    token: Annotated[str, Field(min_length=1, max_length=_MAX_TOKEN_LENGTH, repr=False)]


class SessionView(BaseModel):
    """Whose session it is; the members of the other kind are left out.

    Names are chosen freely: what tells one owner from another is ``admin_id`` (empty for the token of the environment)
    or ``key_id``.
    """

    kind: Literal["admin", "key"]
    name: str
    role: str | None = None
    admin_id: str | None = None
    tenant_id: str | None = None
    key_id: str | None = None
    permissions: list[str] | None = None
    expires_at: datetime
