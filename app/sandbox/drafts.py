"""The final video of a draft: what its request may hold, and what it takes over from the draft. Pure.

Source: reference ``upstream.md`` §1.3 and §11.1; what is not known of the upstream is listed in ``docs/sandbox.md``.
"""

from typing import Any

from app.create_parameters import PARAMETERS, Kind, names_of_kind
from app.sandbox.catalog import VideoModel
from app.sandbox.content import Content, not_valid_for
from app.sandbox.errors import RefusedError, invalid
from app.sandbox.tasks import TaskPlan

_INHERITED = frozenset(
    {
        "content",
        "duration",
        "ratio",
        "seed",
        "generate_audio",
        "camera_fixed",
        "omni_reference_task_type",  # it belongs to the references
    }
)
_SETTABLE = frozenset(
    {
        "resolution",
        "watermark",
        "return_last_frame",
        "service_tier",
        "execution_expires_after",
        "callback_url",
        "priority",
        "safety_identifier",
        "output_format",
    }
)
_NOT_LOOKED_AT = frozenset(names_of_kind(Kind.ANY))
# The draft decides all the rest: by its own value, or by having none.
_DECIDED = PARAMETERS.keys() - _SETTABLE - _NOT_LOOKED_AT - {"model", "content"}
_MODE = "draft"


def check_model(model: VideoModel, model_of_draft: VideoModel) -> None:
    """Checks that a model makes final videos, and that of this draft.

    Raises:
        RefusedError: 400.
    """
    if not model.takes_drafts:
        raise RefusedError("InvalidParameter", not_valid_for("draft_task", model, _MODE), param="content")
    if model.id != model_of_draft.id:
        raise invalid("model", f"the draft task was made by model {model_of_draft.name}.")


def final_body(body: dict[str, Any], content: Content, draft: dict[str, Any], plan: TaskPlan) -> dict[str, Any]:
    """Returns the request that makes the final video: what the draft decides, and the settings of its own.

    Args:
        body: the request, without null members.
        content: its content.
        draft: the draft's own request.
        plan: the draft's plan, which says what the draft's request left to the upstream.

    Raises:
        RefusedError: 400, the request holds something that does not apply to a final video, or another value for
            what the draft decides.
    """
    model, decided = plan.model, plan.parameters
    if content.media or (content.has_text and model.generation == "2.5"):
        raise invalid("content", "draft_task content cannot be mixed with other content.")
    inherited = {name: draft[name] for name in _INHERITED & draft.keys()} | {"seed": decided.seed}
    shown = {"duration": decided.duration, "ratio": plan.ratio, "generate_audio": decided.generate_audio}
    for name in sorted(_DECIDED & body.keys()):
        if body[name] not in (inherited.get(name, PARAMETERS[name].default), shown.get(name)):
            raise RefusedError("InvalidParameter", not_valid_for(name, model, _MODE), param=name)
    return {**body, **inherited}
