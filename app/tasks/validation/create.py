"""Checks the body of a create, and makes the body that is sent upstream. Pure.

``check_create`` reads top to bottom as the list of rules. Its caller checks who owns the assets and draft tasks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.model_spec import ModelSpec
from app.create_parameters import PARAMETERS
from app.errors import MissingParameterError, ModelNotFoundError
from app.tasks.validation.confusables import check_member_names
from app.tasks.validation.content import check_content
from app.tasks.validation.errors import check_json_type, not_valid
from app.tasks.validation.media_urls import MEDIA_PAYLOADS
from app.tasks.validation.parameters import check_parameters
from app.tasks.validation.permissions import permissions_of
from app.tasks.validation.references import DRAFT_TASK, Reference, find_references, with_drafts_renamed
from app.tenants.permissions import Permission
from app.webhooks.callback_url_policy import PUBLIC_ONLY, CallbackUrlError, CallbackUrlPolicy

_FIELDS = frozenset(PARAMETERS)
_PAYLOADS = (*MEDIA_PAYLOADS, DRAFT_TASK)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCreate:
    """A create request that passed the checks.

    Attributes:
        model: the model that it names.
        fields: the body in its order, without nulls, and with integers where the client wrote ``5.0``.
        assets: the assets that it uses; the caller checks that they are the tenant's.
        drafts: the draft tasks that it finishes; the caller checks that they are the tenant's.
        callback_url: the tenant's URL for changes of the task, or None; never sent upstream.
        permissions: the permissions that its parameters need, each with the parameter that needs it.
    """

    model: ModelSpec
    fields: dict[str, Any]
    assets: tuple[Reference, ...]
    drafts: tuple[Reference, ...]
    callback_url: str | None
    permissions: Mapping[Permission, str]

    def rename_drafts(self, upstream_ids: Mapping[str, str]) -> None:
        """Replaces the ids of drafts that the client sent by the upstream's in ``fields``."""
        if any(draft_id != upstream_id for draft_id, upstream_id in upstream_ids.items()):
            self.fields.update(with_drafts_renamed(self.fields, upstream_ids))


def check_create(
    body: dict[str, Any], find_model: Callable[[str], ModelSpec | None], *, targets: CallbackUrlPolicy = PUBLIC_ONLY
) -> CheckedCreate:
    """Checks the body of ``POST …/tasks``; the error is of the first rule that it breaks.

    Raises:
        MissingParameterError: 400, ``model``, ``content`` or a part that its item needs is absent, null or empty.
        InvalidParameterError: 400, a value is wrong; the code ends in the top-level field, ``param`` is the path.
        ModelNotFoundError: 404, there is no such model.
    """
    fields = _without_nulls(body)
    check_member_names(fields, _FIELDS, "")
    model = _check_model(fields.get("model"), find_model)
    _check_content_present(fields.get("content"))
    mode = check_content(fields["content"], model)
    fields = check_parameters(fields, model, mode)
    callback_url = _check_callback_url(fields.get("callback_url"), targets)
    references = find_references(fields)
    return CheckedCreate(
        model=model,
        fields=fields,
        assets=tuple(references.assets),
        drafts=tuple(references.drafts),
        callback_url=callback_url,
        permissions=permissions_of(fields, model, is_final=bool(references.drafts)),
    )


def to_upstream_body(checked: CheckedCreate, upstream_model: str) -> dict[str, Any]:
    """Returns the body that the upstream is sent.

    That is the client's own, unknown fields included, but for three things: ``model`` is the upstream's id,
    ``callback_url`` stays here, and ``generate_audio``, when it is left out, has the model's own default, if the
    model has one. The latter is left alone for the final video of a draft, which takes the setting from the draft.
    """
    body = {name: value for name, value in checked.fields.items() if name != "callback_url"}
    body["model"] = upstream_model
    is_from_draft = any(item["type"] == DRAFT_TASK for item in body["content"])
    if checked.model.generate_audio_default is not None and not is_from_draft:
        body.setdefault("generate_audio", checked.model.generate_audio_default)
    return body


def _check_model(name: Any, find_model: Callable[[str], ModelSpec | None]) -> ModelSpec:
    if name is None or name == "":
        raise MissingParameterError("model")
    check_json_type(name, str, "model")
    model = find_model(name)
    if model is None:
        raise ModelNotFoundError(name)
    return model


def _check_content_present(content: Any) -> None:
    if content is None or content == []:
        raise MissingParameterError("content")
    check_json_type(content, list, "content")


def _check_callback_url(url: Any, targets: CallbackUrlPolicy) -> str | None:
    """Returns the URL in its normal form; where its host name leads is checked when it is called."""
    if url is None:
        return None
    try:
        return targets.check(url).url
    except CallbackUrlError as error:
        raise not_valid("callback_url", str(error)) from None


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    """Removes the nulls that SDKs send for "not set": of the body, content items, their payloads and tools."""
    fields = _drop_nulls(body)
    for name in ("content", "tools"):
        if isinstance(fields.get(name), list):
            fields[name] = [_item_without_nulls(item) for item in fields[name]]
    return fields


def _item_without_nulls(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    kept = _drop_nulls(item)
    for name in _PAYLOADS:
        if isinstance(kept.get(name), dict):
            kept[name] = _drop_nulls(kept[name])
    return kept


def _drop_nulls(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
