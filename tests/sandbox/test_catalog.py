"""The models of each region, in the list and in creates."""

from tests.sandbox.clients import MODEL, Caller, error_of, image

MODELS = "/api/v3/models"
IN_CHINA = [
    "doubao-seedance-2-5-260628",
    "doubao-seedance-2-0-260128",
    "doubao-seedance-2-0-fast-260128",
    "doubao-seedance-2-0-mini-260615",
    "doubao-seedance-1-5-pro-251215",
    "doubao-seedance-1-0-pro-250528",
    "doubao-seedance-1-0-pro-fast-251015",
    "doubao-seedance-1-0-lite-t2v-250428",
    "doubao-seedance-1-0-lite-i2v-250428",
]
ABROAD = [
    "dreamina-seedance-2-5-260628",
    "dreamina-seedance-2-5-premium-260915",
    "dreamina-seedance-2-0-260128",
    "dreamina-seedance-2-0-fast-260128",
    "dreamina-seedance-2-0-mini-260615",
    "seedance-1-0-pro-250528",
    "seedance-1-0-pro-fast-251015",
]


async def test_the_list_contains_the_models_of_the_region(caller: Caller, abroad: Caller) -> None:
    for calling, expected in ((caller, IN_CHINA), (abroad, ABROAD)):
        headers = {"Authorization": f"Bearer {calling.account.api_key}"}
        answer = await calling.http.get(MODELS, headers=headers)
        assert (answer.status_code, answer.json()["object"]) == (200, "list")
        models = {each["id"]: each for each in answer.json()["data"]}
        assert list(models) == expected
        assert all(each["object"] == "model" and each["domain"] == "VideoGeneration" for each in models.values())
        newest = models[expected[0]]
        assert (newest["name"], newest["version"]) == tuple(expected[0].rsplit("-", 1))
        assert newest["modalities"]["input_modalities"] == ["text", "image", "video", "audio"]
        retiring = {name for name, each in models.items() if each.get("status") == "Retiring"}
        assert retiring == {name for name in expected if "1-5-pro" in name or "lite" in name}


async def test_the_list_needs_a_key(caller: Caller) -> None:
    assert error_of(await caller.http.get(MODELS))[:2] == (401, "AuthenticationError")


async def test_creates_accept_the_models_of_the_region_only(caller: Caller, abroad: Caller) -> None:
    """BytePlus no longer serves 1.5 pro and 1.0 lite, and has no web search."""
    gone = ("seedance-1-5-pro-251215", "seedance-1-0-lite-t2v-250428", "seedance-1-0-lite-i2v-250428")
    for name in gone:
        assert (await abroad.create(model=name)).status_code == 404
        pictures = [image()] if "i2v" in name else []
        assert (await caller.create(*pictures, model=f"doubao-{name}")).status_code == 200
    for name in ("dreamina-seedance-2-0-260128", "dreamina-seedance-2-5-260628", "seedance-1-0-pro-250528"):
        assert (await abroad.create(model=name)).status_code == 200
    for name in (MODEL, "doubao-seedance-1-0-pro-250528", "dreamina-seedance-1-0-pro-250528"):
        assert (await abroad.create(model=name)).status_code == 404
    refused = await abroad.create(model="dreamina-seedance-2-0-260128", tools=[{"type": "web_search"}])
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "tools")
