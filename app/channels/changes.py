"""Changes of a channel: planned from the row as it was read, verified, then applied to the same row.

Verification asks the upstream with no transaction open; a plan therefore keeps the row that it was made for.

A secret is only sent to the origin that it was given for. When a URL moves to another origin, its secrets must be sent
again in the same request, or they are dropped.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from app.channels.channel import Channel, ChannelStatus, Plane
from app.channels.channel_secrets import SECRET_NAMES, URL_OF, ChannelSecrets, apply_secret, open_secrets, to_channel
from app.channels.models import ChannelRow
from app.channels.rules import check_rename, is_same_origin, planes_to_verify
from app.core.sealing import SealError, SecretBox, has_origin
from app.errors import ConflictError, InvalidParameterError, MissingParameterError
from app.upstream.origins import parse_origin

# The secret that each URL's plane needs first, and its name in messages.
_CREDENTIALS = {"ark_base_url": ("ark_api_key", "ark_api_key"), "openapi_url": ("access_key_id", "access key pair")}


@dataclass(frozen=True)
class ChannelChange:
    """A planned change.

    Attributes:
        seen: the row's columns when the change was planned.
        settings: columns with a new value, without ``status``.
        secrets: secrets with a new value, or sealed for their origin for the first time; None clears one.
        channel: the channel after the change.
        wanted_status: the status that the operator asks for, or None.
        planes: the planes that must answer for the channel to be active afterwards; None: it stays suspended.
        failure: why the channel must be suspended whatever the upstream answers, or None.
    """

    seen: dict[str, Any] = field(repr=False)
    settings: dict[str, Any]
    secrets: dict[str, str | None] = field(repr=False)
    channel: Channel
    wanted_status: str | None
    planes: frozenset[Plane] | None
    failure: str | None

    @property
    def names(self) -> list[str]:
        """The names of the changed settings and secrets, for the audit log."""
        return sorted([*self.settings, *self.secrets])

    @property
    def is_empty(self) -> bool:
        """Whether the row needs no change."""
        is_status_wanted = self.wanted_status in {None, self.seen["status"]} and (
            self.wanted_status is None or self.seen["status_reason"] is None
        )
        return not self.settings and not self.secrets and is_status_wanted


def plan_change(box: SecretBox, row: ChannelRow, sent: dict[str, Any]) -> ChannelChange:
    """Plans the change of a channel.

    Args:
        box: opens the channel's secrets.
        row: the channel, detached from its session: the plan writes to it.
        sent: members of a ``ChannelPatch``.

    Raises:
        MissingParameterError: 400, one half of a key pair without the other, or a credential without its URL while the
            stored URL leads to no server.
        InvalidParameterError: 400, a session token without a key pair, or a new name for the channel ``default``.
    """
    seen = columns_of(row)
    _check_urls_of(sent, seen)
    try:
        check_rename(row.name, sent.get("name", row.name))
    except ValueError as error:
        raise InvalidParameterError("name", f"The parameter `name` is not valid: {error}.") from None
    try:
        old = open_secrets(box, row)
    except SealError:
        old = None  # secrets sealed with a lost key can only be replaced
    before = to_channel(row, old or ChannelSecrets())
    moved = _moved_urls(seen, sent)
    staying = {name: getattr(old, name) for name in SECRET_NAMES if old is not None and URL_OF[name] not in moved}
    new = merge_secrets(ChannelSecrets(**staying), sent)
    wanted_status = sent.get("status")
    settings = {
        name: value
        for name, value in sent.items()
        if name != "status" and name not in SECRET_NAMES and value != seen[name]
    }
    for name, value in settings.items():
        setattr(row, name, value)
    after = to_channel(row, new)
    return ChannelChange(
        seen=seen,
        settings=settings,
        secrets=_secrets_to_write(old, new, sent, seen, moved),
        channel=after,
        wanted_status=wanted_status,
        planes=planes_to_verify(before, after, wanted_status=wanted_status),
        failure=_describe_loss(seen, sent, moved),
    )


def check_not_moved(sent: dict[str, Any], *, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuses credentials sent without a URL if the URL has moved to another origin since the request arrived.

    They were meant for the origin that the channel had then.

    Raises:
        ConflictError: 409, a concurrent request moved the URL.
    """
    for name, url in URL_OF.items():
        has_moved = before[url] != now[url] and not is_same_origin(before[url], now[url])
        if has_moved and sent.get(name) is not None and url not in sent:
            raise ConflictError("Conflict", f"The channel's {url} was changed meanwhile. Please look at it first.")


