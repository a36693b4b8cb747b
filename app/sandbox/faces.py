"""Face verification sessions, from CreateVisualValidateSession to the LivenessFace group.

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
"""Every code except 10000 is a failure; the upstream's table is not public."""


@dataclass(slots=True, kw_only=True)
class FaceSession:
    """One verification.

    Attributes:
        token: BytedToken.
        account: the owner.
        callback_url: where the page redirects to.
        project: the project of the group.
        created_at: UTC.
        expires_at: when the token expires.
        result_code: result of the page; None while it is pending.
        group_id: the id of the LivenessFace group; None unless the verification succeeded.
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
        """The token."""
        return self.token


class FaceSessions:
    """All verification sessions.

    Args:
        clock: the sandbox's clock.
        assets: gets the groups.
        ttl_seconds: returns the lifetime of a new token.
        save: persists changes.
    """

    def __init__(self, clock: SandboxClock, assets: AssetStore, ttl_seconds: Callable[[], float], save: Save) -> None:
        self.by_token: dict[str, FaceSession] = {}
        self._clock = clock
        self._assets = assets
        self._ttl_seconds = ttl_seconds
        self._save = save

    def open(self, account: Account, *, callback_url: str, project: str) -> FaceSession:
        """Creates a session."""
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
        """Returns a pending session; None when the token is unknown, expired or used."""
        session = self.by_token.get(token)
        if session is None or session.result_code is not None or self._clock.now() >= session.expires_at:
            return None
        return session

    def finish(self, session: FaceSession, *, is_passed: bool) -> None:
        """Stores the result and, on success, creates the person's group."""
        session.result_code = SUCCESS_CODE if is_passed else FAILURE_CODE
        if is_passed:
            group = self._assets.add_group(
                session.account, name="", description="", type_=LIVENESS_FACE, project=session.project
            )
            session.group_id = group.id
        self._save(session)

    def result(self, account: Account, token: str, project: str | None = None) -> str:
        """Returns the id of the LivenessFace group.

        Args:
            account: the caller.
            token: BytedToken.
            project: must be the session's; None matches any.

        Raises:
            RefusedError: 404 ``NotFound.BytedToken``, for a token that is unknown, expired or of another account, and
                for a verification that is pending or failed; the upstream does not distinguish them.
        """
        session = self.by_token.get(token)
        if session is None or session.account != account or project not in (None, session.project):
            raise _not_found()
        if session.group_id is None or self._clock.now() >= session.expires_at:
            raise _not_found()
        return session.group_id


def _not_found() -> RefusedError:
    return RefusedError("NotFound.BytedToken", "The specified BytedToken is not found.")
