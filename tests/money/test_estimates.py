"""What a create will cost at most: by real bills, by the upstream's tables, and against what the sandbox bills."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_index import ModelIndex
from app.catalog.model_spec import ModelSpec
from app.create_parameters import PARAMETERS
from app.errors import SeedgateError
from app.money.estimates.cost import CostEstimate, estimate_cost
from app.money.estimates.tokens import DraftFacts, TokenEstimate, draft_facts, estimate_tokens
from app.money.prices.default_prices import DEFAULT_PRICES
from app.money.prices.index import ListedPrice, PriceIndex, Unpriced
from app.money.prices.price import Price
from app.sandbox.config import DEFAULT_ACCOUNT, SandboxConfig
from app.sandbox.errors import RefusedError
from app.sandbox.store import Sandbox
from app.sandbox.tasks import SUCCEEDED, Task, to_wire
from app.tasks.validation.create import CheckedCreate, check_create, to_upstream_body

MODELS = ModelIndex(DEFAULT_MODELS)
V25, V20, FAST, MINI = "seedance-2-5", "seedance-2-0", "seedance-2-0-fast", "seedance-2-0-mini"
V15, V10, V10_FAST = "seedance-1-5-pro", "seedance-1-0-pro", "seedance-1-0-pro-fast"
NOTHING: dict[str, Any] = {}
FIRST_FRAME = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}, "role": "first_frame"}
REFERENCE = {"type": "image_url", "image_url": {"url": "https://example.com/b.png"}, "role": "reference_image"}
VIDEO = {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}, "role": "reference_video"}
AT = datetime(2026, 11, 30, tzinfo=UTC)


def checked(model: str, *, prompt: str = "a kitten", items: tuple[Any, ...] = (), **fields: Any) -> CheckedCreate:
    content = [{"type": "text", "text": prompt}, *items]
    return check_create({"model": model, "content": content, **fields}, MODELS.find)


def estimate(create: CheckedCreate, draft: DraftFacts | None = None) -> TokenEstimate:
    return estimate_tokens(create.fields, create.model, create.model.upstream_id, draft)


SD: dict[str, Any] = {"resolution": "720p", "ratio": "16:9"}


# The first rows are bills of real tasks (reference upstream.md §6), the others follow from the table of sizes in §1.4.
@pytest.mark.parametrize(
    ("model", "fields", "tokens", "is_exact"),
    [
        (V20, SD | {"duration": 5}, 108_900, True),
        (FAST, SD | {"duration": 4}, 87_300, True),
        (V20, SD | {"duration": 8}, 173_700, True),
        (V20, SD | {"resolution": "1080p", "duration": 5}, 245_025, True),
        (V10, SD | {"resolution": "1080p", "duration": 5}, 246_840, True),
        (V20, SD | {"resolution": "480p", "duration": 5}, 50_638, True),
        (V25, SD | {"resolution": "480p", "duration": 5}, 48_437, True),
        (V20, SD | {"resolution": "4k", "duration": 15}, 2_924_100, True),
        (V20, SD | {"ratio": "1:1", "duration": 5}, 108_900, True),
        (V20, SD | {"ratio": "21:9", "duration": 5}, 109_431, True),
        # What the request leaves to the model: the length, the ratio, both by default.
        (V20, SD, 108_900, True),
        (V20, SD | {"duration": -1}, 324_900, False),
        (V25, SD, 648_900, False),
        (V20, {"duration": 5}, 109_586, False),
        (V20, {"duration": 5, "ratio": "adaptive"}, 109_586, False),
        (V20, NOTHING, 109_586, False),
        (V15, SD | {"duration": -1}, 260_100, False),
        (V10, NOTHING, 246_840, True),
        (V10, {"items": (FIRST_FRAME,)}, 246_840, False),
        # Reference videos, at 15 and at 30 seconds together and 0.2 above.
        (V20, SD | {"duration": 5, "items": (VIDEO,)}, 436_500, False),
        (V25, SD | {"duration": 30, "items": (VIDEO,)}, 1_301_400, False),
        (V20, SD | {"duration": 5, "items": (REFERENCE,)}, 108_900, True),
        # Frames: 25+4n, from 29 to 289, where the model has the parameter; else the duration may decide.
        (V10, SD | {"frames": 57}, 48_906, False),
        (V10, SD | {"frames": 58}, 52_338, False),
        (V10, SD | {"frames": 1}, 24_882, False),
        (V10, SD | {"frames": 10**9}, 247_962, False),
        (V10, SD | {"frames": 29, "duration": 12}, 24_882, False),
        (V20, SD | {"frames": 29, "duration": 5}, 108_900, False),
        # Drafts: 1.5 has a factor, 2.5 costs its pixels; only 480p.
        (V15, {"draft": True, "ratio": "16:9", "duration": 5}, 30_383, True),
        (V15, {"draft": True, "ratio": "16:9", "duration": 5, "generate_audio": False}, 35_446, True),
        (V25, {"draft": True, "ratio": "16:9", "duration": 5}, 48_437, True),
        # Parameters in the prompt count where the body has none.
        (V20, {"prompt": "a kitten --resolution 1080p --ratio 16:9 --duration 8"}, 390_825, True),
        (V20, {"prompt": "a kitten --rs 480p --rt 1:1 --dur 4"}, 38_800, True),
        (V20, SD | {"duration": 5, "prompt": "a --rs 4k --rt 1:1 --dur 15 kitten"}, 108_900, True),
        (V20, SD | {"prompt": "a kitten --dur -1"}, 324_900, False),
        (V20, SD | {"prompt": "a kitten --dur 99"}, 324_900, False),
        (V20, SD | {"prompt": "a kitten --dur 5 --dur 8"}, 173_700, False),
        (V20, SD | {"duration": 5, "prompt": "a kitten --frames 289"}, 260_100, False),
        (V10, SD | {"prompt": "a kitten --frames 57"}, 103_818, False),
        (V20, {"ratio": "16:9", "duration": 5, "prompt": "a --rs 480p --rs 4k"}, 980_100, False),
        (V20, {"duration": 5, "prompt": "a --rs 720p --rt wide"}, 109_586, False),
        (V20, SD | {"duration": 5, "prompt": "a -- b --duration"}, 108_900, True),
        # Names in another case may be read, too: then the most of their value and of the default.
        (V20, {"ratio": "16:9", "prompt": "a kitten --RESOLUTION 1080p --DUR 15"}, 731_025, False),
        (V20, {"ratio": "16:9", "prompt": "a kitten --Rs 480p --Dur 4"}, 108_900, False),
        (V20, {"ratio": "16:9", "prompt": "a kitten --rs 480p --RS 1080p --dur 4 --DUR 15"}, 731_025, False),
        (V20, {"resolution": "720p", "duration": 5, "prompt": "a kitten --RT 16:9"}, 109_586, False),
        (V20, SD | {"duration": 5, "prompt": "a kitten --FRAMES 289"}, 260_100, False),
        # All texts are one prompt.
        (V20, SD | {"prompt": "a kitten --dur", "items": ({"type": "text", "text": "15"},)}, 324_900, True),
        (V20, {"resolution": "720p", "prompt": "--" + "a" * 20_000}, 326_947, False),
        (FAST, {"prompt": "--" + "a" * 20_000}, 326_947, False),
    ],
)
def test_the_tokens_of_a_create(model: str, fields: dict[str, Any], tokens: int, *, is_exact: bool) -> None:
    found = estimate(checked(model, **fields))
    assert (found.tokens_max, found.is_exact) == (tokens, is_exact)


DRAFT = [{"type": "draft_task", "draft_task": {"id": "cgt-1"}}]
KNOWN = DraftFacts(ratio="16:9", duration=5, has_audio=True, has_video_input=False)


@pytest.mark.parametrize(
    ("model", "fields", "draft", "tokens", "is_exact"),
    [
        (V25, NOTHING, KNOWN, 245_025, True),
        (V15, NOTHING, KNOWN, 108_900, True),
        (V15, {"resolution": "480p"}, KNOWN, 50_638, True),
        (V25, NOTHING, DraftFacts(ratio="16:9", duration=5, has_video_input=True), 1_713_150, False),
        # Of whose draft nothing is known: 30 s, any ratio, with a reference video or without.
        (V25, NOTHING, DraftFacts(), 2_946_897, False),
        (V15, NOTHING, DraftFacts(has_audio=True), 261_739, False),
    ],
)
def test_the_final_video_of_a_draft_inherits(
    model: str, fields: dict[str, Any], draft: DraftFacts, tokens: int, *, is_exact: bool
) -> None:
    found = estimate(check_create({"model": model, "content": DRAFT, **fields}, MODELS.find), draft)
    assert (found.tokens_max, found.is_exact) == (tokens, is_exact)


def test_the_first_source_that_says_something_of_a_draft_counts() -> None:
    shown = {"ratio": "adaptive", "duration": 8, "generate_audio": "?"}
    asked = {"ratio": "1:1", "duration": -1, "generate_audio": False}
    expected = DraftFacts(ratio="1:1", duration=8, has_audio=False, has_video_input=None)
    assert draft_facts(shown, asked, has_video_input=None) == expected
    assert draft_facts(has_video_input=True) == DraftFacts(has_video_input=True)


def test_a_model_of_no_known_family_is_taken_at_its_most() -> None:
    house = ModelSpec(name="house", upstream_id="ep-1", resolutions=("480p", "1080p"), duration_max=10)
    fields = {"content": [{"type": "text", "text": "a kitten"}]}
    # 1920×1088 is the largest frame of 1080p of any family.
    most = estimate_tokens(fields, house, "ep-1", None)
    assert (most.tokens_max, most.is_exact) == (1920 * 1088 * 241 // 1024, False)
    assert {video.resolution for video in most.possible} == {"480p", "1080p"}
    known = estimate_tokens(fields | SD | {"duration": 5}, house, V20, None)
    assert (known.tokens_max, known.is_exact) == (108_900, True)


def index(*prices: Price) -> PriceIndex:
    return PriceIndex(ListedPrice(number, price, price.valid_from) for number, price in enumerate(prices))


@pytest.mark.parametrize(
    ("create", "draft", "micros"),
    [
        # The documents' example: about 5.0 yuan for 5 s of 720p.
        (checked(V20, **SD, duration=5), None, 5_009_400),
        (checked(V20, ratio="16:9", resolution="4k", duration=5), None, 25_482_600),
        (checked(V20, **SD, duration=5, items=(VIDEO,)), None, 12_222_000),
        (checked(V15, **SD, duration=5, generate_audio=False), None, 871_200),
        # A frame of 4k has four times the pixels of 1080p, at half the price.
        (checked(V20, prompt="a --rs 1080p --rs 4k", ratio="16:9", duration=5), None, 25_482_600),
        # With a video, at 46 a million, it costs more than without one at 77.
        (
            check_create({"model": V25, "content": DRAFT}, MODELS.find),
            DraftFacts(ratio="16:9", duration=5, has_audio=True),
            78_804_900,
        ),
    ],
)
def test_the_cost_is_that_of_the_dearest_video_that_it_may_become(
    create: CheckedCreate, draft: DraftFacts | None, micros: int
) -> None:
    cost = estimate_cost(estimate(create, draft), create.model.upstream_id, "CNY", index(*DEFAULT_PRICES), AT)
    assert isinstance(cost, CostEstimate)
    assert cost.cost_micros == micros


def test_a_create_one_of_whose_videos_has_no_price_is_unpriced() -> None:
    prices = index(*(price for price in DEFAULT_PRICES if price.resolution != "4k"))
    create = checked(V20, prompt="a --rs 1080p --rs 4k", ratio="16:9", duration=5)
    cost = estimate_cost(estimate(create), create.model.upstream_id, "CNY", prices, AT)
    assert isinstance(cost, Unpriced)
    assert cost.billable.resolution == "4k"


@cache
def sandbox(region: str) -> Sandbox:
    return Sandbox(SandboxConfig(region=region, limits=None, clock=lambda: AT, public_url="http://127.0.0.1:1"))


def billed(region: str, body: dict[str, Any]) -> Task | None:
    """Returns the succeeded task that the sandbox makes of a body; None when it refuses it."""
    store = sandbox(region).store
    try:
        task = store.tasks.create(DEFAULT_ACCOUNT, body, None)
    except RefusedError:
        return None
    store.lifecycle.force(task, SUCCEEDED, code=None, message=None)
    return task


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


RESOLUTIONS = st.sampled_from(("480p", "720p", "1080p", "4k"))
RATIOS = st.sampled_from(PARAMETERS["ratio"].words)
SECONDS = st.integers(-1, 31)
SUFFIXES = st.lists(
    st.one_of(
        st.builds("--{} {}".format, st.sampled_from(("rs", "resolution")), RESOLUTIONS | st.just("big")),
        st.builds("--{} {}".format, st.sampled_from(("rt", "ratio")), RATIOS | st.just("wide")),
        st.builds("--{} {}".format, st.sampled_from(("dur", "duration")), SECONDS | st.just("long")),
        st.builds("--frames {}".format, st.integers(20, 300)),
        st.sampled_from(("--seed 5", "--fps 24", "--", "a kitten")),
    ),
    max_size=2,
).map(" ".join)
IMAGES = st.builds(
    "https://example.com/a.png?width={}&height={}".format, st.integers(300, 6000), st.integers(300, 6000)
)
VIDEOS = st.builds("https://example.com/a.mp4?seconds={}".format, st.sampled_from(("2", "4.5", "7", "15", "30")))


def image(role: str) -> st.SearchStrategy[dict[str, Any]]:
    return IMAGES.map(lambda url: {"type": "image_url", "image_url": {"url": url}, "role": role})


MEDIA = st.one_of(
    st.just(()),
    st.tuples(image("first_frame")),
    st.tuples(image("reference_image")),
    st.lists(
        VIDEOS.map(lambda url: {"type": "video_url", "video_url": {"url": url}, "role": "reference_video"}),
        min_size=1,
        max_size=2,
    ).map(tuple),
)


def fields_of(model: ModelSpec) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies without prompt and media, mostly such as the upstream takes."""
    name = model.upstream_id
    is_first = "-1-0-" in name
    lengths = [-1, *range(model.duration_min, model.duration_max + 1)]
    return st.fixed_dictionaries(
        {
            "resolution": maybe(st.sampled_from(model.resolutions)),
            "ratio": maybe(st.sampled_from(model.ratios)),
            "duration": maybe(st.sampled_from(lengths if model.is_auto_duration_allowed else lengths[1:])),
            "generate_audio": maybe(st.booleans()) if model.takes_generate_audio else st.none(),
            "draft": st.sampled_from((None, None, True) if "2-5" in name or "1-5" in name else (None,)),
            "frames": st.sampled_from((None, 29, 57, 289) if is_first else (None,)),
            "service_tier": st.sampled_from((None, None, "default", "flex") if is_first else (None,)),
            "omni_reference_task_type": st.sampled_from(
                (None, None, "extend", "edit") if "2-5" in model.name else (None,)
            ),
        }
    )