def apply_change(box: SecretBox, row: ChannelRow, change: ChannelChange, *, failure: str | None, now: datetime) -> None:
    """Writes a planned change.

    Args:
        box: seals the new secrets.
        row: the channel, locked in an open transaction and unchanged since the change was planned.
        change: the plan.
        failure: why the channel must be suspended, or None.
        now: the present moment.
    """
    for name, value in change.settings.items():
        setattr(row, name, value)
    for name, secret in change.secrets.items():
        apply_secret(box, row, name, secret)
    if change.planes is None:
        row.status_reason = None if change.wanted_status == ChannelStatus.SUSPENDED else row.status_reason
        row.status = ChannelStatus.SUSPENDED.value
    else:
        row.status = (ChannelStatus.ACTIVE if failure is None else ChannelStatus.SUSPENDED).value
        row.status_reason = failure
    row.updated_at = now


def columns_of(row: ChannelRow) -> dict[str, Any]:
    """Returns every column of a row."""
    return {column.key: getattr(row, column.key) for column in ChannelRow.__table__.columns}


def merge_secrets(old: ChannelSecrets, sent: dict[str, Any]) -> ChannelSecrets:
    """Returns the secrets after a change. A key pair is set or cleared as a whole, which clears its session token.

    Raises:
        MissingParameterError: 400, one half of a key pair without the other.
        InvalidParameterError: 400, a session token without a key pair.
    """
    merged = asdict(old)
    if "access_key_id" in sent or "secret_access_key" in sent:
        _check_pair(sent)
        merged["session_token"] = None
    for name in SECRET_NAMES:
        if name in sent:
            secret: SecretStr | None = sent[name]
            merged[name] = secret.get_secret_value() if secret is not None else None
    if merged["session_token"] is not None and merged["access_key_id"] is None:
        raise InvalidParameterError("session_token", "The parameter `session_token` belongs to an access key pair.")
    return ChannelSecrets(**merged)


def _check_pair(sent: dict[str, Any]) -> None:
    has_id, has_secret = (sent.get(name) is not None for name in ("access_key_id", "secret_access_key"))
    is_complete = "access_key_id" in sent and "secret_access_key" in sent and has_id == has_secret
    if not is_complete:
        missing = "secret_access_key" if has_id or "secret_access_key" not in sent else "access_key_id"
        raise MissingParameterError(missing, "`access_key_id` and `secret_access_key` are set or cleared together.")


def _moved_urls(seen: dict[str, Any], sent: dict[str, Any]) -> set[str]:
    """Returns the names of the URLs that move to another origin."""
    return {url for url in _CREDENTIALS if url in sent and not is_same_origin(sent[url], seen[url])}


def _check_urls_of(sent: dict[str, Any], seen: dict[str, Any]) -> None:
    """Refuses a credential sent without its URL if the stored URL leads to no server.

    Raises:
        MissingParameterError: 400, that URL.
    """
    for name, url in URL_OF.items():
        if sent.get(name) is None or url in sent:
            continue
        try:
            parse_origin(seen[url])
        except ValueError as error:
            text = f"The channel's {url} leads to no server: {error}. Send `{url}` with `{name}`."
            raise MissingParameterError(url, text) from None


def _describe_loss(seen: dict[str, Any], sent: dict[str, Any], moved: set[str]) -> str | None:
    """Returns which credentials are dropped because their URL moves and they were not sent again, or None."""
    for url, (name, words) in _CREDENTIALS.items():
        if url in moved and seen[f"{name}_sealed"] is not None and name not in sent:
            return f"its {url} was changed to another origin without the {words}, which was dropped: send it again"
    return None


def _secrets_to_write(
    old: ChannelSecrets | None, new: ChannelSecrets, sent: dict[str, Any], seen: dict[str, Any], moved: set[str]
) -> dict[str, str | None]:
    """Returns the secrets that change, and those that have to be sealed again.

    These are sealed for the origin from which their URL moves, or were sent and are not sealed for an origin yet.
    """
    written = set(sent) | ({"session_token"} if "access_key_id" in sent else set())

    def is_written(name: str) -> bool:
        value, sealed = getattr(new, name), seen[f"{name}_sealed"]
        is_changed = name in written if old is None else value != getattr(old, name)
        is_moved = URL_OF[name] in moved and (value is not None or sealed is not None)
        is_unbound = sent.get(name) is not None and sealed is not None and not has_origin(sealed)
        return is_changed or is_moved or is_unbound

    return {name: getattr(new, name) for name in SECRET_NAMES if is_written(name)}
