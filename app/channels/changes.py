"""What a change of a channel comes to: planned on the row as it was read, verified, then written on the same row.

Between the two the upstream is asked, with no transaction open; so a plan remembers the row that it was made for.

A secret is only ever sent to the origin that it was given for. So when a URL moves to another origin, the secrets that
go there must come with it; those that do not are dropped.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from app.channels.accounts import to_channel
from app.channels.channel import Channel, ChannelStatus, Plane
from app.channels.models import ChannelRow
from app.channels.rules import check_rename, is_same_origin, planes_to_verify
from app.channels.sealing import SECRET_NAMES, URL_OF, ChannelSecrets, apply_secret, open_secrets
from app.crypto import SealError, SecretBox, has_origin
from app.errors import ConflictError, InvalidParameterError, MissingParameterError
from app.upstream.origins import parse_origin

# The secret by which each plane's absence is told, and what the operator calls it.
_CREDENTIALS = {"ark_base_url": ("ark_api_key", "ark_api_key"), "openapi_url": ("access_key_id", "access key pair")}


@dataclass(frozen=True)
class ChannelChange:
    """A planned change.

    Attributes:
        seen: the row's columns when the change was planned.
        settings: columns that get another value, ``status`` not among them.
        secrets: secrets that get another value, or are sealed for their origin for the first time; None clears one.
        channel: the channel with all that.
        wanted_status: what the operator asks for, or None.
        planes: what must still answer for the channel to be active afterwards; None: it stays suspended.
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
        """The names of what changes, for the audit log."""
        return sorted([*self.settings, *self.secrets])

    @property
    def is_empty(self) -> bool:
        """Whether the row is already as it is wanted."""
        is_status_wanted = self.wanted_status in {None, self.seen["status"]} and (
            self.wanted_status is None or self.seen["status_reason"] is None
        )
        return not self.settings and not self.secrets and is_status_wanted


def plan_change(box: SecretBox, row: ChannelRow, sent: dict[str, Any]) -> ChannelChange:
    """Works out what ``sent`` changes about a channel.

    Args:
        box: opens the secrets that the channel has.
        row: the channel, no longer part of a session: it is altered to see what it would become.
        sent: members of a ``ChannelPatch``.

    Raises:
        MissingParameterError: 400, one half of a key pair without the other, or a credential without its URL while the
            stored one leads to no server.
        InvalidParameterError: 400, a session token without a key pair, or another name for the channel ``default``.
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
        old = None  # what was sealed with a lost key can only be replaced
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
        secrets=_changed_secrets(old, new, sent) | _moved_secrets(seen, new, moved) | _unbound_secrets(seen, new, sent),
        channel=after,
        wanted_status=wanted_status,
        planes=planes_to_verify(before, after, wanted_status=wanted_status),
        failure=_loss(seen, sent, moved),
    )


def check_not_moved(sent: dict[str, Any], *, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuses credentials without a URL when the URL moved to another origin after they were first planned.

    They were meant for the origin that the channel had then.

    Args:
        sent: members of a ``ChannelPatch``.
        before: the row's columns when the change was planned first.
        now: its columns now.

    Raises:
        ConflictError: 409, another request moved the URL.
    """
    for name, url in URL_OF.items():
        has_moved = before[url] != now[url] and not is_same_origin(before[url], now[url])
        if has_moved and sent.get(name) is not None and url not in sent:
            raise ConflictError("Conflict", f"The channel's {url} was changed meanwhile. Please look at it first.")


def apply_change(box: SecretBox, row: ChannelRow, change: ChannelChange, *, failure: str | None, now: datetime) -> None:
    """Writes a planned change.

    Args:
        box: seals the new secrets.
        row: the channel, locked in an open transaction and still as it was when the change was planned.
        change: what to write.
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
    """Returns the secrets after a change: a key pair comes and goes as a pair, and takes its session token along.

    Raises:
        MissingParameterError: 400, one half of a pair without the other.
        InvalidParameterError: 400, a session token without a pair.
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
        absent = "secret_access_key" if has_id or "secret_access_key" not in sent else "access_key_id"
        raise MissingParameterError(absent, "`access_key_id` and `secret_access_key` are set or cleared together.")


def _moved_urls(seen: dict[str, Any], sent: dict[str, Any]) -> set[str]:
    """Returns the names of the URLs that change to another origin."""
    return {url for url in _CREDENTIALS if url in sent and not is_same_origin(sent[url], seen[url])}


def _check_urls_of(sent: dict[str, Any], seen: dict[str, Any]) -> None:
    """Refuses a credential whose URL is not sent with it while the stored one leads to no server.

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


def _moved_secrets(seen: dict[str, Any], new: ChannelSecrets, moved: set[str]) -> dict[str, str | None]:
    """Returns the secrets to write because their URL moves; an equal one too, since it is sealed for the old origin."""
    names = [name for name in SECRET_NAMES if URL_OF[name] in moved]
    return {
        name: getattr(new, name)
        for name in names
        if getattr(new, name) is not None or seen[f"{name}_sealed"] is not None
    }


def _unbound_secrets(seen: dict[str, Any], new: ChannelSecrets, sent: dict[str, Any]) -> dict[str, str | None]:
    """Returns the secrets that are sent as they are stored, but are not sealed for an origin yet."""
    names = [name for name in SECRET_NAMES if sent.get(name) is not None]
    return {
        name: getattr(new, name)
        for name in names
        if (sealed := seen[f"{name}_sealed"]) is not None and not has_origin(sealed)
    }


def _loss(seen: dict[str, Any], sent: dict[str, Any], moved: set[str]) -> str | None:
    """Says which credentials are dropped because their URL moves and they were not sent with it."""
    for url, (name, words) in _CREDENTIALS.items():
        if url in moved and seen[f"{name}_sealed"] is not None and name not in sent:
            return f"its {url} was changed to another origin without the {words}, which was dropped: send it again"
    return None


def _changed_secrets(old: ChannelSecrets | None, new: ChannelSecrets, sent: dict[str, Any]) -> dict[str, str | None]:
    if old is not None:
        return {name: getattr(new, name) for name in SECRET_NAMES if getattr(new, name) != getattr(old, name)}
    written = {name for name in SECRET_NAMES if name in sent}
    if "access_key_id" in sent:
        written.add("session_token")
    return {name: getattr(new, name) for name in SECRET_NAMES if name in written}
