"""Authentication of the admin API."""

from tests.support.admin_app import Process
from tests.support.admin_routes import ADMIN_TOKEN


async def test_no_other_credential_and_spelling_is_accepted(process: Process) -> None:
    """On one route; ``tests/flows/test_authentication_everywhere.py`` tries each."""
    key = (await process.key())["key"]
    client = process.clients("203.0.113.7")
    wrong: list[dict[str, str]] = [
        {},
        {"Authorization": f"Bearer {key}"},
        {"X-Api-Key": ADMIN_TOKEN},
        {"Authorization": f"Basic {ADMIN_TOKEN}"},
        {"Authorization": f"Bearer {ADMIN_TOKEN}x"},
        {"Authorization": f"Bearer {ADMIN_TOKEN[:-1]}"},
        {"Authorization": ADMIN_TOKEN},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \xff"},
        {"Authorization": f"Bearer {ADMIN_TOKEN}\x85"},
        {"Authorization": f"Bearer \xa0{ADMIN_TOKEN}"},
        {"Authorization": f"\xa0Bearer {ADMIN_TOKEN}"},
    ]

    for headers in wrong:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        response = await client.post("/admin/v1/tenants", headers=raw, content=b"not json")
        assert response.status_code == 401, (headers, response.text)
        assert set(response.json()) == {"error"}
        assert response.json()["error"]["code"] == "AuthenticationError"


async def test_two_credentials_at_once_are_refused(process: Process) -> None:
    headers = [("Authorization", f"Bearer {ADMIN_TOKEN}"), ("Authorization", "Bearer other")]

    response = await process.clients("203.0.113.7").get("/admin/v1/tenants", headers=headers)

    assert response.status_code == 401


async def test_the_scheme_ignores_case(process: Process) -> None:
    response = await process.clients("203.0.113.7").get(
        "/admin/v1/tenants", headers={"Authorization": f"bearer {ADMIN_TOKEN}"}
    )

    assert response.status_code == 200


async def test_a_path_that_does_not_exist_is_a_404_in_our_shape(process: Process) -> None:
    response = await process.admin.get("/no-such-path")

    assert (response.status_code, response.json()["error"]["code"]) == (404, "NotFound")


async def test_another_method_is_a_405_in_our_shape(process: Process) -> None:
    response = await process.admin.put("/tenants", json={})

    assert (response.status_code, response.json()["error"]["code"]) == (405, "MethodNotAllowed")
