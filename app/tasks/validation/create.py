"""The rules of a create request: everything that can be said about it without asking anyone.

``check_create`` reads top to bottom as the list of rules. It is pure: it knows no database and no tenant; who
owns the assets and draft tasks that it finds is checked by its caller. ``to_upstream_body`` makes what is sent.
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
from app.tasks.validation.references import (
    DRAFT_TASK,
    AssetReference,
    DraftReference,
    find_references,
    with_drafts_renamed,
)
from app.webhooks.callback_url_policy import PUBLIC_ONLY, CallbackUrlError, CallbackUrlPolicy

_FIELDS = frozenset(PARAMETERS)
_PAYLOADS = (*MEDIA_PAYLOADS, DRAFT_TASK)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCreate:
    """A create request that keeps all the rules that can be checked without a database.

    Attributes:
        model: the model that it names.
        fields: the body, without what was null and with integers where the client wrote ``5.0``; otherwise as it
            came, in its order.
        asset_ids: the assets that it uses; each must be the tenant's own.
        draft_task_ids: the draft tasks that it finishes; each must be the tenant's own.
        callback_url: where the tenant wants to be told of changes, or None; never sent upstream.
    """

    model: ModelSpec
    fields: dict[str, Any]
    asset_ids: tuple[AssetReference, ...]
    draft_task_ids: tuple[DraftReference, ...]
    callback_url: str | None

    def rename_drafts(self, upstream_ids: Mapping[str, str]) -> None:
        """Puts the upstream's ids into ``fields`` where the client named drafts by ids of ours.

        Args:
            upstream_ids: of each draft, by the id that the client sent.
        """
        if any(draft_id != upstream_id for draft_id, upstream_id in upstream_ids.items()):
            self.fields.update(with_drafts_renamed(self.fields, upstream_ids))


def check_create(
    body: dict[str, Any], find_model: Callable[[str], ModelSpec | None], *, targets: CallbackUrlPolicy = PUBLIC_ONLY
) -> CheckedCreate:
    """Checks the body of ``POST …/tasks`` against every rule; the first one that it breaks is told.

    Args:
        body: the parsed body; it is not changed.
        find_model: returns the model that a client calls so, or None.
        targets: where a ``callback_url`` may lead.

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
        asset_ids=tuple(references.assets),
        draft_task_ids=tuple(references.drafts),
        callback_url=callback_url,
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
    """Returns the address in the one way that we write it. Where its name leads is checked when it is called."""
    if url is None:
        return None
    try:
        return targets.check(url).url
    except CallbackUrlError as error:
        raise not_valid("callback_url", str(error)) from None


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    """Drops nulls where the SDKs send them for "not set": at the top, in content items, their payloads and tools."""
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
