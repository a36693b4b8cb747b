"""Lists of allowed models: an entry that is not a model is refused, unless it is stored already."""

from sqlalchemy import delete

from app.audit.log import Actor
from app.catalog.model_spec import ModelSpec
from app.catalog.models import ModelRow
from app.catalog.service import ModelCatalog
from tests.support.admin_app import Process


async def test_a_list_names_models_or_aliases_that_there_are(process: Process) -> None:
    catalog = ModelCatalog(process.sessions)
    models = [
        ModelSpec(name="doubao-seedance-2", upstream_id="ep-1", aliases=("seedance-2.0",)),
        ModelSpec(name="other", upstream_id="ep-2"),
    ]
    await catalog.replace(Actor(name="test", address=None), models)
    tenant = await process.tenant(allowed_models=["other", "seedance-2.0"])
    key = await process.key(tenant["id"], allowed_models=["doubao-seedance-2"])
    one, other = f"/tenants/{tenant['id']}", f"/keys/{key['id']}"

    wrong = {"name": "x", "allowed_models": ["other", "doubao-seedence-2"]}
    for method, path in (("POST", "/tenants"), ("PATCH", one), ("POST", f"{one}/keys"), ("PATCH", other)):
        answer = await process.admin.request(method, path, json=wrong)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "InvalidParameter.allowed_models"), path
        assert error["param"] == "allowed_models[1]"
        assert "there is no such model. The nearest are: doubao-seedance-2, other." in error["message"]
    assert [len((await process.admin.get(path)).json()["data"]) for path in ("/tenants", "/keys")] == [1, 1]

    # A stored list can be sent back, or shortened, after one of its models was removed.
    async with process.sessions.begin() as session:
        await session.execute(delete(ModelRow).where(ModelRow.name == "doubao-seedance-2"))
    for path, held in ((one, ["other", "seedance-2.0"]), (other, ["doubao-seedance-2"])):
        answer = await process.admin.patch(path, json={"name": "new", "allowed_models": held})
        assert (answer.status_code, answer.json()["allowed_models"]) == (200, held)
        answer = await process.admin.patch(path, json={"allowed_models": [held[-1], "other"]})
        assert answer.status_code == 200
    answer = await process.admin.patch(other, json={"allowed_models": ["seedance-2.0"]})
    assert answer.status_code == 400, "the tenant's entries are not the key's"
    missing = await process.admin.patch("/keys/none", json={"allowed_models": ["nosuch"]})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "NotFound.key_id")