MODELS_AND_FIELDS = st.sampled_from(DEFAULT_MODELS).flatmap(
    lambda model: st.tuples(st.just(model.name), fields_of(model))
)


@settings(max_examples=160, deadline=None)
@given(
    named=MODELS_AND_FIELDS,
    region=st.sampled_from(("cn-beijing", "ap-southeast-1")),
    prompt=st.builds("a kitten {}".format, SUFFIXES),
    media=MEDIA,
    final=st.fixed_dictionaries({"resolution": maybe(RESOLUTIONS)}),
)
def test_the_sandbox_never_bills_more_and_just_that_where_all_is_fixed(
    *,
    named: tuple[str, dict[str, Any]],
    region: str,
    prompt: str,
    media: tuple[dict[str, Any], ...],
    final: dict[str, Any],
) -> None:
    name, fields = named
    has_video = any(item["type"] == "video_url" for item in media)
    create, task = both(region, {"model": name, "content": [{"type": "text", "text": prompt}, *media], **fields})
    if create is None or task is None:
        return
    upstream_model = create.model.regions[region] or ""
    found = estimate_tokens(create.fields, create.model, upstream_model)
    compare(found, task, has_video=has_video)
    given = create.fields
    if given.get("ratio") not in (None, "adaptive") and given.get("duration") not in (None, -1):
        is_open = has_video or "frames" in given or "--" in prompt
        assert found.is_exact or is_open
    if not given.get("draft"):
        return
    body = {"model": name, "content": [{"type": "draft_task", "draft_task": {"id": task.id}}], **final}
    create, finished = both(region, body)
    if create is None or finished is None:
        return
    for facts in (
        draft_facts(to_wire(task), given, has_video_input=has_video),
        draft_facts(given, has_video_input=None),
        DraftFacts(),
    ):
        compare(estimate_tokens(create.fields, create.model, upstream_model, facts), finished, has_video=has_video)


