"""The final video of a draft: validation of its request, and the parameters that it inherits.

Source: reference ``upstream.md`` §1.3 and §11.1; guesses are listed in ``docs/sandbox.md``.
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
        "omni_reference_task_type",  # together with the references in ``content``
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
_IGNORED = frozenset(names_of_kind(Kind.ANY))
# The draft determines all other parameters, by its value or by the absence of one.
_DETERMINED = PARAMETERS.keys() - _SETTABLE - _IGNORED - {"model", "content"}
_MODE = "draft"


def check_model(model: VideoModel, model_of_draft: VideoModel) -> None:
    """Checks that a model renders final videos and rendered the draft.

    Raises:
        RefusedError: 400.
    """
    if not model.takes_drafts:
        raise RefusedError("InvalidParameter", not_valid_for("draft_task", model, _MODE), param="content")
    if model.id != model_of_draft.id:
        raise invalid("model", f"the draft task was made by model {model_of_draft.name}.")


def final_body(body: dict[str, Any], content: Content, draft: dict[str, Any], plan: TaskPlan) -> dict[str, Any]:
    """Returns the complete request of a final video: its own parameters and those of the draft.

    Args:
        body: the request, without null members.
        content: its content.
        draft: the request of the draft.
        plan: the plan of the draft, with the defaults that the upstream chose.

    Raises:
        RefusedError: 400, the request has a parameter that does not apply to a final video, or a value that differs
            from the draft's.
    """
    model, chosen = plan.model, plan.parameters
    if content.media or (content.has_text and model.generation == "2.5"):
        raise invalid("content", "draft_task content cannot be mixed with other content.")
    inherited = {name: draft[name] for name in _INHERITED & draft.keys()} | {"seed": chosen.seed}
    shown = {"duration": chosen.duration, "ratio": plan.ratio, "generate_audio": chosen.generate_audio}
    for name in sorted(_DETERMINED & body.keys()):
        if body[name] not in (inherited.get(name, PARAMETERS[name].default), shown.get(name)):
            raise RefusedError("InvalidParameter", not_valid_for(name, model, _MODE), param=name)
    return {**body, **inherited}
