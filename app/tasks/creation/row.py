"""The row of a new task, as it is committed before the upstream is called. Pure."""

from datetime import datetime
from typing import Any

from app.catalog.model_index import upstream_id_on
from app.catalog.model_spec import ModelSpec
from app.channels.channel import Channel
from app.create_parameters import PARAMETERS
from app.creates.retry_dedup import RequestFingerprint
from app.ids import new_spare_task_id
from app.tasks.correlation import hash_of
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.validation.create import CheckedCreate

_DEFAULT_TIER = PARAMETERS["service_tier"].default
# The model and the URL have columns of their own; the content is never stored.
_STORED_PARAMETERS = frozenset(PARAMETERS) - {"model", "content", "callback_url"}
_MAX_STORED_LENGTH = 256


def new_row(
    checked: CheckedCreate,
    channel: Channel,
    fingerprint: RequestFingerprint,
    *,
    token: str,
    instance_id: str,
    now: datetime,
) -> TaskRow:
    """Returns the row of a task in state ``submitting``, under a spare id of ours.

    Args:
        checked: the request.
        channel: the first one that is asked.
        fingerprint: of the request.
        token: of the create's callback URL.
        instance_id: of this process.
        now: the present moment.
    """
    key = fingerprint.idempotency_key
    return TaskRow(
        tenant_id=fingerprint.tenant_id,
        id=new_spare_task_id(now),
        key_id=fingerprint.key_id,
        channel_id=channel.id,
        model=checked.model.name,
        upstream_model=upstream_model(checked.model, channel),
        service_tier=checked.fields.get("service_tier", _DEFAULT_TIER),
        status=TaskStatus.SUBMITTING.value,
        parameters={name: value for name, value in checked.fields.items() if _is_stored(name, value)},
        request_hash=fingerprint.body_hash,
        idempotency_key=None if key is None else key.text,
        instance_id=instance_id,
        callback_token_hash=hash_of(token),
        callback_url=checked.callback_url,
        is_spare_id_public=False,
        created_at=now,
        updated_at=now,
        sent_at=now,
    )


def upstream_model(spec: ModelSpec, channel: Channel) -> str:
    """Returns the ``model`` that a channel is sent; the channels of a create all serve it."""
    return upstream_id_on(channel, spec) or spec.upstream_id


def _is_stored(name: str, value: Any) -> bool:
    """Says whether a parameter is known and short; an unknown one may be megabytes long."""
    if isinstance(value, str):
        return name in _STORED_PARAMETERS and len(value) <= _MAX_STORED_LENGTH
    return name in _STORED_PARAMETERS and isinstance(value, bool | int | float)