def both(region: str, body: dict[str, Any]) -> tuple[CheckedCreate | None, Task | None]:
    """Returns the request that the gateway has checked, and what the sandbox makes of it; None for a refusal."""
    try:
        create = check_create(body, MODELS.find)
    except SeedgateError:
        return None, None
    upstream_model = create.model.regions.get(region)
    return create, None if upstream_model is None else billed(region, to_upstream_body(create, upstream_model))


def compare(found: TokenEstimate, task: Task, *, has_video: bool) -> None:
    """Compares an estimate with a bill: for the kind of video that was made, and where nothing is open."""
    parameters = task.plan.parameters
    wanted = (parameters.resolution, has_video, bool(parameters.generate_audio))
    kinds = {(each.resolution, each.has_video_input, each.has_audio): each.tokens_max for each in found.possible}
    assert task.billed_tokens <= kinds[wanted]
    assert found.service_tier == parameters.service_tier
    if found.is_exact:
        assert task.billed_tokens == found.tokens_max
    event("exact" if found.is_exact else "upper bound")


def test_a_price_of_the_past_is_found_for_the_time_of_the_create() -> None:
    (usual,) = (
        price
        for price in DEFAULT_PRICES
        if (price.upstream_model, price.resolution, price.has_video_input)
        == ("doubao-seedance-2-0-260128", "720p", False)
    )
    later = Price.from_json(usual.to_json() | {"micros_per_million_tokens": 1}, AT)
    prices = PriceIndex([ListedPrice(1, usual, usual.valid_from, replaced_at=AT), ListedPrice(2, later, AT)])
    create = checked(V20, **SD, duration=5)
    costs = [
        estimate_cost(estimate(create), create.model.upstream_id, "CNY", prices, at)
        for at in (AT - timedelta(seconds=1), AT)
    ]
    assert [cost.cost_micros for cost in costs if isinstance(cost, CostEstimate)] == [5_009_400, 1]
