"""Face verification sessions: from CreateVisualValidateSession over the H5 page to a LivenessFace group.

Source: reference ``upstream.md`` §5.5.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from app.sandbox.assets import LIVENESS_FACE, AssetStore
from app.sandbox.clock import SandboxClock
from app.sandbox.config import Account
from app.sandbox.errors import RefusedError
from app.sandbox.ids import new_byted_token
from app.sandbox.state_file import Save

SUCCESS_CODE = 10000
FAILURE_CODE = 10001
"""Any other code than 10000 is a failure; the upstream's table is not public."""


@dataclass(slots=True, kw_only=True)
class FaceSession:
    """One verification.

    Attributes:
        token: BytedToken.
        account: who asked for it.
        callback_url: where the person's browser goes afterwards.
        project: of the group to come.
        created_at: UTC.
        expires_at: end of the token's life.
        result_code: what the page decided, None while open.
        group_id: of the LivenessFace group that a success made.
    """

    KIND: ClassVar = "face_session"

    token: str
    account: Account
    callback_url: str
    project: str
    created_at: datetime
    expires_at: datetime
    result_code: int | None = None
    group_id: str | None = None

    @property
    def id(self) -> str:
        """Its token."""
        return self.token


class FaceSessions:
    """All verification sessions.

    Args:
        clock: the sandbox's time.
        assets: where the groups come to live.
        ttl_seconds: returns the life of a new token.
        save: keeps what changed.
    """

    def __init__(self, clock: SandboxClock, assets: AssetStore, ttl_seconds: Callable[[], float], save: Save) -> None:
        self.by_token: dict[str, FaceSession] = {}
        self._clock = clock
        self._assets = assets
        self._ttl_seconds = ttl_seconds
        self._save = save

    def open(self, account: Account, *, callback_url: str, project: str) -> FaceSession:
        """Starts a session and returns it."""
        now = self._clock.now()
        session = FaceSession(
            token=new_byted_token(now),
            account=account,
            callback_url=callback_url,
            project=project,
            created_at=now,
            expires_at=now + timedelta(seconds=self._ttl_seconds()),
        )
        self.by_token[session.token] = session
        self._save(session)
        return session

    def find_open(self, token: str) -> FaceSession | None:
        """Returns the session that the page may still decide, or None: unknown, expired, or used already."""
        session = self.by_token.get(token)
        if session is None or session.result_code is not None or self._clock.now() >= session.expires_at:
            return None
        return session

    def decide(self, session: FaceSession, *, is_passed: bool) -> None:
        """Writes what the page found and, on success, makes the person's group; the link is used up."""
        session.result_code = SUCCESS_CODE if is_passed else FAILURE_CODE
        if is_passed:
            group = self._assets.add_group(
                session.account, name="", description="", type_=LIVENESS_FACE, project=session.project
            )
            session.group_id = group.id
        self._save(session)

    def result(self, account: Account, token: str, project: str | None = None) -> str:
        """Returns the LivenessFace group's id; asked again, the same one.

        Args:
            account: the caller.
            token: BytedToken.
            project: must be the session's; None matches any.

        Raises:
            RefusedError: 404 ``NotFound.BytedToken``: unknown, another account's, not finished, failed or expired,
                which the upstream does not tell apart.
        """
        session = self.by_token.get(token)
        if session is None or session.account != account or project not in (None, session.project):
            raise _not_found()
        if session.group_id is None or self._clock.now() >= session.expires_at:
            raise _not_found()
        return session.group_id


def _not_found() -> RefusedError:
    return RefusedError("NotFound.BytedToken", "The specified BytedToken is not found.")
