"""The admin API in ``/openapi.json``."""

from tests.http.operations import document

BARE_POSTS = ("/check", "/refresh", "/cancel", "}/resend", "/rebuild", "/webhook-secret", "/signing-key")
"""How the paths end whose POST takes no body."""


def test_every_route_names_its_parameters_its_body_and_its_errors() -> None:
    operations = [
        (path, method, operation)
        for path, methods in document()["paths"].items()
        if path.startswith("/admin/")
        for method, operation in methods.items()
    ]
    assert len({operation["operationId"] for _, _, operation in operations}) == len(operations)
    for path, method, operation in operations:
        named = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"}
        assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}, path
        is_bare = path.endswith(BARE_POSTS)
        assert ("requestBody" in operation) is (method in {"patch", "put"} or (method == "post" and not is_bare)), path
        assert {"401", "503"} <= set(operation["responses"])
        assert "422" not in operation["responses"]
        assert operation["security"] == [{"AdminToken": []}]
        assert "$defs" not in str(operation)
